import { formJson } from '../contract/printable.ts';
import type { Report } from '../contract/report.ts';

/** Top-level fields in the order of docs/report.md; a field that is new and not listed comes last. */
const order = [
  'schemaVersion',
  'runId',
  'workflowId',
  'firstExecutionRunId',
  'outcome',
  'summary',
  'stage',
  'failure',
  'scenario',
  'vantages',
  'targets',
  'phases',
  'verdicts',
  'transitions',
  'findings',
  'changes',
  'steps',
  'leftovers',
  'warnings',
  'cluster',
  'calico',
  'timings',
  'evidence',
  'mission',
  'seal',
] as const satisfies readonly (keyof Report)[];

/** The report as JSON, two spaces deep, ending with a newline; the same report gives the same text. */
export function renderJson(report: Report): string {
  const entries = Object.entries(report);
  const rank = (key: string): number => {
    const place = (order as readonly string[]).indexOf(key);
    return place === -1 ? order.length : place;
  };
  entries.sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
  return `${formJson(Object.fromEntries(entries))}\n`;
}
