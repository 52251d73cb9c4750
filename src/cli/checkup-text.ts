import Table from 'cli-table3';
import { type Area, type Checkup, type Diagnosis, type Level, levels, topics } from '../contract/diagnosis.ts';
import { limitText, makeLine, mapTexts } from '../contract/printable.ts';
import { type Paint, plain } from '../report/text.ts';

const areas: Readonly<Record<Area, string>> = {
  azure: 'Azure',
  cluster: 'Cluster',
  calico: 'Calico',
  workload: 'Workload',
};

/** The findings as a table for each area, the worst first, and a line that counts them. */
export function formatCheckup(
  checkup: Checkup,
  { paint = plain, columns = 120 }: { paint?: Paint; columns?: number } = {},
): string {
  const { findings, counts } = mapTexts(checkup, makeLine);
  const blocks = (Object.keys(areas) as Area[]).flatMap((area) => {
    const here = findings
      .filter(({ topic }) => topics[topic].area === area)
      .toSorted((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level));
    return here.length === 0 ? [] : [`${paint.strong(areas[area])}\n${tableOf(here, paint, columns)}`];
  });
  return `${[...blocks, summary(counts, paint)].join('\n\n')}\n`;
}

function tableOf(findings: readonly Diagnosis[], paint: Paint, columns: number): string {
  const titles = Math.max(...Object.values(topics).map(({ title }) => title.length));
  const width = Math.max(columns - titles - 14, 40);
  const table = new Table({
    chars: borderless,
    style: { head: [], border: [], 'padding-left': 1, 'padding-right': 1 },
  });
  for (const { level, topic, reason, remedy } of findings) {
    const found = wrapped(limitText(reason, 4000), width).map((line) => (level === 'ok' ? paint.faint(line) : line));
    const wayOut = remedy === '' ? [] : wrapped(limitText(`→ ${remedy}`, 4000), width).map((line) => paint.faint(line));
    table.push([
      painted(level, paint)(level.padEnd(7)),
      topics[topic].title.padEnd(titles),
      [...found, ...wayOut].join('\n'),
    ]);
  }
  return table.toString().replaceAll(/ +$/gm, '');
}

/** Lines of at most that width; a resource id that is longer is broken, since a cut one is of no use. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((each) => each.match(new RegExp(`.{1,${width}}`, 'g')) ?? [])) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}

/** `2 problems, 1 warning, 3 info, 24 ok`, without what there is none of. */
function summary(counts: Checkup['counts'], paint: Paint): string {
  const words = levels
    .filter((level) => counts[level] > 0)
    .map((level) => painted(level, paint)(`${counts[level]} ${plural(level, counts[level])}`));
  return counts.problem > 0
    ? `${words.join(', ')}. Preflight would refuse a run.`
    : `No problem: ${words.join(', ')}. Preflight would let a run begin.`;
}

const plural = (level: Level, count: number): string =>
  level === 'ok' || level === 'info' || count === 1 ? level : `${level}s`;

const painted = (level: Level, paint: Paint): ((text: string) => string) =>
  ({ problem: paint.bad, warning: paint.unsure, info: paint.strong, ok: paint.good })[level];

const borderless = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
    'middle',
  ].map((name) => [name, '']),
) as Record<string, string>;
