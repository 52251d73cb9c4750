/** How whoever else knows the way from a vantage is asked about the window of a proof. */
import type { Target } from '../contract/evidence.ts';
import type { Witness } from '../contract/vantage.ts';
import type { StepContext, Tools } from '../step/context.ts';

/** Witnesses that are being asked. */
export interface Hearing {
  /**
   * What they report once the window is over. It never throws: a witness that could not be had is missing, with the
   * reason.
   */
  finish(): Promise<readonly Witness[]>;
  giveUp(): void;
}

/**
 * Begins at once, so that what they report is about the window that follows. `ask`: what the vantage's kind needs for
 * it.
 */
export type AskWitnesses = (
  ask: object,
  targets: readonly Target[],
  tools: Pick<Tools, 'azure'>,
  context: Pick<StepContext, 'signal'>,
) => Hearing;
