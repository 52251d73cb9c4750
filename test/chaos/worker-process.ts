/** The harness's side of a worker under test. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type FromWorker, type Order, orderVariable, type ToWorker } from './points.ts';

export interface ChaosWorker {
  /** Resolves when the ordered moment has come; rejects when the worker ends before, as it does when the order is to die. */
  readonly reached: Promise<void>;
  /** Lets a worker that told of its moment go on. */
  go(): void;
  /** Resolves with the signal that ended it, or null. */
  readonly ended: Promise<NodeJS.Signals | null>;
  /** The last of what it printed. */
  output(): string;
  kill(): Promise<void>;
}

const program = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** Starts a worker as a process of its own, since Node reads NODE_EXTRA_CA_CERTS only then; resolves when it polls. */
export async function startChaosWorker(
  environment: Readonly<Record<string, string>>,
  order?: Order,
): Promise<ChaosWorker> {
  const { NODE_TEST_CONTEXT: _test, ...inherited } = process.env;
  const ordered = order === undefined ? {} : { [orderVariable]: JSON.stringify(order) };
  const child = fork(program, {
    env: { ...inherited, ...environment, ...ordered },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  const output = (): string => printed.join('').slice(-3000);
  const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
  const heard = (awaited: FromWorker): Promise<void> =>
    new Promise((resolve) => child.on('message', (message: FromWorker) => void (message === awaited && resolve())));
  const gone = ended.then(() => Promise.reject(new Error('The run did not come to that moment.')));
  const reached = Promise.race([heard('reached'), gone]);
  reached.catch(() => {}); // not everybody waits for it
  const go: ToWorker = 'go';
  const failed = ended.then((signal) =>
    Promise.reject(new Error(`The worker ended (${signal ?? child.exitCode}) before it polled:\n${output()}`)),
  );
  failed.catch(() => {}); // its end is of no interest once it polls
  await Promise.race([heard('ready'), failed]);
  return {
    reached,
    go: () => void child.send(go),
    ended,
    output,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
