/** What preflight makes of a scenario and a site: everything that the run will do and expect, as data. */
import type { PlannedChange } from './change.ts';
import type { Expected, Target } from './evidence.ts';
import type { PhaseName } from './phase.ts';
import type { Gate, PhaseWords } from './scenario.ts';
import type { SessionRef, VantageId } from './vantage.ts';

export interface Plan {
  /** Name of the scenario. */
  readonly scenario: string;
  readonly vantages: readonly PlannedVantage[];
  readonly targets: readonly Target[];
  /** Keeps other runs off the cluster; the last thing that is undone. */
  readonly lease: PlannedChange;
  /** Made side by side before the first phase is judged. What a lane holds is undone in one batch. */
  readonly lanes: readonly Lane[];
  readonly phases: readonly PlannedPhase[];
  /** Undo's own proof. */
  readonly restored: PlannedPhase;
}

export interface Lane {
  readonly name: string;
  readonly changes: readonly PlannedChange[];
}

/** A vantage before it stands: texts hold `${<vantage>.<fact>}`. */
export interface PlannedVantage {
  readonly id: VantageId;
  readonly kind: string;
  readonly session: SessionRef;
  readonly sourceAddresses: readonly string[];
  /** What its witnesses need, its kind's matter. */
  readonly witnesses: object;
}

/** What is expected in a phase; the judge and the audit need no more of it. */
export interface PhaseOutline extends PhaseWords {
  readonly name: PhaseName;
  readonly gate: Gate | null;
  readonly required: boolean;
  readonly expectations: readonly ExpectationRow[];
}

/** A row of the table of expectations: from this vantage, this target is to show this outcome. */
export interface ExpectationRow {
  readonly vantage: VantageId;
  /** Target id. */
  readonly target: string;
  readonly expected: Expected;
  /** Ids of targets that must be OPEN before, during and after for a DROP to count (W4). */
  readonly controls: readonly string[];
}

export interface PlannedPhase extends PhaseOutline {
  readonly changes: readonly PlannedChange[];
  /** Object names of the run's policies that are in force while it is judged. */
  readonly policies: readonly string[];
}
