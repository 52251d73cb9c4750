import { cutMessage, describeError } from '../../contract/brief.ts';

/** How much of a reason is told: Entra's go on with trace ids and times. */
const mostCharacters = 300;

/** A way that is set up and failed tells how to mend it; the others of a chain tell only that they are not set up. */
const isOfUse = (text: string): boolean =>
  /AADSTS\d+|az login|azd auth login|Connect-AzAccount/.test(text) && !/could not be found|not installed/i.test(text);

/**
 * Why no token could be had, in a sentence: a chain of credentials fails with the reasons of every one, and buries the
 * one that matters.
 */
export function explainCredential(error: unknown): string {
  const reasons = reasonsIn(error);
  const useful = reasons.filter(isOfUse);
  if (useful.length === 0 && reasons.length > 1)
    return `none of ${reasons.length} ways to get a credential is set up, such as ${tellFirst(reasons)}`;
  return useful.length > 0 ? useful.map(tellOne).join('; ') : tellFirst(reasons);
}

const tellFirst = ([first = 'no reason was given']: readonly string[]): string => tellOne(first);

/** The first line that is more than the name of an error class. */
const tellOne = (reason: string): string =>
  cutMessage(
    reason
      .split('\n')
      .map((line) => line.replace(/^\w*Error: */i, '').trim())
      .find((line) => line !== '') ?? '',
    mostCharacters,
  );

function reasonsIn(error: unknown): readonly string[] {
  const { errors } = (typeof error === 'object' && error !== null ? error : {}) as { errors?: unknown };
  const all = Array.isArray(errors) ? errors : [error];
  return all.map(describeError);
}
