import { KubernetesError } from '../adapters/kubernetes/index.ts';
import { cutMessage } from '../contract/brief.ts';
import type { Diagnosis, Topic } from '../contract/diagnosis.ts';
import { type FailureCode, failures, type Problem } from '../contract/failures.ts';

/** What a part of the preflight found out; problems and warnings are those of the findings. */
export interface Findings {
  readonly findings: readonly Diagnosis[];
  readonly problems: readonly Problem[];
  /** Sentences for the report. */
  readonly warnings: readonly string[];
}

/** More would help nobody, and a result must fit into what Temporal keeps. */
const most = { problems: 50, warnings: 200 } as const;

export function collectFindings(findings: readonly Diagnosis[]): Findings {
  const problems = findings.flatMap(({ level, code, field, reason, remedy }) =>
    level === 'problem' && code !== undefined
      ? [{ code, field, message: cutMessage(reason), remedy: cutMessage(remedy) }]
      : [],
  );
  const warnings = findings.flatMap(({ level, reason, remedy }) =>
    level === 'warning' ? [joinMessage(reason, cutMessage(remedy, 250))] : [],
  );
  return {
    findings,
    problems: atMost(most.problems, problems, (more) => ({
      ...{ code: 'PreflightFailed', field: '', message: `There are ${more} more problems.` },
      remedy: 'hepflow doctor lists all of them.',
    })),
    warnings: atMost(most.warnings, warnings, (more) => `There are ${more} more warnings; hepflow doctor lists them.`),
  };
}

/** The way out is kept whole where the reason is long. */
const joinMessage = (reason: string, remedy: string): string =>
  [cutMessage(reason, 499 - remedy.length), remedy].filter(Boolean).join(' ');

const atMost = <T>(count: number, list: readonly T[], rest: (more: number) => T): readonly T[] =>
  list.length <= count ? list : [...list.slice(0, count - 1), rest(list.length - count + 1)];

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
