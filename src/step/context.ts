import type { Azure } from '../adapters/azure/index.ts';
import type { Clusters } from '../adapters/kubernetes/index.ts';
import type { Ssh } from '../adapters/ssh/index.ts';
import type { KeyOwner, RunKeys } from '../adapters/ssh/keys.ts';
import type { Temporal } from '../adapters/temporal/index.ts';
import type { Allow } from '../contract/allow.ts';
import type { UndoResult } from '../contract/change.ts';
import type { Mission } from '../contract/mission.ts';
import type { RunIdentity, RunRef } from '../contract/run.ts';
import type { Scenario } from '../contract/scenario.ts';
import type { ReportSigner } from '../contract/signing.ts';
import type { Sweep } from '../contract/sweep.ts';
import type { Signer } from '../ownership/signature.ts';

/** What every step is given beside its input. */
export interface StepContext<Run extends RunIdentity = RunRef> {
  readonly run: Run;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Aborted when the run cancels the step or the worker shuts down; a waiting step stops at once. */
  readonly signal: AbortSignal;
  /** Records that the step lives, and what another process needs to go on with it: never a secret (W7). */
  heartbeat(state?: unknown): void;
  /** What the last try, perhaps in another process, recorded last; undefined on the first. */
  readonly resume: unknown;
  /** Pause between two looks at something that is awaited. */
  readonly pollIntervalMs: number;
}

/** The technologies that steps use; joined only in worker.ts. */
export interface Tools {
  readonly azure: Azure;
  readonly clusters: Clusters;
  readonly ssh: Ssh;
  /** The Temporal namespace that this worker serves. */
  readonly temporal: Temporal;
  /** The SSH keys of a run, derived from the worker's secret. */
  keysOf(run: KeyOwner): RunKeys;
  /** Signs marks, with a key that is derived from the same secret (W14). */
  readonly signer: Signer;
  /** Fills in the defaults; throws HepflowError InvalidInput with every problem. */
  resolveMission(spec: unknown): Mission;
  /** The scenario that a mission asks for. */
  createScenario(mission: Mission): Scenario;
  /** As for a mission, of a sweep. */
  resolveSweep(spec: unknown): Sweep;
  /** What steps may touch; absent: everything that the worker's identity reaches. */
  readonly allow?: Allow;
  /** Signs reports; absent: they are not signed. */
  readonly reportSigner?: ReportSigner;
  /** Whether the namespace knows hepflow's search attributes. */
  readonly searchAttributes: boolean;
}

/**
 * One step: thin, idempotent (W9), throwing adapter errors or HepflowError, which the registry maps. A registry holds
 * steps of
 * many inputs under one type, so the type is that of a method, whose parameter TypeScript lets be narrower.
 */
export type StepActivity<Input, Output> = {
  take(input: Input, tools: Tools, context: StepContext): Promise<Output>;
}['take'];

/** What an undo found. */
export interface Undone {
  readonly outcome: Exclude<UndoResult, 'failed'>;
  readonly detail: string;
  /** `nothing`, because the thing itself was not there. */
  readonly isAbsent?: true;
}
