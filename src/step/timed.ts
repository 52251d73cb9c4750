import type { Interval } from '../contract/observation.ts';

/** Does something, and tells from when to when on this worker's clock. */
export async function measureInterval<T>(
  action: () => Promise<T>,
): Promise<{ readonly result: T; readonly interval: Interval }> {
  const from = readNow();
  const result = await action();
  return { result, interval: { from, to: readNow() } };
}

export const readNow = (): string => new Date().toISOString();
