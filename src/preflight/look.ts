import { KubernetesError } from '../adapters/kubernetes/index.ts';
import type { Diagnosis, Topic } from '../contract/diagnosis.ts';
import { type FailureCode, failures, type Problem } from '../contract/failures.ts';

/** What a part of the preflight found out; problems and warnings are those of the findings. */
export interface Findings {
  readonly findings: readonly Diagnosis[];
  readonly problems: readonly Problem[];
  /** Sentences for the report. */
  readonly warnings: readonly string[];
}

export function collectFindings(findings: readonly Diagnosis[]): Findings {
  return {
    findings,
    problems: findings.flatMap(({ level, code, field, reason, remedy }) =>
      level === 'problem' && code !== undefined ? [{ code, field, message: reason, remedy }] : [],
    ),
    warnings: findings.flatMap(({ level, reason, remedy }) =>
      level === 'warning' ? [[reason, remedy].filter(Boolean).join(' ')] : [],
    ),
  };
}

/** A finding that stops a run, with the catalogue's remedy unless a better one is known. */
export const tellProblem = (
  topic: Topic,
  code: FailureCode,
  field: string,
  reason: string,
  remedy: string = failures[code].remedy,
): Diagnosis => ({
  ...{ level: 'problem', topic, code, field, reason, remedy },
});

const unstopping =
  (level: 'warning' | 'info' | 'ok') =>
  (topic: Topic, reason: string, remedy = '', field = ''): Diagnosis => ({ level, topic, field, reason, remedy });
export const tellWarning = unstopping('warning');
export const tellInfo = unstopping('info');
export const tellOk = unstopping('ok');

/**
 * What becomes of an error that is no finding: preflight throws it, because it may pass at the next try (W10); doctor
 * lists it.
 */
export type OnError = (error: unknown) => readonly Diagnosis[];
export const rethrow: OnError = (error) => {
  throw error;
};

/**
 * A reading that may not be allowed: `unknown` then, because the missing right is listed by itself and the other checks
 * go on.
 */
export type Look<T> = { readonly found: T } | 'unknown';

/**
 * Reads; anything but a refusal is an error of the whole part: an API server that does not answer is no finding (W10).
 */
export async function look<T>(read: Promise<T>): Promise<Look<T>> {
  try {
    return { found: await read };
  } catch (error) {
    if (error instanceof KubernetesError && error.status === 403) return 'unknown';
    throw error;
  }
}

/** A reading of a resource that may not be served at all. */
export const readIfServed = <T>(read: Promise<T>): Promise<T | 'notServed'> =>
  read.catch((error) => {
    if (error instanceof KubernetesError && error.reason === 'NotServed') return 'notServed' as const;
    throw error;
  });

export const isMissing = <T>(looked: Look<T | undefined>): boolean =>
  looked !== 'unknown' && looked.found === undefined;

export const takeFound = <T>(looked: Look<T | undefined>): T | undefined =>
  looked === 'unknown' ? undefined : looked.found;

/** `one`, `one and another`, `one, another and a third`. */
export function enumerate(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

/** `1 pod`, `2 pods`. */
export const formCount = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
