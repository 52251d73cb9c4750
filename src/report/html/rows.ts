import type { Connection, Phase } from '../../contract/evidence.ts';
import { proofOf, type Report } from '../../contract/report.ts';
import type { Verdict } from '../../contract/verdict.ts';

/** A verdict beside the connections that it rests on. */
export interface Row extends Verdict {
  readonly proof: readonly Connection[];
}

export const rowsOf = (report: Report, phase: Phase): readonly Row[] =>
  report.verdicts.filter((one) => one.phase === phase).map((one) => ({ ...one, proof: proofOf(report, one) }));
