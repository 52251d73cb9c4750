/** The harness's side of a worker under test. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromWorker, Go, Moment } from './moments.ts';

export interface WorkerUnderTest {
  /** Who is asked at every moment; the worker goes on when the answer is there. */
  atMoments(heard: (moment: Moment) => Promise<void>): void;
  /** The last of what it printed. */
  output(): string;
  stop(): Promise<void>;
}

const program = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** Starts a worker as a process of its own, since Node reads NODE_EXTRA_CA_CERTS only then; resolves when it polls. */
export async function startWorkerUnderTest(environment: Readonly<Record<string, string>>): Promise<WorkerUnderTest> {
  const { NODE_TEST_CONTEXT: _test, ...inherited } = process.env;
  const child = fork(program, {
    env: { ...inherited, ...environment },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => printed.push(chunk.toString()));
  const output = (): string => printed.join('').slice(-3000);
  const ended = once(child, 'exit');
  let heard = async (_moment: Moment): Promise<void> => {};
  const ready = new Promise<void>((resolve) =>
    child.on('message', (message: FromWorker) => {
      if (message.say === 'ready') return resolve();
      const go: Go = { id: message.id };
      void heard(message.moment).then(() => child.connected && child.send(go));
    }),
  );
  const failed = ended.then(() => Promise.reject(new Error(`The worker ended before it polled:\n${output()}`)));
  failed.catch(() => {}); // its end is of no interest once it polls
  await Promise.race([ready, failed]);
  return {
    atMoments: (listen) => {
      heard = listen;
    },
    output,
    stop: async () => {
      child.kill('SIGKILL'); // no run is under way any more
      await ended;
    },
  };
}
