/** What observer, held connections, backends and witnesses say beside the verdicts. */
import type { Evidence } from '../contract/evidence.ts';
import type { Finding, FindingResult } from '../contract/report.ts';
import type { Verdict } from '../contract/verdict.ts';
import { lookBehindDeny } from './behind-deny.ts';
import { checkHeld } from './held.ts';
import * as sentences from './sentences/finding.ts';
import type { WatchedMove } from './transitions.ts';
import { listTestimonies } from './witnesses.ts';

/** `moves`: what changed on the way to the phase. */
export const listFindings = (
  moves: readonly WatchedMove[],
  verdicts: readonly Verdict[],
  evidence: Evidence,
): Finding[] => [
  ...moves.map((move) => compareObserver(move, verdicts, evidence)),
  ...moves.filter(({ to }) => to === 'DROP').map((move) => checkHeld(move, evidence)),
  ...lookBehindDeny(verdicts, evidence),
  ...listTestimonies(verdicts, evidence),
];

/**
 * Whether the observer saw what the verdict says: the change after it was asked for, and no connection that got through
 * after it.
 */
function compareObserver(
  { target, to, sighting }: WatchedMove,
  verdicts: readonly Verdict[],
  { phase, vantage }: Evidence,
): Finding {
  const form = (result: FindingResult, sentence: string): Finding => ({
    ...{ phase, vantage, about: 'observer', title: 'An observer that dialled all the while' },
    ...{ subject: target.id, result, sentence },
  });
  const isFail = verdicts.some((one) => one.target.id === target.id && one.verdict === 'FAIL');
  if (sighting.kind === 'unwatched') return form('UNKNOWN', sentences.explainUnwatched(target, to, sighting.why));
  if (sighting.kind === 'unchanged') {
    if (sighting.isCutShort) return form('UNKNOWN', sentences.explainCutShort(target, to));
    return form(isFail ? 'CONFIRMED' : 'CONTRADICTED', sentences.explainUnchanged(target, to));
  }
  const isAsExpected = sighting.leaks.length === 0;
  const isContradicted = sighting.isPremature || isAsExpected === isFail;
  return form(isContradicted ? 'CONTRADICTED' : 'CONFIRMED', sentences.explainChanged(target, to, sighting));
}
