/** Where in a run a fault strikes, and what a worker under test and the harness say to each other. */
import type { StepName } from '../../src/contract/steps.ts';

/** A moment of a step. `nth` counts the uses of one step that this worker sees, from 1; tries of one use count once. */
export interface Point {
  readonly step: StepName | 'undo';
  readonly nth: number;
  /** `after`: its effect is there, and Temporal has not heard of it. A number: as this heartbeat leaves the step, from 1. */
  readonly at: 'before' | 'after' | number;
}

/** `die`: SIGKILL by its own hand, at exactly that moment. `tell`: it tells the harness, and before or after a step it waits for `go`. */
export interface Order {
  readonly point: Point;
  readonly act: 'die' | 'tell';
}

/** Variable that carries the order, as JSON. */
export const orderVariable = 'HEPFLOW_CHAOS_ORDER';

export type FromWorker = 'ready' | 'reached';
export type ToWorker = 'go';

export const titleOf = ({ step, nth, at }: Point): string =>
  `${typeof at === 'number' ? `at heartbeat ${at} of` : at} ${step}${nth > 1 ? ` no. ${nth}` : ''}`;
