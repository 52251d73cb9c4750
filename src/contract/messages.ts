import type { Expected, Outcome } from './evidence.ts';
import type { PhaseName } from './phase.ts';
import type { Report, StepRecord } from './report.ts';
import { quoteWord } from './shell.ts';
import type { VantageId } from './vantage.ts';
import type { Verdict } from './verdict.ts';

/** Names that users type: workflow type, task queue, signals, update, queries. */
export const workflowType = 'verifyHostEndpoints';
export const sweepWorkflowType = 'sweepLeftovers';
export const taskQueue = 'hepflow';

/** Opens the workshop's gate. A scenario may wait for any other signal too. */
export const labelNode2Signal = 'labelNode2';
export const labelNode2Update = 'labelNode2AndVerify';
export const finishSignal = 'finish';
export const progressQuery = 'progress';
export const reportQuery = 'report';

/** Name of the record of a wait at a phase's gate. */
export const gateStep = 'awaitSignal';

/** What the Web UI shows beside each message. */
export const descriptions = {
  [labelNode2Signal]:
    'Go on with the second node: label it, and prove that it goes silent too. Sent twice, it does nothing more.',
  [labelNode2Update]: 'The same as the signal labelNode2, and answers with the verdicts, or says why it is refused.',
  [finishSignal]:
    'Skip the wait: end without the second node when waiting for it, or start the cleanup when waiting for that.',
  [progressQuery]: 'The step table: what is done, what runs, and what is waited for.',
  [reportQuery]: 'The report as it stands, from the first second to after the end.',
} as const;

/** Answer of the query `progress`. */
export interface Progress {
  readonly runId: string;
  /** Where the run is: `preflight`, `provisioning`, a phase's name, `waiting`, `undoing`, `over`. */
  readonly stage: Stage;
  /** What the run waits for right now, one line. */
  readonly waitingFor: string;
  readonly steps: readonly StepRecord[];
  /** What is expected of every port in the phase under way or last judged, and what was seen. */
  readonly grid?: readonly GridCell[];
}

/** Stages that every run has; between them it is at one of its phases, by name. */
export const stages = ['preflight', 'provisioning', 'waiting', 'undoing', 'over'] as const;
export type Stage = (typeof stages)[number] | PhaseName;

/** A port of the expected/observed grid. */
export interface GridCell {
  readonly phase: PhaseName;
  readonly vantage: VantageId;
  /** Target id. */
  readonly target: string;
  readonly expected: Expected;
  /** Null while it is being probed. */
  readonly observed: Verdict['observed'] | null;
  readonly verdict: Verdict['verdict'] | null;
}

/**
 * Heartbeat details of the step `probe` under way: how far its proof is. Read from the pending activity; never in
 * history.
 */
export interface LiveProof {
  readonly phase: PhaseName;
  readonly stage: (typeof proofStages)[number];
  /** By target id: what its dials showed so far; `syns` silent so far of `synsWanted`. */
  readonly targets: Readonly<
    Record<string, { readonly seen: readonly Outcome[]; readonly syns: number; readonly synsWanted: number }>
  >;
}

export const proofStages = ['convergence', 'proof', 'soak'] as const;

/** Answer of the update. */
export type SecondNodeAnswer = readonly Verdict[];

/** Search attributes, all Keyword. Set only where the namespace knows them. */
export const searchAttributes = {
  cluster: 'HepflowCluster',
  phase: 'HepflowPhase',
  outcome: 'HepflowOutcome',
} as const;

/** Of these, the ones that a namespace does not know. */
export const listMissingAttributes = (known: object | null | undefined): string[] =>
  Object.values(searchAttributes).filter((name) => !Object.hasOwn(known ?? {}, name));

/** What that means, and the command that makes them. */
export const explainMissingAttributes = (missing: readonly string[], namespace: string): string =>
  `Namespace ${namespace} does not know the search attributes ${missing.join(', ')}: runs go on without them. To add ` +
  `them: temporal operator search-attribute create --namespace ${quoteWord(namespace)} --type Keyword ` +
  missing.map((name) => `--name ${name}`).join(' ');

/** Memo of a closed run: enough to read in a list without its worker. */
export interface RunMemo {
  readonly runId: string;
  readonly outcome: Report['outcome'];
  readonly summary: string;
  readonly leftovers: number;
  /** Seal of the last evidence: whoever holds a report can compare it (docs/evidence.md). Absent without evidence. */
  readonly evidenceHead?: string;
  /** Seal of the whole report. Absent in runs of versions that sealed evidence only. */
  readonly reportSeal?: string;
}
