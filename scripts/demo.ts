/** The main job against a lab on this machine; scripts/demo is its front door and has the help. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { labelNode2Signal, type Progress, progressQuery } from '../src/contract/messages.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const hepflow = join(root, 'src/cli/main.ts');

const options = {
  'second-node': { type: 'string', default: 'on-signal' },
  report: { type: 'string' },
  keep: { type: 'boolean', default: false },
  calico: { type: 'string', default: 'oss' },
  'azure-pace': { type: 'string', default: 'fast' },
} as const;
const choices: Partial<Record<keyof typeof options, readonly string[]>> = {
  'second-node': ['on-signal', 'always', 'never'],
  calico: ['oss', 'cloud'],
  'azure-pace': ['fast', 'azure'],
};

type Choice = ReturnType<typeof parse>;

function parse() {
  const { values } = parseArgs({ options });
  for (const [name, allowed] of Object.entries(choices)) {
    const value = String(values[name as keyof typeof values]);
    if (!allowed.includes(value)) throw new Error(`--${name} is one of ${allowed.join(', ')}; got ${value}. scripts/demo --help lists the options.`);
  }
  return values;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function demo(choice: Choice): Promise<number> {
  say('Starting the lab: network, Azure, Kubernetes, Calico stand-in, Temporal');
  const environment = await labUp(choice);
  const env = { ...process.env, ...environment };
  const worker = startWorker(env, environment);
  try {
    const id = (await output([hepflow, 'run', '--file', join(root, 'examples/run.yaml'), '--second-node', choice['second-node'], '--detach'], env)).trim();
    say(`Web UI: ${environment.HEPFLOW_LAB_UI}/namespaces/default/workflows/${id}\n`);
    const watching = inherit([hepflow, 'watch', id], env);
    if (choice['second-node'] === 'on-signal') await sendSignal(id, environment, watching.ended);
    const code = await watching.ended;
    if (choice.report !== undefined) {
      await inherit([hepflow, 'report', id, '--format', 'json', '--output', choice.report], env).ended;
      say(`The report is in ${choice.report}.`);
    }
    if (choice.keep) say(howToPlay(environment, worker));
    return code;
  } finally {
    if (!choice.keep) await takeDown(worker, env, environment.HEPFLOW_LAB ?? '');
  }
}

async function labUp(choice: Choice): Promise<Record<string, string>> {
  const text = await output([join(root, 'lab/main.ts'), 'up', '--calico', choice.calico, '--azure-pace', choice['azure-pace']], process.env);
  return Object.fromEntries(
    text.split('\n').flatMap((line) => (line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [])),
  );
}

/** In a process group of its own, so that Ctrl-C reaches the demo and not the worker that has to clean up. */
function startWorker(env: NodeJS.ProcessEnv, environment: Record<string, string>): ChildProcess {
  const log = openSync(`/run/hepflow-lab/${environment.HEPFLOW_LAB}/logs/worker.log`, 'a');
  const worker = spawn(process.execPath, [hepflow, 'worker'], { env, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  worker.unref();
  return worker;
}

/** Sends the signal for node 2 once the run waits for it; gives up when the run ends first. */
async function sendSignal(id: string, environment: Record<string, string>, ended: Promise<unknown>): Promise<void> {
  const connection = await Connection.connect({ address: environment.TEMPORAL_ADDRESS ?? '' });
  const handle = new Client({ connection }).workflow.getHandle(id);
  let over = false;
  void ended.then(() => (over = true));
  while (!over) {
    const phase = await handle.query<Progress>(progressQuery).then(
      (progress) => progress.phase,
      () => undefined,
    );
    if (phase === 'awaiting-second-node') {
      await handle.signal(labelNode2Signal);
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await connection.close();
}

async function takeDown(worker: ChildProcess, env: NodeJS.ProcessEnv, lab: string): Promise<void> {
  say('Taking everything down');
  if (worker.exitCode === null && worker.signalCode === null) {
    worker.kill('SIGTERM');
    await once(worker, 'exit');
  }
  await inherit([join(root, 'lab/main.ts'), 'down', lab], env).ended;
}

function howToPlay(environment: Record<string, string>, worker: ChildProcess): string {
  const tools = environment.HEPFLOW_LAB_TOOLS ?? '';
  return `
Everything is still running (worker: pid ${worker.pid}). In this shell:

  set -a; eval "$(npm run --silent hepflow -- lab env)"; set +a; export PATH=${tools}:$PATH

  temporal workflow start --type verifyHostEndpoints --task-queue hepflow --workflow-id mine --input-file examples/run.json
  temporal workflow signal --name labelNode2 --workflow-id mine
  npm run --silent hepflow -- watch mine
  npm run --silent hepflow -- ssh mine        # while its VM lives
  kubectl get heps
  Web UI: ${environment.HEPFLOW_LAB_UI}

To end it:  kill ${worker.pid}; npm run --silent hepflow -- lab down ${environment.HEPFLOW_LAB}`;
}

function inherit(args: readonly string[], env: NodeJS.ProcessEnv): { readonly ended: Promise<number> } {
  const child = spawn(process.execPath, args, { env, stdio: 'inherit' });
  return { ended: once(child, 'exit').then(([code]) => (code as number | null) ?? 3) };
}

async function output(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${args.join(' ')} ended with exit code ${code}`);
  return text;
}

process.exitCode = await Promise.resolve()
  .then(() => demo(parse()))
  .catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    return 3;
  });
