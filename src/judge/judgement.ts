import type { Moment } from '../contract/change.ts';
import type { Evidence } from '../contract/evidence.ts';
import type { Finding, Transition } from '../contract/report.ts';
import type { Expectation, Verdict } from '../contract/verdict.ts';
import { findMoves, listSteady } from '../scenario/moves.ts';
import { listFindings } from './findings.ts';
import { judgeRow } from './judge.ts';
import { seeTarget } from './sighting.ts';
import { chooseAsked, describeTransition, type WatchedMove } from './transitions.ts';

/** What a phase's evidence is judged by. */
export interface Grounds {
  /** What the phase expects from the evidence's vantage. */
  readonly rows: readonly Expectation[];
  /** What held in the phase that was judged before from the same vantage (`listHeld`); null: this is the first one. */
  readonly before: readonly Expectation[] | null;
  /** When the changes that led to the phase were asked for, arrived, or were taken back. */
  readonly moments: readonly Moment[];
}

/** Everything that a report holds about a phase, seen from one vantage. */
export interface Judgement {
  readonly verdicts: readonly Verdict[];
  readonly transitions: readonly Transition[];
  readonly findings: readonly Finding[];
}

/**
 * Rows that a later phase may take for fact: a port that did not do what was expected of it has nothing to change from.
 */
export const listHeld = (rows: readonly Expectation[], verdicts: readonly Verdict[]): readonly Expectation[] =>
  rows.filter(({ target }) => !verdicts.some((one) => one.target.id === target.id && one.verdict === 'FAIL'));

/**
 * All that follows from the evidence of a phase: a run reports it, and whoever verifies the report comes to the same.
 * Pure and free of Node, as all of this room: it runs in the workflow.
 */
export function judgePhase({ rows, before, moments }: Grounds, evidence: Evidence): Judgement {
  const steady = listSteady(rows, before);
  const moves = findMoves(rows, before).map((move): WatchedMove => {
    const own = moments.filter(({ node }) => node === undefined || node === move.target.node);
    const asked = chooseAsked(own);
    return { ...move, moments: own, asked, sighting: seeTarget(move, asked, steady, evidence.observation) };
  });
  const verdicts = rows.map((row) => {
    const moved = moves.find(({ target }) => target.id === row.target.id);
    const { target, expected: to } = row;
    return judgeRow(row, moved?.sighting ?? seeTarget({ target, to }, null, steady, evidence.observation), evidence);
  });
  return {
    verdicts,
    transitions: moves.map((move) => describeTransition(move, evidence)),
    findings: listFindings(moves, verdicts, evidence),
  };
}
