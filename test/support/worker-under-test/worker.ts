/** The test's side of a worker under test. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromWorker, Order, Stop, ToWorker } from './messages.ts';

type Message<S extends FromWorker['say']> = Extract<FromWorker, { readonly say: S }>;

const program = fileURLToPath(new URL('./program.ts', import.meta.url));

export class WorkerUnderTest {
  /** Resolves with the signal that ended it, or null. */
  readonly ended: Promise<NodeJS.Signals | null>;
  readonly #child: ChildProcess;
  readonly #printed: string[] = [];
  #answer: ((stop: Stop) => Promise<void>) | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => this.#printed.push(chunk.toString()));
    child.on('message', (message: FromWorker) => {
      if (message.say !== 'stopped') return;
      void this.#answer?.(message.stop).then(() => this.#send({ say: 'go on', id: message.id }));
    });
  }

  /**
   * Starts a worker that has its order before it polls, and resolves when it polls.
   * It is a process of its own, since Node reads NODE_EXTRA_CA_CERTS only at its start.
   */
  static async start(
    environment: Readonly<Record<string, string>>,
    order: Order = { act: 'nothing' },
  ): Promise<WorkerUnderTest> {
    const { NODE_TEST_CONTEXT: _test, ...inherited } = process.env;
    const child = fork(program, [JSON.stringify(order)], {
      env: { ...inherited, ...environment },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const worker = new WorkerUnderTest(child);
    await worker.#hear('ready');
    return worker;
  }

  /** Resolves when the worker will follow the order. What an earlier order stopped goes on waiting. */
  async order(order: Order): Promise<void> {
    const understood = this.#hear('understood');
    this.#send({ say: 'order', order });
    await understood;
  }

  /** Resolves at the next stop, and rejects when the worker ends before. To be called before the run can come there. */
  stopped(): Promise<void> {
    return allowUnheeded(this.#hear('stopped').then(() => {}));
  }

  /** Lets the worker go on wherever it waits. */
  goOn(): void {
    this.#send({ say: 'go on' });
  }

  /** Asks `answer`, and nobody else, at every stop from now on; the step goes on when the answer is there. */
  answerStops(answer: (stop: Stop) => Promise<void>): void {
    this.#answer = answer;
  }

  /** Resolves when the held step is cancelled. To be called before the cancellation. */
  cancelled(): Promise<'at work' | 'done'> {
    return allowUnheeded(this.#hear('cancelled').then(({ found }) => found));
  }

  /** Resolves when no activity is under way: those of a run that is over stop with their next heartbeat. */
  async settled(): Promise<void> {
    const settled = this.#hear('settled');
    this.#send({ say: 'settle' });
    await settled;
  }

  /** The last of what it printed. */
  output(): string {
    return this.#printed.join('').slice(-3000);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  #send(message: ToWorker): void {
    if (this.#child.connected) this.#child.send(message);
  }

  /** The next message of a kind; rejects when the worker ends instead. */
  #hear<S extends FromWorker['say']>(say: S): Promise<Message<S>> {
    const { promise, resolve, reject } = Promise.withResolvers<Message<S>>();
    const listen = (message: FromWorker): void => {
      if (message.say === say) resolve(message as Message<S>);
    };
    this.#child.on('message', listen);
    void this.ended.then((signal) =>
      reject(new Error(`The worker ended (${signal ?? this.#child.exitCode}) before "${say}":\n${this.output()}`)),
    );
    const forget = (): void => void this.#child.off('message', listen);
    promise.then(forget, forget);
    return promise;
  }
}

/** A test that failed before does not wait for it any more. */
function allowUnheeded<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
