/**
 * `lab up | down | status | env | serve`: a lab in the background. Prints nothing to stdout but the environment;
 * progress goes to stderr.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { flavourNames, isFlavour } from './calico/flavours.ts';
import type { LabOptions } from './lab.ts';
import { cleanUpDeadLabs, labsDirectory } from './leftovers.ts';
import { readTail } from './process/child.ts';

const usage = `Usage: lab up [--calico ${flavourNames.join('|')}] [--calico-pace fast|calico]
              [--azure-pace fast|azure] [--foreground]
       lab env [ID] | lab status | lab down [ID]

up      starts a lab and prints its environment, KEY=value a line
env     prints the environment of a running lab
status  lists running labs
down    takes a lab down (all labs that run, when no ID is given) and removes every trace
`;

const options = {
  calico: { type: 'string', default: 'oss' },
  'calico-pace': { type: 'string', default: 'calico' },
  'azure-pace': { type: 'string', default: 'fast' },
  foreground: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [verb = '', id] = positionals;
  if (values.help || verb === '') return print(usage, 0);
  const { calico, 'calico-pace': calicoPace, 'azure-pace': pace } = values;
  if (!isFlavour(calico) || (pace !== 'fast' && pace !== 'azure'))
    return printError(
      `--calico is one of ${flavourNames.join(', ')}, --azure-pace fast or azure; got ${calico} and ${pace}`,
      3,
    );
  if (calicoPace !== 'fast' && calicoPace !== 'calico')
    return printError(`--calico-pace is fast or calico; got ${calicoPace}`, 3);
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return printError('The lab needs Linux and root: it makes network namespaces.', 3);
  if (verb === 'up' && !values.foreground)
    return startInBackground(process.argv.slice(2).filter((arg) => arg !== 'up'));
  if (verb === 'up' || verb === 'serve') return serve({ calico, calicoPace, pace });
  if (verb === 'env') return printEnvironment(id);
  if (verb === 'status')
    return print(
      (await listRunningLabs())
        .map((lab) => `${lab.id}\tpid ${lab.pid}`)
        .join('\n')
        .concat('\n')
        .trimStart(),
      0,
    );
  if (verb === 'down') return takeDown(id);
  return printError(`unknown command ${verb}\n${usage}`, 3);
}

/** Runs the lab in this process until TERM or INT. */
async function serve(choice: Pick<LabOptions, 'calico' | 'calicoPace' | 'pace'>): Promise<number> {
  const stopWanted = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  const { startLab } = await import('./lab.ts'); // with all its parts, which the other commands need not load
  const lab = await startLab({ ...choice, onProgress: (line) => printError(line, 0) });
  const text = formatEnvironment(lab.environment);
  await writeFile(join(lab.scope.directory, 'environment.tmp'), text, { mode: 0o600 });
  await rename(join(lab.scope.directory, 'environment.tmp'), join(lab.scope.directory, 'environment'));
  print(text, 0);
  await stopWanted;
  await lab.stop();
  return 0;
}

/** Starts a lab in a process of its own, and waits until it is ready. */
async function startInBackground(args: readonly string[]): Promise<number> {
  mkdirSync(labsDirectory, { recursive: true });
  const logFile = join(labsDirectory, `.start-${process.pid}.log`);
  const log = openSync(logFile, 'w');
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'serve', ...args], {
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let shown = '';
  while (child.exitCode === null && child.signalCode === null) {
    const text = await readFile(logFile, 'utf8');
    const fresh = text
      .slice(shown.length)
      .split('\n')
      .filter((line) => line && !/^[A-Z_]+=/.test(line));
    for (const line of fresh) printError(line, 0);
    shown = text.slice(0, text.lastIndexOf('\n') + 1);
    const lab = (await listRunningLabs()).find(({ pid }) => pid === child.pid);
    if (lab !== undefined && lab.environment !== '') {
      child.unref();
      await rename(logFile, join(labsDirectory, lab.id, 'logs', 'lab.log')); // is removed with the lab
      return print(lab.environment, 0);
    }
    await sleep(50);
  }
  const output = readTail(logFile);
  await rm(logFile);
  return printError(`The lab did not start:\n${output}`, 3);
}

interface Running {
  readonly id: string;
  readonly pid: number;
  /** Empty until the lab is ready. */
  readonly environment: string;
}

async function listRunningLabs(): Promise<Running[]> {
  const labs: Running[] = [];
  for (const id of (await readdir(labsDirectory).catch(() => [])).filter((name) => !name.startsWith('.'))) {
    const record = await readFile(join(labsDirectory, id, 'lab.json'), 'utf8').catch(() => undefined);
    if (record === undefined) continue;
    const environment = await readFile(join(labsDirectory, id, 'environment'), 'utf8').catch(() => '');
    labs.push({ id, pid: (JSON.parse(record) as { pid: number }).pid, environment });
  }
  return labs;
}

async function printEnvironment(id: string | undefined): Promise<number> {
  const labs = (await listRunningLabs()).filter((lab) => lab.environment !== '' && (id === undefined || lab.id === id));
  const [lab, another] = labs;
  if (lab === undefined)
    return printError(
      id === undefined ? 'No lab is running; start one: hepflow lab up' : `No lab ${id} is running.`,
      3,
    );
  if (another !== undefined)
    return printError(`Several labs are running; name one: ${labs.map((one) => one.id).join(', ')}`, 3);
  return print(lab.environment, 0);
}

async function takeDown(id: string | undefined): Promise<number> {
  await cleanUpDeadLabs();
  const labs = (await listRunningLabs()).filter((lab) => lab.environment !== '' && (id === undefined || lab.id === id));
  if (labs.length === 0 && id !== undefined) return printError(`No lab ${id} is running.`, 3);
  for (const lab of labs) {
    process.kill(lab.pid, 'SIGTERM');
    // Its record may go before the rest of its folder does.
    while (existsSync(join(labsDirectory, lab.id))) {
      await sleep(50);
      await cleanUpDeadLabs();
    }
    printError(`lab ${lab.id} is down`, 0);
  }
  return 0;
}

const formatEnvironment = (environment: Readonly<Record<string, string>>): string =>
  Object.entries(environment)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

function print(text: string, code: number): number {
  process.stdout.write(text);
  return code;
}

function printError(text: string, code: number): number {
  process.stderr.write(`${text}\n`);
  return code;
}

process.exitCode = await main().catch((error: unknown) =>
  printError(error instanceof Error ? error.message : String(error), 3),
);
