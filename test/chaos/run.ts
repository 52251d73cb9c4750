/** `npm run test:chaos`: every cell of the matrix, one after the other; prints a table; exit code 1 when a cell failed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { type CellResult, type ChaosWorld, startChaosWorld } from './harness.ts';
import { type Cell, inCi, matrix } from './matrix.ts';
import { lineOf, markdownOf } from './table.ts';

const usage = `Usage: npm run test:chaos -- [--only PATTERN] [--ci] [--labs N] [--output FILE] [--list]

--only    cells whose name matches this regular expression
--ci      the part that CI runs
--labs    labs side by side; default 1
--output  writes the table as Markdown
--list    prints the names of the cells and ends
`;

const options = {
  only: { type: 'string', default: '' },
  ci: { type: 'boolean', default: false },
  labs: { type: 'string', default: '1' },
  output: { type: 'string' },
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
  const waiting = [...cells];
  const results: CellResult[] = [];
  await Promise.all(Array.from({ length: Math.min(Number(values.labs), cells.length) }, () => lane(waiting, results)));
  results.sort((a, b) => cells.indexOf(a.cell) - cells.indexOf(b.cell));
  const table = markdownOf(results, { startedAt, endedAt: new Date(), command: commandLine() });
  print(`\n${table}`);
  if (values.output !== undefined) {
    mkdirSync(dirname(values.output), { recursive: true });
    writeFileSync(values.output, table);
  }
  return results.length === cells.length && results.every(isGood) ? 0 : 1;
}

/** Takes cells as long as there are any; a lab that is not as it was is followed by a fresh one. */
async function lane(waiting: Cell[], results: CellResult[]): Promise<void> {
  let world: ChaosWorld | undefined;
  try {
    for (let cell = waiting.shift(); cell !== undefined; cell = waiting.shift()) {
      world ??= await startChaosWorld();
      const result = await world.run(cell);
      results.push(result);
      print(`${results.length}/${cells.length} ${lineOf(result)}`);
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

const isGood = ({ survived, leaked, duplicates, falsePasses }: CellResult): boolean => survived && leaked.length + duplicates.length + falsePasses.length === 0;
