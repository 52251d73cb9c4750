/**
 * Waits for all, then gives their values or throws the first failure. Unlike Promise.all nothing is still under way when it rejects,
 * so what comes after may take apart what they have made.
 */
export async function settleAll<const T extends readonly Promise<unknown>[]>(
  work: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
