import type { Connection, Evidence, Phase, Target } from './evidence.ts';
import type { FailureSummary } from './failures.ts';
import type { Mission } from './mission.ts';
import type { Interval } from './observation.ts';
import type { StepName, UndoName } from './steps.ts';
import type { Verdict } from './verdict.ts';

/** Version of the report's shape. A field may be added within a version; a change of meaning or a removal raises it. */
export const reportSchemaVersion = 1;

/** The connections that a verdict rests on, out of the evidence of its phase. */
export const proofOf = (
  { evidence }: Pick<Report, 'evidence'>,
  { phase, target }: Pick<Verdict, 'phase' | 'target'>,
): readonly Connection[] =>
  evidence
    .filter((each) => each.phase === phase)
    .flatMap(({ connections }) => connections.filter((one) => one.target === target.id && one.stage === 'proof'));

/** RUNNING until the end; ERROR: the run could not be carried out; CANCELLED: somebody stopped it. */
export type RunOutcome = 'RUNNING' | 'PASS' | 'FAIL' | 'INCONCLUSIVE' | 'ERROR' | 'CANCELLED';

/** What a run proved, changed and restored. Exists from the first second (W8); documented in docs/report.md. */
export interface Report {
  readonly schemaVersion: typeof reportSchemaVersion;
  readonly runId: string;
  readonly workflowId: string;
  readonly outcome: RunOutcome;
  /** One sentence: the outcome in words. */
  readonly summary: string;
  /** The first failure, never hidden by a later one (W5). */
  readonly failure: FailureSummary | null;
  readonly steps: readonly StepRecord[];
  readonly verdicts: readonly Verdict[];
  /** How long each change took to show, one for each port that changed in a phase. */
  readonly transitions: readonly Transition[];
  /** What the verdicts do not say by themselves: witnesses, held connections, backends behind a deny. */
  readonly findings: readonly Finding[];
  readonly leftovers: readonly Leftover[];
  readonly cluster: ClusterSummary | null;
  readonly calico: CalicoSummary | null;
  /** Findings that did not stop the run. */
  readonly warnings: readonly string[];
  readonly timings: Timings;
  /** Everything that was seen, in order, hash-chained by its seals. */
  readonly evidence: readonly Evidence[];
  /** The resolved mission; null while it has not been validated. */
  readonly mission: Mission | null;
}

export type StepOutcome = 'pending' | 'running' | 'waiting' | 'done' | 'failed' | 'cancelled' | 'skipped';

export interface StepRecord {
  /** A step or an undo, or one of the two waits. */
  readonly name: StepName | UndoName | 'awaitSecondNode' | 'awaitFinish';
  /** What tells two uses of one step apart, such as a node's name or a phase; empty otherwise. */
  readonly subject: string;
  readonly outcome: StepOutcome;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly attempts: number;
  /** What is waited for, what was found, or why it failed: one line. */
  readonly detail: string;
}

/** One port's change from open to silent, or back, on one time line: the worker's clock. */
export interface Transition {
  readonly phase: Phase;
  readonly target: Target;
  readonly to: 'DROP' | 'OPEN';
  /** In order of time. */
  readonly marks: readonly Mark[];
  /** From the change's being asked for to the first connection that showed it, in milliseconds: at least, at most. Null when an end is not known. */
  readonly tookMs: { readonly atLeast: number; readonly atMost: number } | null;
  /** `no`: both edges were seen; `left`: the change showed before the observer looked; `right`: it did not show while it looked; `unobserved`: nothing was seen. */
  readonly censored: 'no' | 'left' | 'right' | 'unobserved';
  /** Connections that got through after the first silence. Only for `to` DROP. */
  readonly leaks: readonly Interval[];
  /** Connections after the first silence that stayed silent while the controls answered. */
  readonly silentDials: number;
  /** At most this share of new connections passes, at 95 % confidence; null where it cannot be said. */
  readonly leakBound: number | null;
  /** All of it in one sentence. */
  readonly sentence: string;
}

export type MarkName =
  | 'labelWritten'
  | 'labelOnHostEndpoint'
  | 'policyAccepted'
  | 'policyDeleted'
  | 'labelRestored'
  | 'lastOpen'
  | 'firstSilent'
  | 'lastLeak'
  | 'lastSilent'
  | 'firstOpen'
  | 'proofComplete';

/** Something that happened within an interval: its width is the uncertainty (round trip, cadence, clock offset). */
export interface Mark extends Interval {
  readonly name: MarkName;
  /** The node whose label it is about; absent when it is about no single node. */
  readonly node?: string;
}

export interface Finding {
  readonly phase: Phase;
  readonly about: FindingAbout;
  /** Node or target that it is about; empty when about the whole. */
  readonly subject: string;
  /** CONFIRMED: agrees with the verdicts; CONTRADICTED: speaks against them, so the run cannot be a PASS; UNKNOWN: could not be had, the sentence says why. */
  readonly result: 'CONFIRMED' | 'CONTRADICTED' | 'UNKNOWN';
  readonly sentence: string;
}

export type FindingAbout =
  | 'observer'
  | 'heldConnection'
  | 'backendBehindDeny'
  | 'deniedPackets'
  | 'securityRules'
  | 'routes'
  | 'peerings';

/** Something that undo could not remove or restore, with the exact command that does. */
export interface Leftover {
  readonly what: string;
  readonly why: string;
  readonly command: string;
}

export interface ClusterSummary {
  readonly id: string;
  readonly kubernetesVersion: string;
  readonly location: string;
  readonly vnetId: string;
  readonly nodes: readonly { readonly name: string; readonly internalIp: string }[];
}

export interface CalicoSummary {
  readonly flavour: 'oss' | 'cloud';
  readonly version: string;
  /** `enabled`: read back as true; `not supported by this Calico`: the field was pruned. */
  readonly hostEndpointFlowLogs: 'enabled' | 'not supported by this Calico' | 'not attempted';
  readonly hostEndpoints: readonly string[];
}

export interface Timings {
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly totalMs: number;
  /** Milliseconds from a change's acknowledgement to the first round that showed it, per phase. */
  readonly convergenceMs: Partial<Record<Phase, number>>;
}
