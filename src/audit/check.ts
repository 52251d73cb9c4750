import { makeLine } from '../contract/printable.ts';
import type { RunOutcome } from '../contract/report.ts';
import { type VerdictKind, verdictKinds } from '../contract/verdict.ts';

/** One thing that was looked at. */
export interface AuditCheck {
  /** What holds when nothing is wrong, in a sentence. */
  readonly holds: string;
  /** What is wrong, a sentence each. */
  readonly problems: readonly string[];
}

/** Texts of a report may come from anybody (W12): what a terminal would obey is shown as its code point. */
export const createCheck = (holds: string, problems: readonly string[]): AuditCheck => ({
  holds: makeLine(holds),
  problems: problems.map(makeLine),
});

/** Whether a run was carried out to its end, so that its outcome follows from verdicts and findings. */
export const isJudged = (outcome: RunOutcome): outcome is VerdictKind => verdictKinds.some((kind) => kind === outcome);
