import type { Verdict, VerdictKind } from '../contract/verdict.ts';

/** One FAIL makes the whole a FAIL; else one INCONCLUSIVE, or no verdict at all, makes it INCONCLUSIVE. */
export function outcomeOf(verdicts: readonly Pick<Verdict, 'verdict'>[]): VerdictKind {
  const has = (kind: VerdictKind): boolean => verdicts.some(({ verdict }) => verdict === kind);
  if (has('FAIL')) return 'FAIL';
  return verdicts.length === 0 || has('INCONCLUSIVE') ? 'INCONCLUSIVE' : 'PASS';
}
