/** When in a run the world is broken. */
import type { StepName } from '../support/steps.ts';
import type { Stop } from '../support/worker-under-test/messages.ts';

/** Phases of the workshop, which the self-test breaks. */
export type Phase = 'baseline' | 'enforced' | 'second' | 'restored';

/** Before a step begins, or after its effect and before Temporal knows it; of several uses of a step the first. A probe is named by its phase. */
export type Moment =
  | `${'before' | 'after'} ${Exclude<StepName, 'probe'> | 'undo'}`
  | `${'before' | 'after'} probe ${Phase}`;

export const nameMoment = ({ step, at, phase }: Stop): Moment =>
  `${at} ${step === 'probe' ? `probe ${phase}` : step}` as Moment;
