import { runIn } from '../../process/run.ts';
import { type Denied, readDenied, sumDenied } from './denied.ts';

/** Milliseconds until a script that nft refused is tried again. */
const retryMs = 1000;

/** The rules of a node's namespace. One script is applied at a time; of several that wait, only the last. */
export class NodeRules {
  readonly #netns: string;
  readonly #onError: (error: unknown) => void;
  #wanted: string | undefined;
  #applied: string | undefined;
  #running: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  /** What scripts that were replaced had denied. */
  #deniedBefore: readonly Denied[] = [];
  #counting: Promise<unknown> = Promise.resolve();

  constructor(netns: string, onError: (error: unknown) => void) {
    this.#netns = netns;
    this.#onError = onError;
  }

  /** Programs the script unless it is there already; resolves when it is, or has failed and will be tried again. */
  async apply(script: string): Promise<void> {
    this.#wanted = script;
    this.#running ??= this.#run();
    await this.#running;
  }

  /**
   * What was denied since the start. A new script starts its counters at zero, so the counts of the old one are kept;
   * packets between the last reading and the change are lost.
   */
  denied(): Promise<readonly Denied[]> {
    return this.#inTurn(async () => sumDenied([...this.#deniedBefore, ...(await readDenied(this.#netns))]));
  }

  /** Waits for the script under way; what is programmed stays. */
  async stop(): Promise<void> {
    clearTimeout(this.#retry);
    this.#wanted = this.#applied;
    await this.#running;
  }

  /** Counters are not read while the rules change, since some packets would be counted twice. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#counting.then(work);
    this.#counting = turn.catch(() => {}); // its caller receives the failure; the next one runs all the same
    return turn;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // so that the caller holds this run before it can end
    clearTimeout(this.#retry);
    try {
      while (this.#wanted !== undefined && this.#wanted !== this.#applied) {
        const script = this.#wanted;
        await this.#inTurn(async () => {
          const denied = sumDenied([...this.#deniedBefore, ...(await readDenied(this.#netns))]);
          await runIn(this.#netns, ['nft', '-f', '-'], script);
          this.#deniedBefore = denied;
        });
        this.#applied = script;
      }
    } catch (error) {
      this.#onError(error);
      this.#retry = setTimeout(() => {
        this.#running ??= this.#run();
      }, retryMs);
    } finally {
      this.#running = undefined;
    }
  }
}
