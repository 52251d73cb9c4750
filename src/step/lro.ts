/** What the Azure steps share: long-running operations that live in heartbeats. */
import type { Lro } from '../adapters/azure/index.ts';
import type { StepContext } from './context.ts';

/**
 * The operation's state travels in heartbeats, so that another worker goes on with it instead of sending it again (W9).
 */
export const resumeFrom = (context: StepContext): Lro => ({
  signal: context.signal,
  resume: context.resume,
  save: (state) => context.heartbeat(state),
});
