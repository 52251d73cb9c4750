/** What a run proved, changed and restored. */
import { type ChangeId, type FlowLogs, type Moment, undoResults } from './change.ts';
import type { Connection, Evidence, Expected, Target } from './evidence.ts';
import type { FailureCode, FailureSummary } from './failures.ts';
import type { Mission } from './mission.ts';
import type { Interval } from './observation.ts';
import type { PhaseName } from './phase.ts';
import type { PhaseOutline } from './plan.ts';
import type { SignedEnvelope } from './signing.ts';
import type { VantageId } from './vantage.ts';
import type { Verdict } from './verdict.ts';

/** Version of the report's shape. A field may be added within a version; a change of meaning or a removal raises it. */
export const reportSchemaVersion = 2;

/** RUNNING until the end; ERROR: the run could not be carried out; CANCELLED: somebody stopped it. */
export const runOutcomes = ['RUNNING', 'PASS', 'FAIL', 'INCONCLUSIVE', 'ERROR', 'CANCELLED'] as const;
export type RunOutcome = (typeof runOutcomes)[number];

/** Exists from the first second (W8); documented in docs/report.md. */
export interface Report {
  readonly schemaVersion: typeof reportSchemaVersion;
  readonly runId: string;
  readonly workflowId: string;
  /** Temporal's id of the first run of that workflow, which a reset run keeps. */
  readonly firstExecutionRunId: string;
  readonly outcome: RunOutcome;
  /** One sentence: the outcome in words. */
  readonly summary: string;
  /** Where the run is: `preflight`, a phase's name, `over`. */
  readonly stage: string;
  /** The first failure, never hidden by a later one (W5). */
  readonly failure: FailureSummary | null;
  /** Name of the scenario; null while it is not known. */
  readonly scenario: string | null;
  readonly vantages: readonly VantageSummary[];
  readonly targets: readonly Target[];
  /** What each phase expects, undo's own proof last; empty while there is no plan. */
  readonly phases: readonly PhaseRecord[];
  readonly verdicts: readonly Verdict[];
  /** How long each change took to show, one for each port that changed in a phase. */
  readonly transitions: readonly Transition[];
  /** What the verdicts do not say by themselves: witnesses, held connections, backends behind a deny. */
  readonly findings: readonly Finding[];
  /** Everything that the run set out to change, in the order in which it was begun. */
  readonly changes: readonly ChangeRecord[];
  readonly steps: readonly StepRecord[];
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
  /** Covers all the rest; null while the run is under way. */
  readonly seal: ReportSeal | null;
}

export interface ReportSeal {
  /** Hexadecimal SHA-256 of the report without `seal` as canonical JSON (docs/evidence.md). */
  readonly sha256: string;
  /** The worker's signature; absent when it has no key, or ran no preflight. */
  readonly envelope?: SignedEnvelope;
}

export interface VantageSummary {
  readonly id: VantageId;
  /** `azureVm`. */
  readonly kind: string;
  /** What the nodes see as the source of its connections; null while it does not stand. */
  readonly sourceAddress: string | null;
  /** Where SSH reaches it; null while it does not stand. */
  readonly address: string | null;
  readonly adminUser: string;
  /** `uname -r`; null while nobody has logged in. */
  readonly kernel: string | null;
}

export interface PhaseRecord extends PhaseOutline {
  /** Why the run passed the phase by, a sentence; null: it did not. */
  readonly skipped: string | null;
}

export interface ChangeRecord {
  readonly id: ChangeId;
  /** The phase that it led to; null: it was made for a vantage, or for the run. */
  readonly phase: PhaseName | null;
  /** For people: "host-end-point=test on node aks-1". */
  readonly words: string;
  /** When it was asked for, when it arrived, when it was taken back, as far as the run saw it itself. */
  readonly moments: readonly Moment[];
}

export const stepOutcomes = ['running', 'waiting', 'done', 'failed', 'cancelled', 'skipped'] as const;
export type StepOutcome = (typeof stepOutcomes)[number];

export interface StepRecord {
  /** A step or an undo by its activity type or name, or a wait: `awaitSignal`. */
  readonly name: string;
  /** What tells two uses of one step apart, such as a node's name or a phase; empty otherwise. */
  readonly subject: string;
  readonly outcome: StepOutcome;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly attempts: number;
  /** What is waited for, what was found, or why it failed: one line for people. */
  readonly detail: string;
  /** The change that it makes, or takes back; absent: neither. */
  readonly makes?: ChangeId;
  readonly undoes?: ChangeId;
}

/** One port's change from open to silent, or back, on one time line: the worker's clock. */
export interface Transition {
  readonly phase: PhaseName;
  readonly vantage: VantageId;
  readonly target: Target;
  readonly to: Expected;
  /** In order of time. */
  readonly moments: readonly Moment[];
  /**
   * The moment from which `tookMs` counts: the last thing that had to be asked for, or the first that was undone. Null:
   * not known.
   */
  readonly asked: Moment | null;
  /**
   * From the change's being asked for to the first connection that showed it, in milliseconds: at least, at most. Null
   * when an end is not known.
   */
  readonly tookMs: { readonly atLeast: number; readonly atMost: number } | null;
  readonly censored: (typeof censorings)[number];
  /** Connections that got through after the first silence. Only for `to` DROP. */
  readonly leaks: readonly Interval[];
  /** Connections after the first silence that stayed silent while the controls answered. */
  readonly silentDials: number;
  /** At most this share of new connections passes, at 95 % confidence; null where it cannot be said. */
  readonly leakBound: number | null;
  /** All of it in one sentence. */
  readonly sentence: string;
}

/**
 * `no`: both edges were seen; `left`: the change showed before the observer looked; `right`: it did not show while it
 * looked; `unobserved`: nothing was seen.
 */
export const censorings = ['no', 'left', 'right', 'unobserved'] as const;

export interface Finding {
  readonly phase: PhaseName;
  readonly vantage: VantageId;
  /** The source: `observer`, `heldConnection`, `backendBehindDeny`, or a witness's `by`. */
  readonly about: string;
  /** The source, for people. */
  readonly title: string;
  /** Node or target that it is about; empty when about the whole. */
  readonly subject: string;
  readonly result: FindingResult;
  readonly sentence: string;
}

/**
 * CONFIRMED: agrees with the verdicts; CONTRADICTED: speaks against them, so the run cannot be a PASS; UNKNOWN: could
 * not be had, the sentence says why.
 */
export const findingResults = ['CONFIRMED', 'CONTRADICTED', 'UNKNOWN'] as const;
export type FindingResult = (typeof findingResults)[number];

/** Why something is left: an undo's result, or `kept`: the mission asked for it. */
export const leftoverReasons = ['kept', ...undoResults] as const;

/** Something that undo could not remove or restore, with the exact command that does. */
export interface Leftover {
  readonly what: string;
  readonly why: string;
  readonly command: string;
  readonly reason: (typeof leftoverReasons)[number];
  /** Of a failed undo; else empty. */
  readonly code: FailureCode | '';
}

export interface ClusterSummary {
  readonly id: string;
  readonly kubernetesVersion: string;
  readonly location: string;
  readonly vnetId: string;
  /** The judged ones, in order. */
  readonly nodes: readonly { readonly name: string; readonly internalIp: string }[];
}

export const calicoFlavours = ['oss', 'cloud'] as const;

/** Where Calico's objects are served: by its API, or only as its own storage, as on AKS. The first is preferred. */
export const calicoApis = ['projectcalico.org/v3', 'crd.projectcalico.org/v1'] as const;
export type CalicoApi = (typeof calicoApis)[number];

export interface CalicoSummary {
  readonly flavour: (typeof calicoFlavours)[number];
  readonly version: string;
  /** Absent in older reports: `projectcalico.org/v3`. */
  readonly api?: CalicoApi;
  readonly hostEndpointFlowLogs: FlowLogs;
  readonly hostEndpoints: readonly string[];
}

export interface Timings {
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly totalMs: number;
  /** Milliseconds from a change's acknowledgement to the first round that showed it, by phase. */
  readonly convergenceMs: Readonly<Record<PhaseName, number>>;
}

/** The connections that a verdict rests on, out of the evidence of its phase. */
export const findProof = (
  { evidence }: Pick<Report, 'evidence'>,
  { phase, vantage, target }: Pick<Verdict, 'phase' | 'vantage' | 'target'>,
): readonly Connection[] =>
  evidence
    .filter((each) => each.phase === phase && each.vantage === vantage)
    .flatMap(({ connections }) => connections.filter((one) => one.target === target.id && one.stage === 'proof'));
