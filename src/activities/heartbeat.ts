import { Context } from '@temporalio/activity';
import type { RunIdentity } from '../contract/run.ts';
import type { StepContext } from '../step/context.ts';

/**
 * Runs a step and heartbeats for it as long as it runs, with the state that it saved last: so a dead worker is noticed
 * and a
 * cancellation heard within seconds, whatever the step does. Its own time limit bounds a step that hangs.
 */
export async function withHeartbeat<T, Run extends RunIdentity>(
  run: Run,
  pollIntervalMs: number,
  step: (context: StepContext<Run>) => Promise<T>,
): Promise<T> {
  const { info, cancellationSignal, heartbeat } = Context.current();
  let state: unknown = info.heartbeatDetails;
  const beat = (next?: unknown): void => {
    if (next !== undefined) state = next;
    heartbeat.call(Context.current(), state);
  };
  const context: StepContext<Run> = {
    run,
    attempt: info.attempt,
    signal: cancellationSignal,
    heartbeat: beat,
    resume: info.heartbeatDetails ?? undefined,
    pollIntervalMs,
  };
  const timer = setInterval(beat, Math.min(Math.max(pollIntervalMs, 100), 2000));
  try {
    return await step(context);
  } finally {
    clearInterval(timer);
  }
}
