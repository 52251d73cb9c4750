import type { Finding } from '../contract/report.ts';
import type { Verdict, VerdictKind } from '../contract/verdict.ts';

/** One FAIL makes the whole a FAIL; else one INCONCLUSIVE, no verdict at all, or a finding that speaks against the verdicts makes it INCONCLUSIVE. */
export function outcomeOf(verdicts: readonly Pick<Verdict, 'verdict'>[], findings: readonly Pick<Finding, 'result'>[] = []): VerdictKind {
  const has = (kind: VerdictKind): boolean => verdicts.some(({ verdict }) => verdict === kind);
  if (has('FAIL')) return 'FAIL';
  const contradicted = findings.some(({ result }) => result === 'CONTRADICTED');
  return verdicts.length === 0 || has('INCONCLUSIVE') || contradicted ? 'INCONCLUSIVE' : 'PASS';
}
