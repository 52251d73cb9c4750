/** What a test and its faulty worker say to each other, as messages between two processes. */
import type { StepName } from '../../src/contract/steps.ts';

/** Which use of a step is meant: `nth` counts the uses in one run, from 1; tries of one use count once. */
interface Use {
  readonly step: StepName | 'undo';
  readonly nth: number;
}

/**
 * What the worker is to do in the next run. `fail`: the step takes effect (`after`) or not (`before`), then fails for good. `hold`: the worker says when
 * the step begins, carries it out once it is told to go on, and lets it end by nothing but a cancellation.
 */
export type Order =
  | { readonly fail: Use; readonly when: 'before' | 'after' }
  | { readonly hold: Use }
  | { readonly forget: true };

export type ToWorker =
  | { readonly say: 'order'; readonly order: Order }
  | { readonly say: 'go' }
  | { readonly say: 'settle' };

export type FromWorker =
  | { readonly say: 'ready' }
  | { readonly say: 'understood' }
  /** No activity is under way. */
  | { readonly say: 'settled' }
  | { readonly say: 'begun' }
  /** What the cancellation met: the step at work, or its effect there already. */
  | { readonly say: 'ended'; readonly found: 'at work' | 'done' };

/** Message of every failure that was ordered. */
export const refusal = 'refused on purpose';
