/** When in a run the world is broken. */
import type { Phase } from '../../src/contract/evidence.ts';
import type { StepName } from '../../src/contract/steps.ts';
import type { Stop } from '../support/worker-under-test/messages.ts';

/**
 * Before a step begins, or after its effect and before Temporal knows it; of several uses of a step the first. A probe
 * is named by its phase.
 */
export type Moment =
  | `${'before' | 'after'} ${Exclude<StepName, 'probe'> | 'undo'}`
  | `${'before' | 'after'} probe ${Phase}`;

export const nameMoment = ({ step, at, phase }: Stop): Moment =>
  `${at} ${step === 'probe' ? `probe ${phase}` : step}` as Moment;
