/** The demo itself, called by scripts/demo, which documents the options. Runs in the order of `main`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { createWorkflowId, withTemporal } from '../src/cli/temporal.ts';
import { labelNode2Signal, type Progress, progressQuery } from '../src/contract/messages.ts';
import { playground } from './playground.ts';

const root = dirname(import.meta.dirname);
const hepflow = join(root, 'src', 'cli', 'main.ts');
const say = (line: string): void => console.error(line);

const { values: options } = parseArgs({
  options: {
    'second-node': { type: 'string', default: 'on-signal' },
    report: { type: 'string', default: 'report.json' },
    calico: { type: 'string', default: 'oss' },
    'calico-pace': { type: 'string', default: 'calico' },
    'azure-pace': { type: 'string', default: 'fast' },
    keep: { type: 'boolean', default: false },
  },
});

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());
process.exitCode = await main();

async function main(): Promise<number> {
  const startedAt = Date.now();
  const undo: (() => Promise<void>)[] = [];
  let code = 3;
  try {
    const environment = await startLab(undo);
    Object.assign(process.env, environment);
    const worker = await startWorker(environment, undo);
    code = await runOnce(environment, worker);
    if (options.keep && !interrupted.signal.aborted) {
      undo.length = 0;
      worker.unref();
      console.log(await playground(environment, worker.pid ?? 0));
    }
  } catch (error) {
    if (!interrupted.signal.aborted) say((error as Error).message);
  }
  for (const step of undo.reverse()) await step().catch((error: Error) => say(error.message));
  if (interrupted.signal.aborted) say('Interrupted; everything was taken down.');
  else say(`Done in ${Math.round((Date.now() - startedAt) / 1000)} s.`);
  return interrupted.signal.aborted ? 130 : code;
}

/** The lab's environment. The lab runs in a process of its own; its undo is `lab down`. */
async function startLab(undo: (() => Promise<void>)[]): Promise<Record<string, string>> {
  const lab = spawn(
    process.execPath,
    [
      ...[hepflow, 'lab', 'up', '--calico', options.calico],
      ...['--calico-pace', options['calico-pace'], '--azure-pace', options['azure-pace']],
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines: string[] = [];
  lab.stdout.setEncoding('utf8').on('data', (text: string) => lines.push(text));
  const [code] = (await once(lab, 'close')) as [number | null];
  const environment = Object.fromEntries(
    [...lines.join('').matchAll(/^([A-Z_]+)=(.*)$/gm)].map((match) => [match[1], match[2]]),
  );
  const id = environment['HEPFLOW_LAB'];
  if (code !== 0 || id === undefined) throw new Error('The lab did not start.');
  undo.push(async () => {
    say('Taking the lab down …');
    await ended(
      spawn(process.execPath, [hepflow, 'lab', 'down', id], { stdio: ['ignore', 'ignore', 'inherit'], detached: true }),
    );
  });
  interrupted.signal.throwIfAborted();
  return environment;
}

/** A worker in the background, deaf to Ctrl-C, with its log in .hepflow/worker.log. */
async function startWorker(environment: Record<string, string>, undo: (() => Promise<void>)[]): Promise<ChildProcess> {
  const logFile = join(root, '.hepflow', 'worker.log');
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w', 0o600);
  const worker = spawn(process.execPath, [hepflow, 'worker'], {
    stdio: ['ignore', log, log],
    detached: true,
    env: { ...process.env, ...environment },
  });
  closeSync(log);
  undo.push(async () => {
    if (worker.exitCode !== null || worker.signalCode !== null) return;
    worker.kill('SIGTERM');
    // the lab goes with it: nothing is worth waiting for
    const patience = setTimeout(() => worker.kill('SIGKILL'), 5000);
    await once(worker, 'exit');
    clearTimeout(patience);
  });
  worker.once('exit', (code) => {
    if (code !== 0 && code !== null)
      say(
        'The worker ended with exit code ' +
          `${code}:\n${readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-10).join('\n')}`,
      );
  });
  await untilItPolls(worker, logFile);
  say('worker ready');
  return worker;
}

/** The worker says in its log that it polls. */
async function untilItPolls(worker: ChildProcess, logFile: string): Promise<void> {
  while (!readFileSync(logFile, 'utf8').includes('"state":"RUNNING"')) {
    if (worker.exitCode !== null || worker.signalCode !== null) throw new Error('The worker did not start.');
    interrupted.signal.throwIfAborted();
    await sleep(50);
  }
}

/** Starts and follows the run by the CLI; sends the signal when the run waits for it. Gives the run's exit code. */
async function runOnce(environment: Record<string, string>, worker: ChildProcess): Promise<number> {
  const id = createWorkflowId('lab');
  const args = [
    'run',
    '--file',
    join(root, 'examples', 'run.yaml'),
    '--id',
    id,
    '--second-node',
    options['second-node'],
    '--report',
    resolve(options.report),
  ];
  say(`Web UI: ${environment['HEPFLOW_LAB_UI']}/namespaces/${environment['TEMPORAL_NAMESPACE']}/workflows/${id}`);
  const run = spawn(process.execPath, [hepflow, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  const over = new AbortController();
  worker.once('exit', () => run.kill('SIGINT'));
  const signalling = options['second-node'] === 'on-signal' ? signalWhenAwaited(id, over.signal) : Promise.resolve();
  const code = await ended(run);
  over.abort();
  await signalling;
  return code;
}

async function signalWhenAwaited(workflowId: string, over: AbortSignal): Promise<void> {
  await withTemporal(async (client) => {
    const handle = client.workflow.getHandle(workflowId);
    while (!over.aborted) {
      const progress = await handle.query<Progress>(progressQuery).catch(() => undefined); // not started yet, or over
      if (progress?.stage === 'waiting') return handle.signal(labelNode2Signal);
      await sleep(300, undefined, { signal: over }).catch(() => {});
    }
  }).catch((error: Error) => say(`The signal for the second node was not sent: ${error.message}`));
}

async function ended(child: ChildProcess): Promise<number> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 3;
}
