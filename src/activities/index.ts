import { Context } from '@temporalio/activity';
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
import { applyPolicy } from './apply-policy.ts';
import { awaitSsh } from './await-ssh.ts';
import { createInterface } from './create-interface.ts';
import { createNetwork } from './create-network.ts';
import { createPublicIp } from './create-public-ip.ts';
import { createSecurityGroup } from './create-security-group.ts';
import { createVm } from './create-vm.ts';
import { enableAutoHostEndpoints } from './enable-auto-host-endpoints.ts';
import { enableFlowLogs } from './enable-flow-logs.ts';
import { exposeNodePort } from './expose-node-port.ts';
import { toApplicationFailure } from './failure.ts';
import { alive } from './heartbeat.ts';
import { holdCluster } from './hold-cluster.ts';
import { labelNode } from './label-node.ts';
import { peerFromCluster } from './peer-from-cluster.ts';
import { peerToCluster } from './peer-to-cluster.ts';
import { preflight } from './preflight/index.ts';
import { probe } from './probe.ts';
import type { StepActivity, StepContext, Tools } from './step.ts';
import { findLeftovers } from './sweep/find-leftovers.ts';
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
