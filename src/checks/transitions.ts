/** How long a change took to show, from what an observer saw around it. Pure and free of Node: it runs in the workflow. */
import type { Evidence, Phase, Target } from '../contract/evidence.ts';
import type { Mark, Transition } from '../contract/report.ts';

export interface Change {
  readonly phase: Phase;
  readonly to: Transition['to'];
  /** The ports that are to change. */
  readonly targets: readonly Target[];
  /** What the steps of the change reported, on the worker's clock. */
  readonly marks: readonly Mark[];
}

/** One for each port that was to change. */
export function transitionsOf(_change: Change, _evidence: Evidence): Transition[] {
  return [];
}
