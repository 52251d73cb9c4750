import type { Interval } from '../contract/observation.ts';

/** Does something, and tells from when to when on this worker's clock. */
export async function timed<T>(action: () => Promise<T>): Promise<{ readonly result: T; readonly interval: Interval }> {
  const from = now();
  const result = await action();
  return { result, interval: { from, to: now() } };
}

export const now = (): string => new Date().toISOString();
