/** Runs the real workflow on a real Temporal dev server with fake steps, typed by the contract. */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { providePrograms } from '../../lab/tools/programs.ts';
import type { Cluster } from '../../src/adapters/kubernetes/index.ts';
import { resolveMission } from '../../src/config/run-spec.ts';
import type { Applied, UndoOutcome } from '../../src/contract/change.ts';
import type { Connection, Evidence } from '../../src/contract/evidence.ts';
import { type FailureCode, failures } from '../../src/contract/failures.ts';
import { searchAttributes, workflowType } from '../../src/contract/messages.ts';
import type { Mission } from '../../src/contract/mission.ts';
import type { Report } from '../../src/contract/report.ts';
import { createRunRef, type RunIdentity } from '../../src/contract/run.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import type { Site } from '../../src/contract/site.ts';
import type {
  Activities,
  ApplyChange,
  Call,
  Preflight,
  PreflightInput,
  ProbeInput,
  Result,
  UndoInput,
  UndoRequest,
} from '../../src/contract/steps.ts';
import { sealEvidence } from '../../src/evidence/seal.ts';
import { planRun } from '../../src/preflight/plan.ts';
import { createWorkshop } from '../../src/scenario/workshop.ts';
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
    { name: 'node-a', internalIp: '10.240.0.4' },
    { name: 'node-b', internalIp: '10.240.0.35' },
  ],
  readyNodes: ['node-a', 'node-b'],
  calico: { flavour: 'cloud', version: 'v3.32.1', api: 'projectcalico.org/v3' },
  searchAttributes: true,
  warnings: [],
};

/** The cluster as far as prior values are read: autoCreate is Disabled, and node-b has the label already. */
const objects: Readonly<Record<string, object>> = {
  'kubecontrollersconfigurations/default': {
    metadata: {},
    spec: { controllers: { node: { hostEndpoint: { autoCreate: 'Disabled' } } } },
  },
  'nodes/node-b': { metadata: { labels: { 'host-end-point': 'other' } } },
};
const cluster = {
  find: async ({ plural }: { plural: string }, name: string) => objects[`${plural}/${name}`],
} as unknown as Cluster;

/** One call that a fake received; undo calls have their entries' names joined. */
export interface Recorded {
  readonly step: string;
  readonly subject: string;
  readonly input: unknown;
}

export interface FakeBehaviour {
  /** Called before a step's fake answers; may throw or wait. */
  readonly before?: (step: string, input: never, attempt: number) => Promise<void> | void;
  readonly undo?: (entry: UndoRequest, attempt: number) => Partial<UndoOutcome> | undefined;
  readonly evidence?: (input: ProbeInput) => Evidence;
  readonly site?: Site;
  readonly takenOverFrom?: string;
  /** Default: the workshop. */
  readonly createScenario?: (mission: Mission) => Scenario;
}

/** What each change answers; the test's own list of steps, so that one that is not called is noticed. */
const answers: Readonly<Record<string, (behaviour: FakeBehaviour) => Applied>> = {
  holdCluster: ({ takenOverFrom }) => ({
    found: 'held',
    ...(takenOverFrom && { warnings: [`The cluster was still held by ${takenOverFrom}; this run took over.`] }),
  }),
  createNetwork: () => ({ found: '' }),
  createPublicIp: () => ({ found: '203.0.113.10', facts: { publicAddress: '203.0.113.10' } }),
  createSecurityGroup: () => ({ found: 'AllowRuleSSH' }),
  createInterface: () => ({ found: '192.168.1.4', facts: { sourceAddress: '192.168.1.4' } }),
  createVm: () => ({ found: 'Standard_B2ts_v2' }),
  awaitSsh: () => ({ found: 'kernel 6.8.0', facts: { kernel: '6.8.0' } }),
  peerToCluster: () => ({ found: '' }),
  peerFromCluster: () => ({ found: 'Connected, FullyInSync' }),
  enableAutoHostEndpoints: () => ({ found: '2 host endpoints', facts: { hostEndpoints: ['a-hep', 'b-hep'] } }),
  enableFlowLogs: () => ({ found: 'read back as true', facts: { hostEndpointFlowLogs: 'enabled' } }),
  exposeNodePort: () => ({ found: 'NodePort 30080' }),
  labelNode: () => ({ found: 'on its host endpoint too' }),
  applyPolicy: () => ({ found: 'applied' }),
};

/** Steps that do nothing but answer as if all went well. */
export function fakeActivities(behaviour: FakeBehaviour = {}): { activities: Activities; calls: Recorded[] } {
  const calls: Recorded[] = [];
  const answer =
    <Input, Output, Run extends RunIdentity>(
      step: string,
      describe: (input: Input) => string,
      respond: (input: Input, run: Run) => Output | Promise<Output>,
    ) =>
    async ({ input, run }: Call<Input, Run>): Promise<Result<Output>> => {
      const { attempt } = Context.current().info;
      calls.push({ step, subject: describe(input), input });
      await behaviour.before?.(step, input as never, attempt);
      try {
        return { output: await respond(input, run), attempts: attempt };
      } catch (error) {
        throw toApplicationFailure(error, attempt);
      }
    };
  const changes = Object.entries(answers).map(([step, respond]): [string, ApplyChange] => [
    step,
    answer(
      step,
      ({ change }) => ('node' in change ? String(change.node) : ''),
      () => respond(behaviour),
    ),
  ]);
  const now = new Date().toISOString();
  const done: UndoOutcome = {
    ...{ outcome: 'done', retryable: false, code: '', detail: '' },
    ...{ startedAt: now, endedAt: now },
  };
  const named: Activities = {
    preflight: answer(
      'preflight',
      () => '',
      (input: PreflightInput, run: RunIdentity) => preflight(input, run, behaviour),
    ),
    probe: answer(
      'probe',
      ({ phase }: ProbeInput) => phase,
      (input: ProbeInput) => sealEvidence((behaviour.evidence ?? asExpected)(input), input.previousSeal ?? ''),
    ),
    undo: answer(
      'undo',
      ({ entries }: UndoInput) => entries.map(({ undo, subject }) => `${undo} ${subject}`).join(', '),
      ({ entries }: UndoInput) => {
        const { attempt } = Context.current().info;
        return entries.map((entry) => ({ ...done, ...behaviour.undo?.(entry, attempt) }));
      },
    ),
  };
  return { activities: { ...Object.fromEntries(changes), ...named }, calls };
}

async function preflight(
  { spec: given, holder }: PreflightInput,
  identity: RunIdentity,
  { site: own = site, createScenario = createWorkshop }: FakeBehaviour,
): Promise<Preflight> {
  const mission = resolveMission(given) as Mission;
  const run = createRunRef(identity, mission, own.location);
  return { mission, site: own, plan: await planRun(createScenario(mission), { run, site: own }, holder, cluster) };
}

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
  const health = { readyEndpoints: 2, readAt: at };
  const services = new Set(input.targets.flatMap(({ service }) => service ?? []));
  return {
    phase: input.phase,
    vantage: input.vantage.id,
    startedAt: at,
    endedAt: at,
    kernel: '6.8.0',
    targets: input.targets,
    convergence: { reached: true, rounds: 1, elapsedMs: 5 },
    connections: connections.map(override),
    backends: Object.fromEntries([...services].map((name) => [name, { before: health, after: health }])),
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
