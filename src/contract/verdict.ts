import { type Expected, outcomes, type Target } from './evidence.ts';
import type { PhaseName } from './phase.ts';
import type { VantageId } from './vantage.ts';

/** A row of the table of expectations, with its target: these controls must be OPEN for a DROP to count (W4). */
export interface Expectation {
  readonly phase: PhaseName;
  readonly vantage: VantageId;
  readonly target: Target;
  readonly expected: Expected;
  /** Ids of targets that must be OPEN before, during and after. */
  readonly controls: readonly string[];
}

export const verdictKinds = ['PASS', 'FAIL', 'INCONCLUSIVE'] as const;
export type VerdictKind = (typeof verdictKinds)[number];

/** One outcome when all proof connections agree; MIXED when they do not; NONE without any. */
export const observations = [...outcomes, 'MIXED', 'NONE'] as const;

export interface Verdict {
  readonly phase: PhaseName;
  readonly vantage: VantageId;
  readonly node: string;
  readonly target: Target;
  readonly expected: Expected;
  readonly observed: (typeof observations)[number];
  readonly verdict: VerdictKind;
  /** One sentence that explains the verdict to somebody who was not there. */
  readonly sentence: string;
  readonly evidence: VerdictEvidence;
}

/** Counted from the connections of the phase's evidence; `proofOf` of report.ts gives these themselves. */
export interface VerdictEvidence {
  /** Independent connections that the verdict rests on. */
  readonly connections: number;
  readonly syns: number;
  /** From the first proof connection's start to the last one's end, in milliseconds. */
  readonly windowMs: number;
  readonly controls: readonly ControlEvidence[];
}

export interface ControlEvidence {
  readonly control: string;
  readonly live: boolean;
  /** Outcomes by stage, such as `before OPEN, during OPEN x3, after OPEN`. */
  readonly seen: string;
}
