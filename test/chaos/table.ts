/** Results of cells as text: pure functions. */
import type { CellResult } from './harness.ts';

const yesNo = (yes: boolean): string => (yes ? 'yes' : 'NO');
const seconds = (ms: number | undefined): string => (ms === undefined ? '–' : `${(ms / 1000).toFixed(1)} s`);
const all = (items: readonly string[]): string => items.join('; ');

/** One cell in one line, with everything that is wrong, and then what the workers said. */
export function formatLine({
  cell,
  survived,
  leaked,
  duplicates,
  falsePasses,
  problems,
  recoveredMs,
  totalMs,
  output,
}: CellResult): string {
  const wrong = [
    ...problems,
    ...(leaked.length > 0 ? [`leaked: ${all(leaked)}`] : []),
    ...(duplicates.length > 0 ? [`created twice: ${all(duplicates)}`] : []),
    ...(falsePasses.length > 0 ? [`false PASS: ${all(falsePasses)}`] : []),
  ];
  const word = survived && wrong.length === 0 ? 'ok  ' : 'FAIL';
  const details = wrong.map((each) => `\n     ${each}`).join('');
  return `${word} ${cell.name}: recovered in ${seconds(recoveredMs)}, ${seconds(totalMs)} in all${details}${output && `\n${output}`}`;
}

export interface Circumstances {
  readonly command: string;
  /** Number of cells that were asked for. */
  readonly planned: number;
  /** Number of results that earlier passes gave. */
  readonly earlier: number;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

export function formatMarkdown(
  results: readonly CellResult[],
  { command, planned, earlier, startedAt, endedAt }: Circumstances,
): string {
  const count = (of: (result: CellResult) => boolean): number => results.filter(of).length;
  const rows = results.map(({ cell, survived, leaked, duplicates, falsePasses, recoveredMs }) =>
    row([cell.name, yesNo(survived), leaked.length, duplicates.length, falsePasses.length, seconds(recoveredMs)]),
  );
  const wrong = results.flatMap(({ cell, problems, leaked, duplicates, falsePasses }) =>
    [...problems, ...leaked, ...duplicates, ...falsePasses].map((each) => `- ${cell.name}: ${each}`),
  );
  return [
    '# Kill matrix',
    '',
    `\`${command}\`, ${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${Math.round((endedAt.getTime() - startedAt.getTime()) / 60_000)} min, Node ${process.version}.${earlier > 0 ? ` ${earlier} results are of earlier passes.` : ''}`,
    '',
    `${results.length} of ${planned} cells; survived ${count(({ survived }) => survived)}; leaked ${sum(results.map(({ leaked }) => leaked))}; created twice ${sum(results.map(({ duplicates }) => duplicates))}; false PASS ${sum(results.map(({ falsePasses }) => falsePasses))}.`,
    '',
    'Survived: the run ended with outcome PASS, on the evidence that this takes, and its report told the truth about what is left. Leaked: objects in Azure, in the cluster or among the',
    "network namespaces that differ from before. Created twice: objects that came into being more often than once. Recovered in: from the blow until every step that it met was done; a worker's death",
    'is noticed after 10 s, the heartbeat timeout.',
    '',
    row(['fault', 'survived', 'leaked', 'created twice', 'false PASS', 'recovered in']),
    row(['---', '---', '---:', '---:', '---:', '---:']),
    ...rows,
    ...(wrong.length > 0 ? ['', '## What went wrong', '', ...wrong] : []),
    '',
  ].join('\n');
}

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const sum = (lists: readonly (readonly unknown[])[]): number => lists.reduce((total, list) => total + list.length, 0);
