/** When in a run the world is broken, and what a worker under test and the harness say to each other. */
import type { Phase } from '../../src/contract/evidence.ts';
import type { StepName } from '../../src/contract/steps.ts';

/** Before a step begins, or after its effect and before Temporal hears of it; of several uses of a step the first. A probe is named by its phase. */
export type Moment =
  | `${'before' | 'after'} ${Exclude<StepName, 'probe'> | 'undo'}`
  | `${'before' | 'after'} probe ${Phase}`;

/** The worker polls; or it has come to a moment, and waits for `Go` with that number. */
export type FromWorker =
  | { readonly say: 'ready' }
  | { readonly say: 'at'; readonly moment: Moment; readonly id: number };
export interface Go {
  readonly id: number;
}
