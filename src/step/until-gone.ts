import { HepflowError } from '../contract/failures.ts';
import type { StepContext } from './context.ts';
import { untilWithin } from './wait.ts';

/**
 * Calico deletes auto host endpoints within seconds; a service or policy goes at once unless somebody's finalizer holds
 * it.
 */
const limitMs = 2 * 60 * 1000;

/**
 * Waits until something is gone, but not so long that one thing that stays keeps every other undo from its turn (W5).
 * Fails with TimedOut.
 */
export async function untilGone(
  context: StepContext,
  what: string,
  isGone: () => Promise<boolean>,
  withinMs: number = limitMs,
): Promise<void> {
  const stillThere = (): HepflowError =>
    new HepflowError('TimedOut', `${what} were still there ${withinMs / 1000} s after the undo.`);
  await untilWithin(context, withinMs, async () => ((await isGone()) ? true : undefined), stillThere);
}
