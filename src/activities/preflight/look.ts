import { KubernetesError } from '../../adapters/kubernetes/index.ts';
import { type FailureCode, failures, type Problem } from '../../contract/failures.ts';

/** What a part of the preflight found out. */
export interface Findings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** A reading that may not be allowed: `unknown` then, because the missing right is listed by itself and the other checks go on. */
export type Look<T> = { readonly found: T } | 'unknown';

/** Reads; anything but a refusal is an error of the whole preflight: an API server that does not answer is no finding (W10). */
export async function look<T>(read: Promise<T>): Promise<Look<T>> {
  try {
    return { found: await read };
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 403) return 'unknown';
    throw error;
  }
}

export const isMissing = <T>(looked: Look<T | undefined>): boolean => looked !== 'unknown' && looked.found === undefined;

export const foundIn = <T>(looked: Look<T | undefined>): T | undefined => (looked === 'unknown' ? undefined : looked.found);

/** A row of the list, with the catalogue's remedy unless a better one is known. */
export const problem = (code: FailureCode, field: string, message: string, remedy: string = failures[code].remedy): Problem => ({
  code,
  field,
  message,
  remedy,
});
