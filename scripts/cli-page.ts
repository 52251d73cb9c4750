/** docs/cli.md: every command and option, from commander's own objects: its printed help depends on the terminal. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Argument, Command, Option } from 'commander';
import { exitCodes } from '../src/cli/exit-code.ts';
import { createProgram } from '../src/cli/program.ts';
import { root } from './static-checks.ts';

/** Commands that hand their arguments to a program of the checkout, which prints its own help. */
const programs: Readonly<Record<string, string>> = { lab: 'lab/main.ts', 'self-test': 'test/self-test/main.ts' };

const endings: Readonly<Record<keyof typeof exitCodes, string>> = {
  pass: 'every verdict is PASS, and nothing is left behind',
  fail: 'at least one verdict is FAIL',
  inconclusive: 'INCONCLUSIVE',
  couldNotRun:
    'the run could not be carried out, or was cancelled; the command line is wrong; Temporal did not answer; ' +
    'the program crashed',
  leftBehind: 'something is left behind, whatever the verdicts; the commands that remove it are printed',
  underWay: '`report`: the run is still under way',
  detached: '`run`, `watch` and `sweep`: Ctrl-C left the workflow running',
  readerGone: 'the reader of the output went away, such as `head`',
};

/** Who else reads the variable of an option. */
const alsoReadBy: Readonly<Record<string, readonly string[]>> = {
  HEPFLOW_KEY_SECRET_FILE: ['ssh'],
  HEPFLOW_PAYLOAD_KEY: ['codec-server', 'every command that asks Temporal'],
  HEPFLOW_SSH_PROXY: ['ssh'],
};

/** Variables that belong to no option. */
const furtherVariables = [
  ['`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_PROFILE`, ...', 'worker, every command that asks Temporal'],
  ['`AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET`, ...', 'doctor, worker'],
  ['`HEPFLOW_TOOLS`: a folder with the programs of the lab, which are built without it', 'lab, self-test'],
  ['`NO_COLOR`', 'every command that prints tables'],
] as const;

/** The page of a program: by default hepflow's. */
export function cliPage(program: Command = createProgram('')): string {
  const commands = commandsBelow(program);
  return [
    '# Commands',
    '',
    'Generated from `src/cli/program.ts` by `npm run docs`; a test compares them.',
    '',
    'From a checkout: `npm run --silent hepflow -- COMMAND`. Every command knows `--help`, and `hepflow --version`',
    'prints the version. `--json` gives scripts what people get as tables.',
    '',
    ...notesOf(program).flatMap((note) => [note, '']),
    '| command | what it does |',
    '|---|---|',
    ...commands.map((each) => `| [\`${nameOf(each)}\`](#${slugOf(nameOf(each))}) | ${cell(each.description())} |`),
    ...commands.flatMap(sectionOf),
    '',
    '## Exit codes',
    '',
    'Of `run`, `watch` and `report`. A command with other codes names them in its section; `ssh` ends as the OpenSSH',
    'client does; every other command ends with 0, or with 3 when it could not do what it was asked for.',
    '',
    '| code | when |',
    '|---|---|',
    ...Object.entries(exitCodes).map(([name, code]) => `| ${code} | ${endings[name as keyof typeof exitCodes]} |`),
    '',
    '## Variables',
    '',
    'A flag overrides its variable, which overrides the file of `--config`.',
    '',
    '| variable | flag | commands |',
    '|---|---|---|',
    ...variableRows(commands),
    ...furtherVariables.map(([variable, users]) => `| ${variable} | | ${users} |`),
    '',
  ].join('\n');
}

/** All commands with something to run, in the order of the help, a command before its own. */
const commandsBelow = (command: Command): Command[] =>
  command.commands.flatMap((each) => (isGroup(each) ? commandsBelow(each) : [each, ...commandsBelow(each)]));

/** A command that is there for the commands below it. */
const isGroup = (command: Command): boolean => command.commands.length > 0 && command.registeredArguments.length === 0;

function sectionOf(command: Command): string[] {
  const options = command.options.filter(({ hidden }) => !hidden);
  const program = programs[command.name()];
  return [
    '',
    `## ${nameOf(command)}`,
    '',
    `\`${usageOf(command)}\`: ${cell(command.description())}.`,
    ...(options.length === 0 ? [] : ['', '| option | meaning | default | variable |', '|---|---|---|---|']),
    ...options.map(rowOf),
    ...(program === undefined ? [] : ['', '```', helpOf(program), '```']),
    ...notesOf(command).flatMap((note) => ['', note]),
  ];
}

const nameOf = (command: Command): string =>
  command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
const slugOf = (name: string): string => name.replaceAll(' ', '-');

/** Commander's own usage, without the options and commands that the page lists. */
const usageOf = (command: Command): string =>
  ['hepflow', nameOf(command), ...command.registeredArguments.map(placeholderOf)].join(' ');

const placeholderOf = (argument: Argument): string => {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
};

function rowOf(option: Option): string {
  const { meaning, fallback, variable } = partsOf(option);
  return `| \`${option.flags}\` | ${cell(meaning)} | ${cell(fallback)} | ${variable && `\`${variable}\``} |`;
}

interface Parts {
  readonly meaning: string;
  readonly fallback: string;
  readonly variable: string;
}

/** Default and variable as commander knows them, or else as the help text ends: `...; default: X (VARIABLE)`. */
function partsOf({ description, argChoices, defaultValue, envVar }: Option): Parts {
  const ending = /^(?<meaning>.*?)(?:; default: (?<fallback>.*?))?(?: \((?<variable>[A-Z]+_[A-Z_]+)\))?$/s;
  const { meaning = '', fallback = '', variable = '' } = ending.exec(description)?.groups ?? {};
  return {
    meaning: argChoices === undefined ? meaning : `${meaning} (${argChoices.join(', ')})`,
    fallback: defaultValue === undefined ? fallback : String(defaultValue),
    variable: envVar ?? variable,
  };
}

/** A row for each variable: its flag, and the commands that read it. */
function variableRows(commands: readonly Command[]): string[] {
  const uses = commands.flatMap((command) =>
    command.options.map((option) => ({ command: nameOf(command), flag: option.long, ...partsOf(option) })),
  );
  const byVariable = Map.groupBy(uses, ({ variable }) => variable);
  byVariable.delete('');
  return [...byVariable].map(([variable, users]) => {
    const readers = [...users.map(({ command }) => command), ...(alsoReadBy[variable] ?? [])];
    return `| \`${variable}\` | \`${users[0]?.flag}\` | ${readers.join(', ')} |`;
  });
}

/** What `addHelpText` adds below the help; pages that it names become links. */
function notesOf(command: Command): string[] {
  const written: string[] = [];
  command.configureOutput({ writeOut: (text) => void written.push(text) }).outputHelp();
  const [, ...added] = written; // the first is the help itself
  const lines = added.join('').split('\n').filter(Boolean);
  return lines.map((line) => line.replaceAll(/docs\/(\w+\.md)/g, '[$1]($1)'));
}

const helpOf = (program: string): string =>
  execFileSync(process.execPath, [join(root, program), '--help'], { encoding: 'utf8' }).trimEnd();

/** Text as a table's cell or a sentence holds it: `|` would end the cell, `<` would begin HTML. */
const cell = (text: string): string =>
  text
    .replaceAll('|', '\\|')
    .replaceAll('<', '\\<')
    .replaceAll(/docs\/(\w+\.md)/g, '[$1]($1)');
