/** A lab, workers and the product's own commands, for end-to-end tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { type Lab, type LabOptions, startLab } from '../../lab/lab.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const exampleFile = join(root, 'examples/run.json');
const cli = join(root, 'src/cli/main.ts');

/** Output of a command that ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface World {
  readonly lab: Lab;
  readonly client: Client;
  /** Everything that workers printed. */
  readonly logs: string[];
  /** The product's worker, as a process of its own; resolves when it polls. */
  startWorker(env?: Record<string, string>): Promise<WorkerProcess>;
  /** `hepflow ARGS`. */
  hepflow(...args: string[]): Promise<Ended>;
  /** The genuine `temporal` CLI. */
  temporal(...args: string[]): Promise<Ended>;
  kubectl(...args: string[]): Promise<Ended>;
  /** The whole of Azure and the cluster, for comparison. */
  state(): Promise<{ azure: unknown; cluster: unknown }>;
  stop(): Promise<void>;
}

export interface WorkerProcess {
  readonly pid: number;
  /** SIGKILL: no grace, no cleanup. */
  kill(): Promise<void>;
  /** SIGTERM; the exit code. */
  terminate(): Promise<number | null>;
}

export async function startWorld(options: LabOptions = {}): Promise<World> {
  const lab = await startLab({ ui: false, ...options });
  const { TEMPORAL_ADDRESS: address = '', HEPFLOW_LAB_TOOLS: tools = '' } = lab.environment;
  const connection = await Connection.connect({ address });
  const logs: string[] = [];
  const workers = new Set<ChildProcess>();
  const env = { ...process.env, ...lab.environment };
  return {
    lab,
    client: new Client({ connection }),
    logs,
    startWorker: async (more = {}) => {
      const child = spawnWorker({ ...env, ...more });
      workers.add(child);
      void once(child, 'exit').then(() => workers.delete(child));
      return polling(child, logs);
    },
    hepflow: (...args) => run([process.execPath, cli, ...args], env),
    temporal: (...args) => run([join(tools, 'temporal'), ...args, '--address', address], env),
    kubectl: (...args) => run([join(tools, 'kubectl'), ...args], env),
    state: async () => ({ azure: lab.azure.inventory(), cluster: await lab.cluster.snapshot() }),
    stop: async () => {
      await Promise.all([...workers].map((child) => end(child, 'SIGKILL')));
      await connection.close();
      await lab.stop();
    },
  };
}

/** The command that starts a worker. */
export const workerCommand = [process.execPath, cli, 'worker'];

/** Dies with the test, however that ends. */
const spawnWorker = (env: NodeJS.ProcessEnv): ChildProcess =>
  spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...workerCommand], { env, stdio: ['ignore', 'pipe', 'pipe'] });

/** Resolves when the worker polls; rejects with its output when it ends before. */
async function polling(child: ChildProcess, logs: string[]): Promise<WorkerProcess> {
  const own: string[] = [];
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      logs.push(chunk.toString());
      own.push(chunk.toString());
      if (/Worker state changed.*RUNNING/.test(own.join(''))) resolve();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('close', (code) => reject(new Error(`the worker ended with ${code}:\n${own.join('').slice(-2000)}`)));
  });
  return {
    pid: child.pid ?? -1,
    kill: async () => void (await end(child, 'SIGKILL')),
    terminate: () => end(child, 'SIGTERM'),
  };
}

/** The exit code; null when the signal ended it. */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
    await once(child, 'exit');
  }
  return child.exitCode;
}

/** Runs a command to its end, whatever its exit code. */
export async function run(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ended> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
