import { proxyActivities } from '@temporalio/workflow';
import type {
  Activities,
  Call,
  ObserverInput,
  Result,
  RunRef,
  StepInput,
  StepName,
  StepOutput,
  UndoEntry,
  UndoOutcome,
} from '../contract/steps.ts';
import type { Findings, SweepActivities } from '../contract/sweep.ts';

// Numbers, never strings such as '5 minutes': the SDK's types let any string pass, and a bad one would fail every workflow task.
const second = 1000;
const minute = 60 * second;

/** How long a step may take: one try, and all tries together. The reason stands beside each. */
interface Limits {
  readonly tryMs: number;
  readonly totalMs: number;
}

const limits: Record<StepName, Limits> = {
  preflight: { tryMs: 2 * minute, totalMs: 5 * minute }, // reads only; a person waits for the answer
  holdCluster: { tryMs: minute, totalMs: 5 * minute },
  createNetwork: { tryMs: 5 * minute, totalMs: 15 * minute }, // seconds, unless Azure throttles
  createPublicIp: { tryMs: 5 * minute, totalMs: 15 * minute },
  createSecurityGroup: { tryMs: 5 * minute, totalMs: 15 * minute },
  createInterface: { tryMs: 5 * minute, totalMs: 15 * minute },
  createVm: { tryMs: 20 * minute, totalMs: 40 * minute }, // about a minute; slow regions have been seen to take 10
  awaitSsh: { tryMs: 10 * minute, totalMs: 20 * minute }, // cloud-init comes after the VM's Succeeded
  peerToCluster: { tryMs: 10 * minute, totalMs: 20 * minute }, // 10-20 s a side; the network provider escalates Retry-After to 160 s
  peerFromCluster: { tryMs: 10 * minute, totalMs: 20 * minute },
  enableAutoHostEndpoints: { tryMs: 6 * minute, totalMs: 12 * minute }, // a missed event is made good by Calico's resync after 5 minutes
  enableFlowLogs: { tryMs: minute, totalMs: 5 * minute },
  exposeNodePort: { tryMs: 2 * minute, totalMs: 5 * minute },
  labelNode: { tryMs: 6 * minute, totalMs: 12 * minute }, // as for auto host endpoints
  applyPolicy: { tryMs: minute, totalMs: 5 * minute },
  probe: { tryMs: 20 * minute, totalMs: 40 * minute }, // convergence, seconds of proof, then the soak; tried again only when it could not run (W10)
};

/** Undo is worth waiting for: nobody else will do it. */
const undoLimits: Limits = { tryMs: 30 * minute, totalMs: 2 * 60 * minute };

const common = {
  // Every activity heartbeats by itself (activities/index.ts), so a dead worker is noticed this soon.
  heartbeatTimeout: 10 * second,
  // The SDK's default is TRY_CANCEL: an undo would start while the create still runs (W5).
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { initialInterval: second, backoffCoefficient: 2, maximumInterval: 30 * second },
} as const;

const proxy = (summary: string, { tryMs, totalMs }: Limits): Activities =>
  proxyActivities<Activities>({
    ...common,
    startToCloseTimeout: tryMs,
    scheduleToCloseTimeout: totalMs,
    summary,
  }) as Activities;

/** Calls a step's activity. `subject` stands beside its name in the Web UI. */
export function callStep<N extends StepName>(
  name: N,
  subject: string,
  call: Call<StepInput<N>>,
): Promise<Result<StepOutput<N>>> {
  const activity = proxy(subject ? `${name} ${subject}` : name, limits[name])[name] as (
    call: Call<StepInput<N>>,
  ) => Promise<Result<StepOutput<N>>>;
  return activity(call);
}

/** Reads everything that a sweep may concern: a few calls for each run that left something. */
export async function callFindLeftovers(run: RunRef, spec: unknown): Promise<Findings> {
  const { findLeftovers } = proxyActivities<SweepActivities>({
    ...common,
    startToCloseTimeout: 5 * minute,
    scheduleToCloseTimeout: 15 * minute,
  });
  return (await findLeftovers({ run, input: { spec } })).output;
}

/** Tries every entry once, in the given order, watched by an observer if one is given. */
export function callUndo(
  run: RunRef,
  entries: readonly UndoEntry[],
  observer?: ObserverInput,
): Promise<Result<readonly UndoOutcome[]>> {
  const summary = entries.map((entry) => entry.undo).join(', ');
  return proxy(summary, undoLimits).undo({ run, input: { entries, ...(observer && { observer }) } });
}
