import Table from 'cli-table3';
import type { Finding, Report } from '../contract/report.ts';
import type { Verdict, VerdictKind } from '../contract/verdict.ts';
import { duration, failureLines, findingTitles, phaseTitles } from './words.ts';

/** Colours by meaning; the identity where there is no terminal. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  unsure(text: string): string;
  faint(text: string): string;
  strong(text: string): string;
}
const same = (text: string): string => text;
export const plain: Paint = { good: same, bad: same, unsure: same, faint: same, strong: same };

/** The report for a terminal `columns` wide: verdict table with a sentence for each, leftovers with their commands. */
export function toText(
  report: Report,
  { paint = plain, columns = 120 }: { paint?: Paint; columns?: number } = {},
): string {
  const blocks = [
    [
      `${paint.strong(`hepflow run ${report.runId}`)}: ${byOutcome(report.outcome, paint)} after ${duration(report.timings.totalMs)}`,
      report.summary,
    ],
    failureLines(report),
    verdictTable(report, paint, columns),
    report.transitions.map(({ sentence }) => sentence),
    findingLines(report, paint),
    report.warnings.map((warning) => `${paint.unsure('Warning:')} ${warning}`),
    leftoverLines(report, paint),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** What is left behind, each with the command that removes it. */
export function leftoverLines({ leftovers }: Pick<Report, 'leftovers'>, paint: Paint = plain): string[] {
  if (leftovers.length === 0) return [];
  return [
    paint.bad(`Left behind (${leftovers.length}):`),
    ...leftovers.flatMap(({ what, why, command }) => [`  ${what}: ${why}`, `    ${command}`]),
  ];
}

/** What contradicts and what is missing in full; what agrees in one line. */
function findingLines({ findings }: Report, paint: Paint): string[] {
  const of = (result: Finding['result'], say: (one: Finding) => string): string[] => [
    ...new Set(findings.filter((one) => one.result === result).map(say)),
  ];
  const agreeing = of('CONFIRMED', ({ about }) => findingTitles[about]);
  return [
    ...of('CONTRADICTED', ({ sentence }) => `${paint.bad('Contradicted:')} ${sentence}`),
    ...of('UNKNOWN', ({ sentence }) => `${paint.unsure('Missing:')} ${sentence}`),
    ...(agreeing.length === 0 ? [] : [`${paint.good('Agreed by:')} ${agreeing.join('; ')}`]),
  ];
}

function verdictTable({ verdicts }: Report, paint: Paint, columns: number): string[] {
  if (verdicts.length === 0) return [];
  const target = Math.max(6, ...verdicts.map((each) => each.target.id.length)) + 2;
  const fixed = [10, target, 10, 14, 14];
  const why = columns - fixed.reduce((sum, width) => sum + width + 1, 2);
  if (why < 30) return verdicts.flatMap((each) => verdictLines(each, paint)); // too narrow for a table
  const table = new Table({
    head: ['Phase', 'Target', 'Expected', 'Observed', 'Verdict', 'Why'],
    colWidths: [...fixed, why],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const each of verdicts)
    table.push([
      each.phase,
      each.target.id,
      each.expected,
      each.observed,
      byVerdict(each.verdict, paint),
      each.sentence,
    ]);
  const phases = [...new Set(verdicts.map(({ phase }) => phase))].map((phase) => paint.faint(phaseTitles[phase]));
  return [table.toString(), phases.join(paint.faint('. '))];
}

function verdictLines({ phase, target, expected, observed, verdict, sentence }: Verdict, paint: Paint): string[] {
  return [
    `${byVerdict(verdict, paint)} ${phase} ${target.id}: expected ${expected}, observed ${observed}`,
    `  ${sentence}`,
  ];
}

function byVerdict(verdict: VerdictKind, paint: Paint): string {
  return { PASS: paint.good, FAIL: paint.bad, INCONCLUSIVE: paint.unsure }[verdict](verdict);
}

function byOutcome(outcome: Report['outcome'], paint: Paint): string {
  if (outcome === 'PASS') return paint.good(outcome);
  return outcome === 'FAIL' || outcome === 'ERROR' ? paint.bad(outcome) : paint.unsure(outcome);
}
