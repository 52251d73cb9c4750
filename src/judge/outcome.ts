import { restoredPhase } from '../contract/phase.ts';
import type { Finding } from '../contract/report.ts';
import type { Verdict, VerdictKind } from '../contract/verdict.ts';

/**
 * One FAIL makes the whole a FAIL; else one INCONCLUSIVE, no verdict at all, or a finding that speaks against the
 * verdicts makes it INCONCLUSIVE.
 */
export function combineVerdicts(
  verdicts: readonly Pick<Verdict, 'verdict'>[],
  findings: readonly Pick<Finding, 'result'>[] = [],
): VerdictKind {
  const has = (kind: VerdictKind): boolean => verdicts.some(({ verdict }) => verdict === kind);
  if (has('FAIL')) return 'FAIL';
  const isContradicted = findings.some(({ result }) => result === 'CONTRADICTED');
  return verdicts.length === 0 || has('INCONCLUSIVE') || isContradicted ? 'INCONCLUSIVE' : 'PASS';
}

/**
 * Outcome of a run that was carried out. Without a deny that was judged, and without the proof, from every vantage that
 * judged a phase, that everything answers again, nothing is a PASS.
 */
export function decideOutcome(
  verdicts: readonly Pick<Verdict, 'verdict' | 'phase' | 'vantage' | 'expected'>[],
  findings: readonly Pick<Finding, 'result'>[],
): VerdictKind {
  const outcome = combineVerdicts(verdicts, findings);
  const isProved = hasJudgedDeny(verdicts) && hasJudgedRestored(verdicts);
  return outcome === 'PASS' && !isProved ? 'INCONCLUSIVE' : outcome;
}

export const hasJudgedDeny = (verdicts: readonly Pick<Verdict, 'expected'>[]): boolean =>
  verdicts.some(({ expected }) => expected === 'DROP');

export function hasJudgedRestored(verdicts: readonly Pick<Verdict, 'phase' | 'vantage'>[]): boolean {
  const proved = new Set(verdicts.filter(({ phase }) => phase === restoredPhase).map(({ vantage }) => vantage));
  return verdicts.every(({ vantage }) => proved.has(vantage));
}
