/**
 * Whether `actual` holds everything that `wanted` says; the API server may have added defaults. Lists count as a whole.
 */
export function isHeldBy(actual: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted))
    return (
      Array.isArray(actual) &&
      actual.length === wanted.length &&
      wanted.every((item, index) => isHeldBy(actual[index], item))
    );
  if (typeof wanted !== 'object' || wanted === null) return actual === wanted;
  const entries = Object.entries(wanted);
  // Optional empty objects may be dropped by the server's types.
  if (actual === undefined) return entries.length === 0;
  return (
    typeof actual === 'object' &&
    actual !== null &&
    entries.every(([key, value]) => isHeldBy((actual as Record<string, unknown>)[key], value))
  );
}
