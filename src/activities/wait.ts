import { setTimeout as sleep } from 'node:timers/promises';
import type { StepContext } from './step.ts';

/** Looks until `look` gives something, heartbeating between two looks; stops with the context's abort reason. The step's own timeout bounds it. */
export async function until<T>(context: StepContext, look: () => Promise<T | undefined>, state?: () => unknown): Promise<T> {
  for (;;) {
    context.signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    context.heartbeat(state?.());
    await sleep(context.pollIntervalMs, undefined, { signal: context.signal });
  }
}
