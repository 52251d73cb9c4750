/**
 * `npm run test:chaos`: every cell of the matrix, one after the other; prints a table; exit code 1 when a cell failed.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { type CellResult, type ChaosWorld, startChaosWorld } from './harness.ts';
import { type Cell, inCi, matrix, spread } from './matrix.ts';
import { formatLine, formatMarkdown } from './table.ts';

const usage = `Usage: npm run test:chaos -- [--only PATTERN] [--ci] [--labs N] [--resume FILE] [--limit N] [--output FILE] [--list]

--only    cells whose name matches this regular expression
--ci      the part that CI runs
--labs    labs side by side; default 1
--resume  keeps each result in FILE, a JSON line a cell, and does not run again what is good there; remove it after a change of the product
--limit   at most N cells now; 0: only the table of what was resumed
--output  writes the table as Markdown, anew after every cell
--list    prints the names of the cells and ends
`;

const options = {
  only: { type: 'string', default: '' },
  ci: { type: 'boolean', default: false },
  labs: { type: 'string', default: '1' },
  output: { type: 'string' },
  resume: { type: 'string' },
  limit: { type: 'string', default: 'Infinity' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const { values } = parseArgs({ options });
const pattern = new RegExp(values.only);
const cells = matrix.filter(({ name }) => pattern.test(name) && (!values.ci || inCi.includes(name)));
const print = (text: string): void => void process.stdout.write(`${text}\n`);

if (values.help) print(usage);
else if (values.list) print(cells.map(({ name }) => name).join('\n'));
else process.exitCode = await main();

async function main(): Promise<number> {
  const startedAt = new Date();
  const results = resumed();
  const waiting = spread(cells.filter((cell) => !results.some((result) => result.cell === cell))).slice(
    0,
    Number(values.limit),
  );
  const earlier = results.length;
  const table = (): string => {
    const ordered = results.toSorted((a, b) => cells.indexOf(a.cell) - cells.indexOf(b.cell));
    return formatMarkdown(ordered, {
      startedAt,
      endedAt: new Date(),
      command: commandLine(),
      planned: cells.length,
      earlier,
    });
  };
  const save = (result: CellResult): void => {
    if (values.resume !== undefined) appendFileSync(values.resume, `${JSON.stringify(result)}\n`);
    write();
  };
  const write = (): void => {
    if (values.output === undefined) return;
    mkdirSync(dirname(values.output), { recursive: true });
    writeFileSync(values.output, table());
  };
  await Promise.all(
    Array.from({ length: Math.min(Number(values.labs), waiting.length) }, () => lane(waiting, results, save)),
  );
  write();
  print(`\n${table()}`);
  return results.length === cells.length && results.every(isGood) ? 0 : 1;
}

/** Good results of an earlier pass. */
function resumed(): CellResult[] {
  if (values.resume === undefined || !existsSync(values.resume)) return [];
  const lines = readFileSync(values.resume, 'utf8').trim().split('\n');
  const found = lines.filter(Boolean).map((line) => JSON.parse(line) as CellResult);
  return cells.flatMap((cell) => {
    const result = found.findLast(({ cell: { name } }) => name === cell.name);
    return result !== undefined && isGood(result) ? [{ ...result, cell }] : [];
  });
}

/** Takes cells as long as there are any; a lab that is not as it was is followed by a fresh one. */
async function lane(waiting: Cell[], results: CellResult[], save: (result: CellResult) => void): Promise<void> {
  let world: ChaosWorld | undefined;
  try {
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      world ??= await startChaosWorld();
      const result = await world.run(cell);
      results.push(result);
      save(result);
      print(`${results.length}/${cells.length} ${formatLine(result)}`);
      if (result.labIsClean) continue;
      await world.stop();
      world = undefined;
    }
  } finally {
    await world?.stop();
  }
}

function commandLine(): string {
  const rest = process.argv.slice(2).join(' ');
  return `npm run test:chaos${rest && ` -- ${rest}`}`;
}

function isGood({ survived, leaked, duplicates, falsePasses }: CellResult): boolean {
  return survived && leaked.length + duplicates.length + falsePasses.length === 0;
}
