/** What witnesses, held connections and backends say beside the verdicts. Pure and free of Node: it runs in the workflow. */
import type { Evidence } from '../contract/evidence.ts';
import type { Finding } from '../contract/report.ts';
import type { Verdict } from '../contract/verdict.ts';

export function findingsOf(_verdicts: readonly Verdict[], _evidence: Evidence): Finding[] {
  return [];
}
