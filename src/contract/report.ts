import type { Phase } from './evidence.ts';
import type { FailureSummary } from './failures.ts';
import type { Mission } from './mission.ts';
import type { StepName, UndoName } from './steps.ts';
import type { Verdict } from './verdict.ts';

/** Version of the report's shape. A field may be added within a version; a change of meaning or a removal raises it. */
export const reportSchemaVersion = 1;

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
  readonly leftovers: readonly Leftover[];
  readonly cluster: ClusterSummary | null;
  readonly calico: CalicoSummary | null;
  /** Findings that did not stop the run. */
  readonly warnings: readonly string[];
  readonly timings: Timings;
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
