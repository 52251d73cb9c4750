/** What a test and its worker under test report to each other, as messages between two processes. */
import type { StepName } from '../steps.ts';

/** A use of a step; `nth` counts those that began since the order, from 1. Tries of one use count once. */
export interface Use {
  readonly step: StepName | 'undo';
  readonly nth: number;
}

/** `after`: the effect is there, and Temporal does not know it. A number: as this heartbeat leaves the step, from 1. */
export interface Moment extends Use {
  readonly at: 'before' | 'after' | number;
}

/**
 * What the worker does besides its work, once.
 * `stop`: it reports the moment, and before or after a step it waits until it is told to go on.
 * `die`: it ends itself by SIGKILL.
 * `fail`: the step fails for good, without its effect or with it.
 * `hold`: it stops before the step, then carries it out, and lets it end by nothing but a cancellation.
 * `stop always`: it stops before and after every step, again and again.
 */
export type Order =
  | ({ readonly act: 'stop' | 'die' } & Moment)
  | ({ readonly act: 'fail'; readonly at: 'before' | 'after' } & Use)
  | ({ readonly act: 'hold' } & Use)
  | { readonly act: 'stop always' | 'nothing' };

export type ToWorker =
  | { readonly say: 'order'; readonly order: Order }
  /** Without an id: wherever it waits. */
  | { readonly say: 'go on'; readonly id?: number }
  | { readonly say: 'settle' };

/** Where the worker stopped, with the phase of a probe. */
export interface Stop {
  readonly step: string;
  readonly at: Moment['at'];
  readonly phase?: string | undefined;
}

export type FromWorker =
  /** It polls. */
  | { readonly say: 'ready' }
  | { readonly say: 'understood' }
  | { readonly say: 'stopped'; readonly id: number; readonly stop: Stop }
  /** What the cancellation met: the held step at work, or its effect there already. */
  | { readonly say: 'cancelled'; readonly found: 'at work' | 'done' }
  /** No activity is under way. */
  | { readonly say: 'settled' };

/** Message of every failure that was ordered. */
export const refusal = 'refused on purpose';
