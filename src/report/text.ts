import Table from 'cli-table3';
import { limitText, makeLine, mapTexts } from '../contract/printable.ts';
import type { Finding, FindingResult, Report, RunOutcome } from '../contract/report.ts';
import type { Verdict, VerdictKind } from '../contract/verdict.ts';
import { formatDuration, listFailureLines, listJudged, namePort, placeSentence, tellProblemsOnce } from './words.ts';

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
export function renderText(
  told: Report,
  { paint = plain, columns = 120 }: { paint?: Paint; columns?: number } = {},
): string {
  const report = mapTexts({ ...tellProblemsOnce(told), evidence: [] }, makeLine);
  const { runId, outcome, summary, timings, vantages, transitions, warnings } = report;
  const took = formatDuration(timings.totalMs);
  const blocks = [
    [`${paint.strong(`hepflow run ${runId}`)}: ${paintOutcome(outcome, paint)} after ${took}`, summary],
    listFailureLines(report),
    formatVerdicts(report, paint, columns),
    transitions.map(({ sentence, vantage }) => placeSentence(sentence, vantage, vantages)),
    listFindingLines(report, paint),
    warnings.map((warning) => `${paint.unsure('Warning:')} ${warning}`),
    listLeftoverLines(report, paint),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

/** What is left behind, each with the command that removes it. */
function listLeftoverLines({ leftovers }: Report, paint: Paint): string[] {
  if (leftovers.length === 0) return [];
  return [
    paint.bad(`Left behind (${leftovers.length}):`),
    ...leftovers.flatMap(({ what, why, command }, index) => [
      `  ${what}: ${why}`,
      ...(command === leftovers[index + 1]?.command ? [] : [`    ${command}`]),
    ]),
  ];
}

/** What contradicts and what is missing in full; what agrees in one line. */
function listFindingLines({ findings }: Report, paint: Paint): string[] {
  const list = (result: FindingResult, say: (one: Finding) => string): string[] => [
    ...new Set(findings.filter((one) => one.result === result).map(say)),
  ];
  const agreeing = list('CONFIRMED', ({ title }) => title);
  return [
    ...list('CONTRADICTED', ({ sentence }) => `${paint.bad('Contradicted:')} ${sentence}`),
    ...list('UNKNOWN', ({ sentence }) => `${paint.unsure('Missing:')} ${sentence}`),
    ...(agreeing.length === 0 ? [] : [`${paint.good('Agreed by:')} ${agreeing.join('; ')}`]),
  ];
}

function formatVerdicts(report: Report, paint: Paint, columns: number): string[] {
  const { verdicts, vantages } = report;
  if (verdicts.length === 0) return [];
  const rows = verdicts.map((one) => ({
    ...one,
    port: limitText(namePort(one.target.id, one.vantage, vantages), 100),
  }));
  const phase = Math.max(8, ...rows.map((row) => row.phase.length)) + 2;
  const port = Math.max(6, ...rows.map((row) => row.port.length)) + 2;
  const fixed = [phase, port, 10, 14, 14];
  const why = columns - fixed.reduce((sum, width) => sum + width + 1, 2);
  if (why < 30) return rows.flatMap((row) => listVerdictLines(row, paint)); // too narrow for a table
  const table = new Table({
    head: ['Phase', 'Target', 'Expected', 'Observed', 'Verdict', 'Why'],
    colWidths: [...fixed, why],
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const row of rows)
    table.push([
      row.phase,
      row.port,
      row.expected,
      row.observed,
      paintVerdict(row.verdict, paint),
      limitText(row.sentence),
    ]);
  const legend = listJudged(report).map(({ title }) => paint.faint(title));
  return [table.toString(), legend.join(paint.faint('. '))];
}

function listVerdictLines(row: Verdict & { readonly port: string }, paint: Paint): string[] {
  const { phase, port, expected, observed, verdict, sentence } = row;
  return [
    `${paintVerdict(verdict, paint)} ${phase} ${port}: expected ${expected}, observed ${observed}`,
    `  ${sentence}`,
  ];
}

function paintVerdict(verdict: VerdictKind, paint: Paint): string {
  return { PASS: paint.good, FAIL: paint.bad, INCONCLUSIVE: paint.unsure }[verdict](verdict);
}

function paintOutcome(outcome: RunOutcome, paint: Paint): string {
  if (outcome === 'PASS') return paint.good(outcome);
  return outcome === 'FAIL' || outcome === 'ERROR' ? paint.bad(outcome) : paint.unsure(outcome);
}
