import type { Outcome, Phase, Target } from './evidence.ts';

/** A row of the table of expectations: this target is to show this outcome, and these controls must be OPEN for a DROP to count (W4). */
export interface Expectation {
  readonly phase: Phase;
  readonly target: Target;
  readonly expected: 'OPEN' | 'DROP';
  /** Ids of targets that must be OPEN before, during and after. */
  readonly controls: readonly string[];
}

export type VerdictKind = 'PASS' | 'FAIL' | 'INCONCLUSIVE';

export interface Verdict {
  readonly phase: Phase;
  readonly node: string;
  readonly target: Target;
  readonly expected: 'OPEN' | 'DROP';
  /** One outcome when all proof connections agree; MIXED when they do not; NONE without any. */
  readonly observed: Outcome | 'MIXED' | 'NONE';
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
