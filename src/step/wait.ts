import { setTimeout as sleep } from 'node:timers/promises';
import type { StepContext } from './context.ts';

/**
 * Looks until `look` gives something, heartbeating between two looks; stops with the context's abort reason. The step's
 * own timeout bounds it.
 */
export async function until<T>(
  context: StepContext,
  look: () => Promise<T | undefined>,
  state?: () => unknown,
): Promise<T> {
  for (;;) {
    context.signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    context.heartbeat(state?.());
    await sleep(context.pollIntervalMs, undefined, { signal: context.signal });
  }
}

/**
 * The same, but for `withinMs` at most; then what `givenUp` says is thrown, so that people see what is waited for, and
 * the step is tried again.
 */
export async function untilWithin<T>(
  context: StepContext,
  withinMs: number,
  look: () => Promise<T | undefined>,
  givenUp: () => Error,
  state?: () => unknown,
): Promise<T> {
  const limit = AbortSignal.timeout(withinMs);
  try {
    return await until({ ...context, signal: AbortSignal.any([context.signal, limit]) }, look, state);
  } catch (error) {
    if (!limit.aborted || context.signal.aborted) throw error;
    throw givenUp();
  }
}

/** How long a step waits within one try for something that takes seconds when all is well. */
export const patienceMs = 60_000;
