import { Context } from '@temporalio/activity';
import { enableAutoHostEndpoints } from '../changes/field/auto-host-endpoints.ts';
import { enableFlowLogs } from '../changes/field/flow-logs.ts';
import { createInterface } from '../changes/interface/apply.ts';
import { labelNode } from '../changes/label/apply.ts';
import { holdCluster } from '../changes/lease/apply.ts';
import { createNetwork } from '../changes/network/apply.ts';
import { peerFromCluster } from '../changes/peering/from-cluster.ts';
import { peerToCluster } from '../changes/peering/to-cluster.ts';
import { applyPolicy } from '../changes/policy/apply.ts';
import { createPublicIp } from '../changes/public-ip/apply.ts';
import { createSecurityGroup } from '../changes/security-group/apply.ts';
import { exposeNodePort } from '../changes/service/apply.ts';
import { createVm } from '../changes/vm/apply.ts';
import type {
  Activities,
  Call,
  Result,
  StepInput,
  StepName,
  StepOutput,
  UndoEntry,
  UndoOutcome,
  Watched,
} from '../contract/steps.ts';
import type { SweepActivities } from '../contract/sweep.ts';
import { preflight } from '../preflight/index.ts';
import type { StepActivity, StepContext, Tools } from '../step/context.ts';
import { toApplicationFailure } from '../step/failures/index.ts';
import { findLeftovers } from '../sweep/find-leftovers.ts';
import { awaitSsh } from '../vantage/await-ssh.ts';
import { probe } from '../vantage/prober/probe/gather.ts';
import { alive } from './heartbeat.ts';
import { undoEach } from './undo.ts';

const steps: { readonly [N in StepName]: StepActivity<N> } = {
  preflight,
  holdCluster,
  createNetwork,
  createPublicIp,
  createSecurityGroup,
  createInterface,
  createVm,
  awaitSsh,
  peerToCluster,
  peerFromCluster,
  enableAutoHostEndpoints,
  enableFlowLogs,
  exposeNodePort,
  labelNode,
  applyPolicy,
  probe,
};

/** The activities of the worker: every step, wrapped once with heartbeat, cancellation, resume, attempts and failure mapping. */
export function createActivities(
  tools: Tools,
  settings: { readonly pollIntervalMs: number },
): Activities & SweepActivities {
  const wrapped = Object.fromEntries(
    (Object.keys(steps) as StepName[]).map((name) => [
      name,
      (call: Call<StepInput<typeof name>>): Promise<Result<StepOutput<typeof name>>> =>
        carryOut(name, call, settings, steps[name] as StepActivity<typeof name>, tools),
    ]),
  );
  const undo = (
    call: Call<{ readonly entries: readonly UndoEntry[] } & Watched>,
  ): Promise<Result<readonly UndoOutcome[]>> => carryOut('undo', call, settings, undoEach, tools);
  const sweeper: SweepActivities = {
    findLeftovers: (call) => carryOut('findLeftovers', call, settings, findLeftovers, tools),
  };
  return { ...wrapped, undo, ...sweeper } as unknown as Activities & SweepActivities;
}

async function carryOut<I, O>(
  name: StepName | 'undo' | 'findLeftovers',
  call: Call<I>,
  settings: { readonly pollIntervalMs: number },
  step: (input: I, tools: Tools, context: StepContext) => Promise<O>,
  tools: Tools,
): Promise<Result<O>> {
  const { info, cancellationSignal, log } = Context.current();
  const { attempt } = info;
  const { runId } = call.run;
  log.info(`${name} begins`, { hepflowRun: runId });
  try {
    const output = await alive(call.run, settings.pollIntervalMs, (context) => step(call.input, tools, context));
    log.info(`${name} done`, { hepflowRun: runId });
    return { output, attempts: attempt };
  } catch (error) {
    cancellationSignal.throwIfAborted(); // what an interrupted call says is of no interest
    const failure = toApplicationFailure(error, attempt);
    log.warn(`${name} failed`, { hepflowRun: runId, code: failure.type, reason: failure.message });
    throw failure;
  }
}
