/**
 * Keys to work on, one at a time, each at most once in the queue. A key whose work fails is retried after a growing
 * delay of at most 5 s.
 */
export class WorkQueue {
  readonly #work: (key: string) => Promise<void>;
  readonly #onError: (error: unknown) => void;
  readonly #keys = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(work: (key: string) => Promise<void>, onError: (error: unknown) => void) {
    this.#work = work;
    this.#onError = onError;
  }

  add(...keys: readonly string[]): void {
    if (this.#stopped) return;
    for (const key of keys) this.#keys.add(key);
    this.#running ??= this.#run();
  }

  /** Resolves when the queue is empty; failed keys may be waiting for their next turn. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Forgets what is queued and waits for the work under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#keys.clear();
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // the caller that adds keys continues first
    for (const key of this.#keys) {
      this.#keys.delete(key); // a key that is added while it is worked on comes up again
      try {
        await this.#work(key);
        this.#failures.delete(key);
      } catch (error) {
        this.#onError(error);
        this.#later(key);
      }
    }
    this.#running = undefined;
  }

  #later(key: string): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.add(key);
      },
      Math.min(50 * 2 ** failures, 5000),
    );
    this.#timers.add(timer);
  }
}
