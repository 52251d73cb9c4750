/** The test's side of a faulty worker. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromWorker, Order, ToWorker } from './faulty-orders.ts';

export interface FaultyWorker {
  /** Resolves when the worker will follow the order, from the next run on. */
  order(order: Order): Promise<void>;
  /** Resolves when the held step begins; it waits for `go`. To be called before the run starts. */
  begun(): Promise<void>;
  go(): void;
  /** Resolves when the held step was cancelled. To be called before the cancellation. */
  ended(): Promise<'at work' | 'done'>;
  /** Resolves when no activity is under way: those of a run that is over stop with their next heartbeat. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('./faulty-worker.ts', import.meta.url));
const graceMs = 10_000;

/** Starts the worker as a process of its own, since Node reads NODE_EXTRA_CA_CERTS only then; resolves when it polls. */
export async function startFaultyWorker(environment: Readonly<Record<string, string>>): Promise<FaultyWorker> {
  const { NODE_TEST_CONTEXT: _test, ...inherited } = process.env;
  const child = fork(program, {
    env: { ...inherited, ...environment },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  const exited = once(child, 'exit');
  const heard = <S extends FromWorker['say']>(say: S): Promise<Extract<FromWorker, { say: S }>> =>
    hear(child, say, printed);
  const send = (message: ToWorker): void => void child.send(message);
  await heard('ready');
  return {
    order: async (order) => {
      const understood = heard('understood');
      send({ say: 'order', order });
      await understood;
    },
    begun: () => unheeded(heard('begun').then(() => {})),
    go: () => send({ say: 'go' }),
    ended: () => unheeded(heard('ended').then(({ found }) => found)),
    settled: async () => {
      const settled = heard('settled');
      send({ say: 'settle' });
      await settled;
    },
    stop: async () => {
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      if (child.exitCode === null && child.signalCode === null) await exited;
      clearTimeout(timer);
    },
  };
}

/** The next message of a kind; fails when the worker ends instead. */
function hear<S extends FromWorker['say']>(
  child: ChildProcess,
  say: S,
  printed: readonly string[],
): Promise<Extract<FromWorker, { say: S }>> {
  const { promise, resolve, reject } = Promise.withResolvers<Extract<FromWorker, { say: S }>>();
  const listen = (message: FromWorker): void => {
    if (message.say === say) resolve(message as Extract<FromWorker, { say: S }>);
  };
  const fail = (): void =>
    reject(
      new Error(
        `The worker ended with ${child.exitCode ?? child.signalCode}. Its last output:\n${printed.join('').slice(-2000)}`,
      ),
    );
  child.on('message', listen).on('exit', fail);
  const forget = (): void => void child.off('message', listen).off('exit', fail);
  promise.then(forget, forget);
  return promise;
}

/** A test that failed before does not wait for it any more. */
function unheeded<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
