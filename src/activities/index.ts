/**
 * All that runs as an activity: preflight, the changes of every kind, the steps of every vantage, the probe, undo, and
 * the
 * sweeper's search. Each is wrapped once with heartbeat, cancellation, resume, attempts and failure mapping.
 */
import { Context } from '@temporalio/activity';
import { listApplies } from '../changes/index.ts';
import type { Applied } from '../contract/change.ts';
import type { RunIdentity } from '../contract/run.ts';
import type { Activities, ApplyChange, Call, ChangeInput, ObserverInput, Result } from '../contract/steps.ts';
import type { SweepActivities } from '../contract/sweep.ts';
import { runPreflight } from '../preflight/index.ts';
import { listAskedByCall, refuseForbidden } from '../step/allow.ts';
import type { StepActivity, StepContext, Tools } from '../step/context.ts';
import { toApplicationFailure } from '../step/failures/index.ts';
import { findLeftovers } from '../sweep/find-leftovers.ts';
import { findWitnesses, listVantageSteps } from '../vantage/index.ts';
import { startObserver } from '../vantage/prober/observe/session.ts';
import { createProbe } from '../vantage/prober/probe/run.ts';
import { withHeartbeat } from './heartbeat.ts';
import { createSignReport } from './sign-report.ts';
import { undoEach } from './undo.ts';

export interface ActivitySettings {
  /** Pause between two looks at something that is awaited. */
  readonly pollIntervalMs: number;
}

export type AllActivities = Activities & SweepActivities & Readonly<Record<string, ApplyChange>>;

export function createActivities(tools: Tools, settings: ActivitySettings): AllActivities {
  const wrap =
    <Input, Output, Run extends RunIdentity>(
      name: string,
      step: (input: Input, tools: Tools, context: StepContext<Run>) => Promise<Output>,
    ) =>
    (call: Call<Input, Run>): Promise<Result<Output>> =>
      carryOut(name, call, settings, async (context) => {
        refuseForbidden(tools.allow, listAskedByCall(call));
        return await step(call.input, tools, context);
      });
  const changes = Object.entries({ ...listApplies(), ...listVantageSteps() }).map(
    ([name, apply]): [string, ApplyChange] => [name, wrap(name, watch(apply))],
  );
  const named: Activities & SweepActivities = {
    preflight: wrap('preflight', runPreflight),
    probe: wrap('probe', createProbe(findWitnesses)),
    undo: wrap('undo', undoEach),
    findLeftovers: wrap('findLeftovers', findLeftovers),
  };
  const signing: object = { signReport: createSignReport(tools.reportSigner) }; // local, and never called by a plan
  return { ...Object.fromEntries(changes), ...named, ...signing } as AllActivities;
}

/**
 * What is not watched from before cannot be told afterwards: the observers see their targets before the change is made.
 */
const watch =
  (apply: StepActivity<object, Applied>) =>
  async ({ change, observers }: ChangeInput, tools: Tools, context: StepContext): Promise<Applied> => {
    await startObservers(observers, tools, context);
    return await apply(change, tools, context);
  };

const startObservers = async (
  observers: readonly ObserverInput[],
  tools: Tools,
  context: StepContext,
): Promise<void> => {
  await Promise.all(observers.map((observer) => startObserver(observer, tools, context)));
};

async function carryOut<Input, Output, Run extends RunIdentity>(
  name: string,
  { run }: Call<Input, Run>,
  { pollIntervalMs }: ActivitySettings,
  step: (context: StepContext<Run>) => Promise<Output>,
): Promise<Result<Output>> {
  const { info, cancellationSignal, log } = Context.current();
  const { attempt } = info;
  log.info(`${name} begins`, { hepflowRun: run.runId });
  try {
    const output = await withHeartbeat(run, pollIntervalMs, step);
    log.info(`${name} done`, { hepflowRun: run.runId });
    return { output, attempts: attempt };
  } catch (error) {
    cancellationSignal.throwIfAborted(); // what an interrupted call says is of no interest
    const failure = toApplicationFailure(error, attempt);
    log.warn(`${name} failed`, { hepflowRun: run.runId, code: failure.type, reason: failure.message });
    throw failure;
  }
}
