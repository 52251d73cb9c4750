/**
 * Waits for all, then returns their values or throws the first failure. Promise.all rejects while others are still
 * under way; here none is, so that the caller may take apart what they have made.
 */
export async function settleAll<const T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
