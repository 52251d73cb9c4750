/** What tests of the audit do to reports. */
import { type AuditOptions, auditReport } from '../../src/audit/report.ts';
import type { Evidence } from '../../src/contract/evidence.ts';
import type { Report } from '../../src/contract/report.ts';
import { digestReport } from '../../src/evidence/report-seal.ts';
import { sealEvidence } from '../../src/evidence/seal.ts';

/** Of a report that a forger sealed anew. */
export const listProblems = (report: unknown, options?: AuditOptions): string[] =>
  listAllProblems(sealAnew(report), options);

/** Of a report as it is. */
export const listAllProblems = (report: unknown, options?: AuditOptions): string[] =>
  auditReport(report, options).checks.flatMap(({ problems }) => [...problems]);

/** What can be sealed gets the seal of its content; a report of a run under way gets none. */
export function sealAnew<T>(report: T): T {
  if (typeof report !== 'object' || report === null || !('seal' in report)) return report;
  if ('outcome' in report && report.outcome === 'RUNNING') return { ...report, seal: null };
  try {
    return { ...report, seal: { ...(report.seal as object), sha256: digestReport(report as unknown as Report) } };
  } catch {
    return report;
  }
}

/** The report with its evidence changed and sealed anew, as somebody would who can rewrite the whole file. */
export function reseal(report: Report, change: (evidence: readonly Evidence[]) => readonly Evidence[]): Report {
  const evidence: Evidence[] = [];
  for (const { seal: _, ...one } of change(report.evidence))
    evidence.push(sealEvidence(one, evidence.at(-1)?.seal?.sha256 ?? report.runId));
  return { ...report, evidence };
}

/** A list with one element changed. */
export const replaceAt = <T>(list: readonly T[], place: number, change: (one: T) => T): T[] =>
  list.map((one, index) => (index === place ? change(one) : one));

/** The problems of one check, by a word of what it says holds. */
export const listProblemsOf = (check: RegExp, report: unknown): string[] =>
  auditReport(sealAnew(report))
    .checks.filter(({ holds }) => check.test(holds))
    .flatMap(({ problems }) => [...problems]);

/** With so many dials more, of a port that no verdict is about. */
export const inflate = (evidence: Evidence, count: number): Evidence => ({
  ...evidence,
  connections: [
    ...evidence.connections,
    ...Array.from({ length: count }, () => ({
      ...({ target: 'elsewhere:1', stage: 'during', outcome: 'OPEN', sourcePort: 40_000 } as const),
      ...{ startedAt: evidence.startedAt, elapsedMs: 1, syns: 1, response: 'x'.repeat(100) },
    })),
  ],
});
