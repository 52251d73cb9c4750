/**
 * `hepflow self-test`: breaks a lab in every known way, runs the product in it, and prints whether the report told the
 * truth.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from '../../scripts/bundle.ts';
import { type Result, type SelfTest, startSelfTest } from './harness.ts';
import type { Mutation } from './mutation.ts';
import { mutations } from './mutations.ts';
import { formatKillRate, formatLine, formatMarkdown } from './table.ts';

const usage = `Usage: hepflow self-test [--only NAME]... [--labs N] [--json] [--results FILE] [--list]

Breaks a lab in every known way, runs the product in it, and compares outcome, verdict and sentence with the expected ones.

--only     this mutation; several times for several
--labs     labs side by side; default 1
--json     prints one JSON document, with each run's report, instead of the table
--results  writes the table as Markdown
--list     prints the names of the mutations and what each breaks, and ends

Exit codes: 0 all are killed, 1 one survived, 3 could not run.
`;

const options = {
  only: { type: 'string', multiple: true },
  labs: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
  results: { type: 'string' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (text: string): void => void process.stdout.write(text);

async function main(): Promise<number> {
  const { values } = parseArgs({ options });
  if (values.help) return end(usage);
  if (values.list) return end(mutations.map(({ name, breaks }) => `${name}: ${breaks}\n`).join(''));
  const unknown = (values.only ?? []).find((name) => mutations.every((each) => each.name !== name));
  if (unknown !== undefined) return refuse(`There is no mutation ${unknown}; hepflow self-test --list names them.`);
  const labs = Number(values.labs);
  if (!Number.isInteger(labs) || labs < 1) return refuse(`--labs is a number from 1 on; got ${values.labs}.`);
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return refuse('The self-test needs Linux and root: its lab makes network namespaces.');
  const chosen = mutations.filter(({ name }) => values.only === undefined || values.only.includes(name));
  await bundle();
  const startedAt = new Date();
  const results = await runAll(chosen, labs);
  const command = ['hepflow self-test', ...process.argv.slice(2)].join(' ');
  const table = formatMarkdown(results, { command, startedAt, endedAt: new Date() });
  if (values.results !== undefined) {
    mkdirSync(dirname(values.results), { recursive: true });
    writeFileSync(values.results, table);
  }
  const all = results.length === chosen.length && results.every(({ killed }) => killed);
  const plain = results.map(({ mutation: { name, breaks, expected }, ...rest }) => ({
    name,
    breaks,
    expected: { ...expected, sentence: String(expected.sentence) },
    ...rest,
  }));
  print(
    values.json
      ? `${JSON.stringify({ killed: all, results: plain }, null, 2)}\n`
      : `\n${table}\n${formatKillRate(results)}\n`,
  );
  return all ? 0 : 1;
}

/** In order of the table, whichever lab took them. An interruption takes the labs down and rejects. */
async function runAll(chosen: readonly Mutation[], labs: number): Promise<readonly Result[]> {
  const waiting = [...chosen];
  const results: Result[] = [];
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted.abort());
  const lane = async (): Promise<void> => {
    let selfTest: SelfTest | undefined;
    try {
      for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
        selfTest ??= await startSelfTest(interrupted.signal);
        const result = await selfTest.run(mutation);
        results.push(result);
        say(`${results.length}/${chosen.length} ${formatLine(result)}`);
        if (result.labIsClean) continue;
        await selfTest.stop();
        selfTest = undefined;
      }
    } finally {
      await selfTest?.stop();
    }
  };
  await Promise.all(Array.from({ length: Math.min(labs, chosen.length) }, lane));
  return results.toSorted((a, b) => chosen.indexOf(a.mutation) - chosen.indexOf(b.mutation));
}

function end(text: string): number {
  print(text);
  return 0;
}

function refuse(text: string): number {
  say(text);
  return 3;
}

process.exitCode = await main().catch((error: unknown) =>
  refuse(error instanceof Error ? error.message : String(error)),
);
