/** Runs the real workflow on a real Temporal dev server with fake steps, typed by the contract. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { providePrograms } from '../../lab/tools/programs.ts';
import { resolveMission } from '../../src/config/run-spec.ts';
import type { Connection, Evidence } from '../../src/contract/evidence.ts';
import { type FailureCode, failures } from '../../src/contract/failures.ts';
import { searchAttributes, workflowType } from '../../src/contract/messages.ts';
import type { Mission } from '../../src/contract/mission.ts';
import type { Report } from '../../src/contract/report.ts';
import type { Site } from '../../src/contract/site.ts';
import type {
  Activities,
  Call,
  ProbeInput,
  Result,
  RunRef,
  StepInput,
  StepName,
  StepOutput,
  UndoEntry,
  UndoOutcome,
} from '../../src/contract/steps.ts';
import { sealed } from '../../src/evidence/seal.ts';
import { idsOf } from '../../src/ownership/names.ts';
import { toApplicationFailure } from '../../src/step/failures/index.ts';

export const spec = {
  subscriptionId: '00000000-0000-4000-8000-000000000001',
  resourceGroup: 'group',
  cluster: 'cluster',
};

const vnet = '/subscriptions/s/resourceGroups/MC/providers/Microsoft.Network/virtualNetworks/aks-vnet-1';
export const site: Site = {
  location: 'westeurope',
  clusterResourceId:
    '/subscriptions/s/resourceGroups/group/providers/Microsoft.ContainerService/managedClusters/cluster',
  nodeResourceGroup: 'MC',
  kubernetesVersion: '1.35.4',
  clusterVnetId: vnet,
  clusterAddressSpaces: ['10.240.0.0/16'],
  nodes: [
    { name: 'node-a', internalIp: '10.240.0.4', priorLabel: null },
    { name: 'node-b', internalIp: '10.240.0.35', priorLabel: 'other' },
  ],
  readyNodes: ['node-a', 'node-b'],
  calico: { flavour: 'cloud', version: 'v3.32.1', priorAutoCreate: 'Disabled', priorFlowLogs: null },
  searchAttributes: true,
  warnings: [],
};

/** One call that a fake received; undo calls have their entries' names joined. */
export interface Recorded {
  readonly step: StepName | 'undo';
  readonly subject: string;
  readonly input: unknown;
}

export interface FakeBehaviour {
  /** Called before a step's fake answers; may throw or wait. */
  readonly before?: (step: StepName | 'undo', input: never, attempt: number) => Promise<void> | void;
  readonly undo?: (entry: UndoEntry, attempt: number) => Partial<UndoOutcome> | undefined;
  readonly evidence?: (input: ProbeInput) => Evidence;
  readonly site?: Site;
  readonly takenOverFrom?: string;
}

/** Steps that do nothing but answer as if all went well. */
export function fakeActivities(behaviour: FakeBehaviour = {}): { activities: Activities; calls: Recorded[] } {
  const calls: Recorded[] = [];
  const outputs: { [N in StepName]: (input: StepInput<N>, run: RunRef) => StepOutput<N> } = {
    preflight: ({ spec }) => ({ mission: resolveMission(spec) as Mission, site: behaviour.site ?? site }),
    holdCluster: () => ({ since: new Date().toISOString(), takenOverFrom: behaviour.takenOverFrom ?? null }),
    createNetwork: (_input, run) => ({ id: idsOf(run).network, subnetId: idsOf(run).subnet }),
    createPublicIp: () => ({ id: '/ip', address: '203.0.113.10' }),
    createSecurityGroup: () => ({ id: '/nsg' }),
    createInterface: () => ({ id: '/nic', privateAddress: '192.168.1.4' }),
    createVm: ({ sizes }) => ({ id: '/vm', size: sizes[0] ?? '', hostKey: 'ssh-ed25519 AAAA' }),
    awaitSsh: () => ({ kernel: '6.8.0', python: 'Python 3.12.3' }),
    peerToCluster: () => ({ id: '/peering' }),
    peerFromCluster: () => ({ id: '/peering-back', peeringState: 'Connected', syncLevel: 'FullyInSync' }),
    enableAutoHostEndpoints: ({ readyNodes }) => ({
      changed: true,
      names: readyNodes.map((node) => `${node}-auto-hep`),
    }),
    enableFlowLogs: () => ({ changed: true, supported: true }),
    exposeNodePort: ({ nodePort }) => ({ nodePort, readyEndpoints: 2 }),
    labelNode: ({ node }) => ({ changed: true, hostEndpoint: `${node}-auto-hep` }),
    applyPolicy: ({ name }) => ({ name, acceptedAt: new Date().toISOString() }),
    probe: (input) => sealed((behaviour.evidence ?? asExpected)(input), input.previousSeal ?? ''),
  };
  const step =
    <N extends StepName>(name: N) =>
    async ({ input, run }: Call<StepInput<N>>): Promise<Result<StepOutput<N>>> => {
      const { attempt } = Context.current().info;
      calls.push({ step: name, subject: subjectOf(input), input });
      await behaviour.before?.(name, input as never, attempt);
      try {
        return { output: outputs[name](input, run), attempts: attempt };
      } catch (error) {
        throw toApplicationFailure(error, attempt);
      }
    };
  const undo = async ({
    input: { entries },
  }: Call<{ readonly entries: readonly UndoEntry[] }>): Promise<Result<readonly UndoOutcome[]>> => {
    const { attempt } = Context.current().info;
    calls.push({
      step: 'undo',
      subject: entries.map(({ undo, subject }) => `${undo} ${subject}`).join(', '),
      input: entries,
    });
    await behaviour.before?.('undo', entries as never, attempt);
    const now = new Date().toISOString();
    const done: UndoOutcome = { outcome: 'done', retryable: false, code: '', detail: '', startedAt: now, endedAt: now };
    return { output: entries.map((entry) => ({ ...done, ...behaviour.undo?.(entry, attempt) })), attempts: attempt };
  };
  const activities = Object.fromEntries((Object.keys(outputs) as StepName[]).map((name) => [name, step(name)]));
  return { activities: { ...activities, undo } as unknown as Activities, calls };
}

const subjectOf = (input: object): string =>
  'phase' in input ? String(input.phase) : 'node' in input ? String(input.node) : '';

/** Evidence of a world that behaves as expected. */
export function asExpected(
  input: ProbeInput,
  override: (connection: Connection) => Connection = (connection) => connection,
): Evidence {
  const at = new Date().toISOString();
  const connections = input.targets.flatMap((target): Connection[] => {
    const open = input.expected[target.id] === 'OPEN';
    const base = { target: target.id, startedAt: at, sourcePort: 40000 };
    const proof = [1, 2, 3].map(
      (n): Connection => ({
        ...base,
        stage: 'proof',
        sourcePort: 40000 + n,
        outcome: open ? 'OPEN' : 'DROP',
        elapsedMs: open ? 1 : 3000,
        syns: open ? 1 : 3,
      }),
    );
    if (!open) return proof;
    const live = (['before', 'during', 'after'] as const).map(
      (stage): Connection => ({ ...base, stage, outcome: 'OPEN', elapsedMs: 1, syns: 1 }),
    );
    return [...live, ...proof];
  });
  const backends = { readyEndpoints: 2, readAt: at };
  return {
    phase: input.phase,
    startedAt: at,
    endedAt: at,
    kernel: '6.8.0',
    targets: input.targets,
    convergence: { reached: true, rounds: 1, elapsedMs: 5 },
    connections: connections.map(override),
    backends: { before: backends, after: backends },
  };
}

/** Fails as an activity does. */
export function failAs(code: FailureCode, message: string = code): never {
  const nonRetryable = failures[code].retry === 'never';
  throw ApplicationFailure.create({
    type: code,
    message,
    nonRetryable,
    details: [{ code, attempts: Context.current().info.attempt, problems: [] }],
  });
}

const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url));

export interface Harness {
  readonly env: TestWorkflowEnvironment;
  /** Starts a run with these fakes and gives its handle to `during`; the worker lives until `during` ends. */
  run<T>(
    fakes: { activities: Activities },
    input: unknown,
    during: (handle: WorkflowHandle<() => Promise<Report>>) => Promise<T>,
    options?: { cached?: boolean; type?: string },
  ): Promise<T>;
  close(): Promise<void>;
}

/** A dev server of its own for a test file. */
export async function startHarness(): Promise<Harness> {
  const { temporal } = await providePrograms(['temporal']);
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporal },
      searchAttributes: Object.values(searchAttributes).map((name) => defineSearchAttributeKey(name, 'KEYWORD')),
      extraArgs: ['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=2000'],
    },
  });
  const bundle: WorkflowBundleWithSourceMap = await bundleWorkflowCode({ workflowsPath, logger: quiet });
  const run: Harness['run'] = async ({ activities }, input, during, { cached = true, type = workflowType } = {}) => {
    const taskQueue = `test-${randomUUID()}`;
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue,
      workflowBundle: bundle,
      activities: activities as unknown as Record<string, () => Promise<unknown>>,
      maxHeartbeatThrottleInterval: 100,
      ...(cached ? {} : { maxCachedWorkflows: 0 }),
    });
    return worker.runUntil(async () => {
      const handle = await env.client.workflow.start(type, {
        taskQueue,
        workflowId: `hepflow-test-${randomUUID()}`,
        args: [input],
      });
      return during(handle as unknown as WorkflowHandle<() => Promise<Report>>);
    });
  };
  return { env, run, close: () => env.teardown() };
}

const quiet = { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} };
