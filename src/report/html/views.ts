/** What a phase showed from one vantage: the unit of pictures and time lines. */
import type { Connection } from '../../contract/evidence.ts';
import { findProof, type PhaseRecord, type Report } from '../../contract/report.ts';
import type { VantageId } from '../../contract/vantage.ts';
import type { Verdict } from '../../contract/verdict.ts';
import { listJudged } from '../words.ts';

/** A verdict beside the connections that it rests on. */
export interface ProvenVerdict extends Verdict {
  readonly proof: readonly Connection[];
}

export interface PhaseView {
  readonly phase: PhaseRecord;
  readonly vantage: VantageId;
  /** The phase's title; with several vantages, with the vantage. */
  readonly title: string;
  readonly rows: readonly ProvenVerdict[];
}

/** In order of phases, and within each in the order in which vantages were judged. */
export const listViews = (report: Report): readonly PhaseView[] =>
  listJudged(report).flatMap((phase) => {
    const rows = report.verdicts.filter((one) => one.phase === phase.name);
    return [...new Set(rows.map(({ vantage }) => vantage))].map((vantage) => ({
      phase,
      vantage,
      title: report.vantages.length > 1 ? `${phase.title}, from ${vantage}` : phase.title,
      rows: rows.filter((one) => one.vantage === vantage).map((one) => ({ ...one, proof: findProof(report, one) })),
    }));
  });
