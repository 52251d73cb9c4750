/** Results as text: pure functions. */
import type { Result } from './harness.ts';

const expectedOf = ({ mutation: { expected } }: Result): string =>
  `${expected.outcome}; ${expected.row} ${expected.verdict}`;

/** One mutation in one line, with everything that is wrong. */
export function formatLine(result: Result): string {
  const { mutation, killed, got, sentence, seconds, problems } = result;
  const details = problems.map((each) => `\n     ${each}`).join('');
  return `${killed ? 'killed  ' : 'SURVIVED'} ${mutation.name} (${seconds.toFixed(1)} s): ${got}: ${sentence}${details}`;
}

/** `19 of 20 killed (95 %)`. */
export function formatKillRate(results: readonly Pick<Result, 'killed'>[]): string {
  const killed = results.filter((each) => each.killed).length;
  return `${killed} of ${results.length} killed (${results.length === 0 ? 0 : Math.floor((100 * killed) / results.length)} %)`;
}

export interface Circumstances {
  readonly command: string;
  readonly startedAt: Date;
  readonly endedAt: Date;
}

export function formatMarkdown(results: readonly Result[], { command, startedAt, endedAt }: Circumstances): string {
  const rows = results.map((result) => {
    const { mutation, killed, got, sentence, seconds } = result;
    return row([
      `**${mutation.name}**: ${mutation.breaks}`,
      expectedOf(result),
      got,
      sentence,
      seconds.toFixed(1),
      killed ? 'yes' : 'NO',
    ]);
  });
  const wrong = results.flatMap(({ mutation, problems }) => problems.map((each) => `- ${mutation.name}: ${each}`));
  return [
    '# Mutation self-test',
    '',
    `\`${command}\`, ${startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${Math.round((endedAt.getTime() - startedAt.getTime()) / 1000)} s, Node ${process.version}.`,
    '',
    `${formatKillRate(results)}.`,
    '',
    'Each row is a whole run of the workflow on a lab whose world is broken in one known way. Killed: outcome of the run, verdict of the row that shows it and its sentence are the expected',
    'ones (test/self-test/mutations-of-*.ts), and the lab is afterwards as it was before. Expected and got: outcome of the run; phase and port of the row, and its verdict. After the sentence of the',
    'row come those of its transition, where a length of it is expected, and of the findings of the phase that speak against it.',
    '',
    row(['mutation', 'expected', 'got', 'sentence', 's', 'killed']),
    row(['---', '---', '---', '---', '---:', '---']),
    ...rows,
    ...(wrong.length > 0 ? ['', '## What went wrong', '', ...wrong] : []),
    '',
  ].join('\n');
}

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
