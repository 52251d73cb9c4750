/** A lab, a worker and the product's own commands, for end-to-end tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { startLab, type Lab, type LabOptions } from '../../lab/lab.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const exampleFile = join(root, 'examples/run.json');

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
  /** The product's worker, as a process of its own. */
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
  const connection = await Connection.connect({ address: lab.environment.TEMPORAL_ADDRESS ?? '' });
  const client = new Client({ connection });
  const logs: string[] = [];
  const workers = new Set<ChildProcess>();
  const env = { ...process.env, ...lab.environment };
  const tools = lab.environment.HEPFLOW_LAB_TOOLS ?? '';
  const node = process.execPath;
  const startWorker = async (more: Record<string, string> = {}): Promise<WorkerProcess> => {
    const child = spawn(node, [join(root, 'src/cli/main.ts'), 'worker'], { env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] });
    workers.add(child);
    const exited = once(child, 'exit');
    void exited.then(() => workers.delete(child));
    await new Promise<void>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        logs.push(chunk.toString());
        if (logs.join('').includes('Worker state changed') && /RUNNING/.test(logs.join(''))) resolve();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      void exited.then(([code]) => reject(new Error(`the worker ended with ${code}:\n${logs.join('').slice(-2000)}`)));
    });
    const end = async (signal: NodeJS.Signals): Promise<number | null> => {
      child.kill(signal);
      return ((await exited) as [number | null])[0];
    };
    return { pid: child.pid ?? -1, kill: async () => void (await end('SIGKILL')), terminate: () => end('SIGTERM') };
  };
  return {
    lab,
    client,
    logs,
    startWorker,
    hepflow: (...args) => run([node, join(root, 'src/cli/main.ts'), ...args], env),
    temporal: (...args) => run([join(tools, 'temporal'), ...args, '--address', lab.environment.TEMPORAL_ADDRESS ?? ''], env),
    kubectl: (...args) => run([join(tools, 'kubectl'), ...args], env),
    state: async () => ({ azure: lab.azure.inventory(), cluster: await lab.cluster.snapshot() }),
    stop: async () => {
      for (const child of workers) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      await connection.close();
      await lab.stop();
    },
  };
}

/** Runs a command to its end, whatever its exit code. */
export async function run(command: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
