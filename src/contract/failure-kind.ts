/**
 * `never`: trying again cannot help. `soon`: the step's own retry policy. `later`: after the time the other side asked
 * for, else the retry policy.
 */
export type Retry = 'never' | 'soon' | 'later';

/** A row of the failure catalogue. */
export interface FailureKind {
  readonly retry: Retry;
  /** When it comes, one sentence. */
  readonly when: string;
  /** The way out, one sentence. */
  readonly remedy: string;
}
