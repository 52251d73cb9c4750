/** What the Azure steps share: a run's mark on resources, and long-running operations that live in heartbeats. */
import type { Lro, State } from '../adapters/azure/index.ts';
import type { RunIdentity } from '../contract/run.ts';
import { readTags } from '../ownership/marks.ts';
import type { StepContext } from './context.ts';

/**
 * The operation's state travels in heartbeats, so that another worker goes on with it instead of sending it again (W9).
 */
export const resumeFrom = (context: StepContext): Lro => ({
  signal: context.signal,
  resume: context.resume,
  save: (state) => context.heartbeat(state),
});

/** Whether a resource carries the run's tag (W6). */
export const isTaggedBy =
  ({ runId }: Pick<RunIdentity, 'runId'>) =>
  ({ tags }: State): boolean =>
    readTags(tags)?.runId === runId;
