import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Command, Option } from 'commander';
import { cliPage } from '../../scripts/cli-page.ts';
import { root } from '../../scripts/static-checks.ts';
import { createProgram } from '../../src/cli/program.ts';

const written = readFileSync(join(root, 'docs/cli.md'), 'utf8');
const help = 'how much of it; default: all that is there (HEPFLOW_AMOUNT)';

/** A program with every kind of thing that the page shows. */
function createSample(columns = 80): Command {
  const program = new Command('hepflow').description('a sample').version('1.2.3');
  program.configureOutput({ getOutHelpWidth: () => columns });
  program
    .command('eat <what> [more...]')
    .description('eat a|b of docs/report.md')
    .option('--amount <share>', help)
    .addOption(new Option('--how <way>', 'the way').choices(['fast', 'slow']).default('slow').env('HEPFLOW_HOW'))
    .addOption(new Option('--secret', 'not shown').hideHelp())
    .addHelpText('after', '\nExit codes: 0 eaten. docs/report.md tells more.');
  const group = program.command('box').description('only a name');
  group.command('open').description('open it').option('--wide', 'all the way');
  return program;
}

test('docs/cli.md is what the program says', () => {
  assert.equal(written, cliPage(), 'run: npm run docs');
});

test('every command of the program has its section, with each of its options', () => {
  const sections = new Map(written.split(/^## /m).map((section) => [section.slice(0, section.indexOf('\n')), section]));
  const visit = (command: Command, path: string): number =>
    command.commands.reduce((sum, each) => {
      const name = `${path} ${each.name()}`.trim();
      const section = sections.get(name) ?? '';
      for (const { flags } of each.options) assert.ok(section.includes(`| \`${flags}\` |`), `${name} ${flags}`);
      return sum + (section === '' ? 0 : 1) + visit(each, name);
    }, 0);
  assert.ok(visit(createProgram(''), '') >= 18);
});

test('default, choices and variable are told wherever the program has them', () => {
  const page = cliPage(createSample());
  for (const line of [
    '| [`eat`](#eat) | eat a\\|b of [report.md](report.md) |',
    '`hepflow eat <what> [more...]`: eat a\\|b of [report.md](report.md).',
    '| `--amount <share>` | how much of it | all that is there | `HEPFLOW_AMOUNT` |',
    '| `--how <way>` | the way (fast, slow) | slow | `HEPFLOW_HOW` |',
    'Exit codes: 0 eaten. [report.md](report.md) tells more.',
    '## box open',
    '| `HEPFLOW_HOW` | `--how` | eat |',
  ])
    assert.ok(page.includes(`${line}\n`), line);
  assert.doesNotMatch(page, /--secret|^## box$/m);
});

test('neither the width of the terminal nor the environment changes the page', (context) => {
  const page = cliPage(createSample(200));
  assert.equal(cliPage(createSample(20)), page);
  process.env['HEPFLOW_HOW'] = 'fast';
  context.after(() => delete process.env['HEPFLOW_HOW']);
  assert.equal(cliPage(createSample()), page);
});

test('every variable of hepflow that its sources read is on the page', () => {
  const sources = globSync('src/**/*.ts', { cwd: root }).map((file) => readFileSync(join(root, file), 'utf8'));
  const names = new Set(sources.flatMap((source) => source.match(/\bHEPFLOW_[A-Z_]+\b/g) ?? []));
  assert.ok(names.size > 10);
  for (const name of names) assert.ok(written.includes(`\`${name}\``), name);
});
