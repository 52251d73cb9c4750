/**
 * Counts and lists in words, and texts of a bounded length: what travels through Temporal must fit, however much a
 * cluster or a spec holds.
 */

const maxMessage = 500;
const maxNames = 5;

/** A message of at most 500 characters. */
export const cutMessage = (text: string, most = maxMessage): string =>
  text.length <= most ? text : `${text.slice(0, most - 3).replace(/[\uD800-\uDBFF]$/, '')}...`;

/** What was thrown, which may be no error. */
export const describeError = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** `1 SYN`, `9 SYNs`. */
export const countThings = (count: number, thing: string): string => `${count} ${count === 1 ? thing : `${thing}s`}`;

/** `a`, `a and b`, `a, b and c`. */
export function listNames(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** The same; of more than 5, the first ones `and 395 more`. */
export function enumerate(names: readonly string[]): string {
  if (names.length > maxNames) return `${names.slice(0, maxNames).join(', ')} and ${names.length - maxNames} more`;
  return listNames(names);
}
