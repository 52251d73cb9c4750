/**
 * What crosses between workflows and activities. Changes are activities too, each by the step name that its plan gives.
 */
import type { Applied, UndoEntry, UndoOutcome } from './change.ts';
import type { Evidence, Expected, Target } from './evidence.ts';
import type { Mission, ProbeSettings } from './mission.ts';
import type { PhaseName } from './phase.ts';
import type { Plan } from './plan.ts';
import type { Report } from './report.ts';
import type { RunIdentity, RunRef } from './run.ts';
import type { SignedEnvelope } from './signing.ts';
import type { Site } from './site.ts';
import type { SessionRef, Vantage } from './vantage.ts';

/** What every activity receives: the run beside the input. */
export interface Call<Input, Run extends RunIdentity = RunRef> {
  readonly run: Run;
  readonly input: Input;
}

/** What every activity gives: the number of attempts beside the output. An output never holds a secret (W7). */
export interface Result<Output> {
  readonly output: Output;
  readonly attempts: number;
}

/** The activities that change nothing; they are the only ones that workflows know by name. */
export interface Activities {
  /**
   * Validates the input and reads cluster and subscription. Fails with InvalidInput or PreflightFailed, each with every
   * problem.
   */
  preflight(call: Call<PreflightInput, RunIdentity>): Promise<Result<Preflight>>;
  /**
   * Dials every target over one session: first until the expectation shows or its time is over, then the proof window.
   */
  probe(call: Call<ProbeInput>): Promise<Result<Evidence>>;
  /** Tries every entry in the given order, whatever becomes of the others (W5). */
  undo(call: Call<UndoInput>): Promise<Result<readonly UndoOutcome[]>>;
}

/** Local activities. */
export interface SigningActivities {
  /** Signs a sealed report. What keeps it from signing is an answer, not a failure. */
  signReport(report: Report): Promise<Signing>;
}

export type Signing = { readonly envelope: SignedEnvelope } | { readonly problem: string };

/** Every planned change as it is called. It may run twice (W9). */
export type ApplyChange = (call: Call<ChangeInput>) => Promise<Result<Applied>>;

export interface PreflightInput {
  /** As the user wrote it. */
  readonly spec: unknown;
  /** `<Temporal namespace>/<workflow id>/<first run id>`. */
  readonly holder: string;
}

export interface Preflight {
  readonly mission: Mission;
  readonly site: Site;
  readonly plan: Plan;
  /** Key id of the worker's signer; absent: reports are not signed. */
  readonly signer?: string;
}

export interface ChangeInput {
  /** The planned input, filled in. */
  readonly change: object;
  /** Observers that are started, and have seen their targets, before the change is made. */
  readonly observers: readonly ObserverInput[];
}

/** What undoing needs of an entry; the rest is for the report, and would make the history longer. */
export type UndoRequest = Pick<UndoEntry, 'undo' | 'input' | 'subject'>;

export interface UndoInput {
  readonly entries: readonly UndoRequest[];
  /** Started before the first entry is tried, if they can be. */
  readonly observers: readonly ObserverInput[];
}

export interface ObserverInput {
  /** Names the observer on the vantage: the phase that the change leads to. */
  readonly phase: PhaseName;
  readonly session: SessionRef;
  readonly targets: readonly Target[];
}

export interface ProbeInput {
  readonly phase: PhaseName;
  readonly vantage: Vantage;
  readonly targets: readonly Target[];
  /** What each target (by id) is expected to show: convergence is waited for, the judge decides. */
  readonly expected: Readonly<Record<string, Expected>>;
  readonly settings: ProbeSettings;
  /** Whether an observer was started for this phase: it is read back after the proof window. */
  readonly observed?: boolean;
  /** Whom else to ask about the window. */
  readonly witnesses?: WitnessInput;
  /** Seal of the evidence before this one, or the run id. */
  readonly previousSeal?: string;
}

export interface WitnessInput {
  /** Kind of the vantage, and what its witnesses need. */
  readonly kind: string;
  readonly ask: object;
  /** Object names of the run's policies that are in force: the nodes' counters are asked for them. */
  readonly policies: readonly string[];
}
