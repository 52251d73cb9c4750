import type { Finding } from '../contract/report.ts';
import type { Verdict, VerdictKind } from '../contract/verdict.ts';

/** One FAIL makes the whole a FAIL; else one INCONCLUSIVE, no verdict at all, or a finding that speaks against the verdicts makes it INCONCLUSIVE. */
export function outcomeOf(
  verdicts: readonly Pick<Verdict, 'verdict'>[],
  findings: readonly Pick<Finding, 'result'>[] = [],
): VerdictKind {
  const has = (kind: VerdictKind): boolean => verdicts.some(({ verdict }) => verdict === kind);
  if (has('FAIL')) return 'FAIL';
  const contradicted = findings.some(({ result }) => result === 'CONTRADICTED');
  return verdicts.length === 0 || has('INCONCLUSIVE') || contradicted ? 'INCONCLUSIVE' : 'PASS';
}

/** Outcome of a run that was carried out. Without the proof that everything answers again, nothing is a PASS. */
export function judgedOutcome(
  verdicts: readonly Pick<Verdict, 'verdict' | 'phase'>[],
  findings: readonly Pick<Finding, 'result'>[],
): VerdictKind {
  const outcome = outcomeOf(verdicts, findings);
  return outcome === 'PASS' && !verdicts.some(({ phase }) => phase === 'restored') ? 'INCONCLUSIVE' : outcome;
}
