import type { ReadStream } from 'node:tty';

/** What Ctrl-C does while a run is followed. */
export interface Interrupts {
  /** Aborted when the run is to be left running. */
  readonly leave: AbortSignal;
  /** Whether the run was asked to stop. */
  isCancelled(): boolean;
  /** Gives Ctrl-C and the terminal back. */
  end(): void;
}

export interface InterruptDialog {
  /** The terminal to ask on. */
  readonly keyboard: ReadStream;
  /** Shows the question, or takes it away. */
  readonly prompt: (question: string | null) => void;
  /** Asks the run to stop and undo everything. */
  readonly cancel: () => Promise<void>;
}

export const question = 'Leave it running [Enter], cancel and undo [c]?';

/**
 * The first Ctrl-C asks, on a terminal; a second one, or one that nobody can be asked about, leaves the run running.
 */
export function listenForInterrupts(dialog: InterruptDialog | null): Interrupts {
  const [leave, over] = [new AbortController(), new AbortController()];
  let isAsked = false;
  let isCancelled = false;
  const ask = async ({ keyboard, prompt, cancel }: InterruptDialog): Promise<void> => {
    prompt(question);
    const answer = await readChoice(keyboard, over.signal);
    prompt(null);
    if (answer === 'leave') leave.abort();
    if (answer !== 'cancel') return;
    isCancelled = true;
    await cancel();
  };
  const interrupted = (): void => {
    if (dialog === null || isAsked) {
      leave.abort();
      return;
    }
    isAsked = true;
    void ask(dialog).catch(() => {
      [isAsked, isCancelled] = [false, false]; // the run was not told: it may be asked again
    });
  };
  process.on('SIGINT', interrupted);
  return {
    leave: leave.signal,
    isCancelled: () => isCancelled,
    end: () => {
      over.abort();
      process.off('SIGINT', interrupted);
    },
  };
}

/** Enter; Ctrl-C and Ctrl-D, which a raw terminal gives as characters. */
const leaving = ['\r', '\n', '\u0003', '\u0004'];

/**
 * One key: `c` cancels; Enter, Ctrl-C, Ctrl-D or the end of the input leave. The terminal is as before, whatever comes.
 */
function readChoice(keyboard: ReadStream, signal: AbortSignal): Promise<'leave' | 'cancel' | 'moot'> {
  const { promise, resolve } = Promise.withResolvers<'leave' | 'cancel' | 'moot'>();
  const onKeys = (keys: Buffer): void => {
    const key = [...keys.toString('latin1').toLowerCase()].find((one) => one === 'c' || leaving.includes(one));
    if (key !== undefined) resolve(key === 'c' ? 'cancel' : 'leave');
  };
  const leave = (): void => resolve('leave');
  const moot = (): void => resolve('moot');
  const wasRaw = keyboard.isRaw;
  keyboard.setRawMode(true);
  keyboard.on('data', onKeys).once('end', leave).once('error', leave);
  signal.addEventListener('abort', moot, { once: true });
  return promise.finally(() => {
    signal.removeEventListener('abort', moot);
    keyboard.off('data', onKeys).off('end', leave).off('error', leave).pause();
    keyboard.setRawMode(wasRaw);
  });
}
