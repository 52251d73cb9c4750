import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { listSeedObjects as calicoSeed, listCrds } from '../../lab/calico/crds.ts';
import { type Flavour, flavours } from '../../lab/calico/flavours.ts';
import { startKubeControllers } from '../../lab/calico/kube-controllers.ts';
import { hasProfiles } from '../../lab/calico/seed.ts';
import { createAuthority } from '../../lab/certificates.ts';
import type { Api, KubernetesObject } from '../../lab/kubernetes/api.ts';
import { type ControlPlane, startControlPlane } from '../../lab/kubernetes/control-plane.ts';
import { type LabScope, cluster as labCluster } from '../../lab/scope.ts';
import { providePrograms } from '../../lab/tools/programs.ts';
import { type Clusters, createClusters, KubernetesError } from '../../src/adapters/kubernetes/index.ts';
import type { PolicyChange } from '../../src/changes/policy/index.ts';
import { resolveMission } from '../../src/config/run-spec.ts';
import type { Mission, Workload } from '../../src/contract/mission.ts';
import type { RunRef } from '../../src/contract/run.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import { changedAnnotation } from '../../src/ownership/field-mark.ts';
import { createWorkshop } from '../../src/scenario/workshop.ts';
import type { StepContext, Tools } from '../../src/step/context.ts';
import { signer } from './signing.ts';

export const group = '/apis/projectcalico.org/v3';
export const calicoPath = (flavour: Flavour): string =>
  `/apis/${flavours[flavour].api.group}/${flavours[flavour].api.version}`;
export const calicoObject = (kind: string, name: string, spec: object): KubernetesObject => ({
  apiVersion: 'projectcalico.org/v3',
  kind,
  metadata: { name },
  spec,
});

export const deployFolder = join(import.meta.dirname, '../../deploy/kubernetes');
export const nodeNames = labCluster.nodeNames;
export const workload: Workload = {
  namespace: 'default',
  deployment: 'frontend',
  serviceName: 'frontend-nodeport',
  port: 80,
  targetPort: 8080,
  nodePort: 30080,
};

/**
 * A real API server with nodes and a deployment, the lab's Calico objects and stand-in for kube-controllers, and a
 * worker that has the shipped rights only.
 */
export interface TestCluster {
  readonly plane: ControlPlane;
  /** As admin: what other people do to the cluster. */
  readonly api: Api;
  /** Calico's kube-controllers, when it is to be late. */
  readonly controllers: { start(): Promise<void>; stop(): Promise<void> };
  readonly tools: Tools;
  /** Everything as at the start, kube-controllers running. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function openCluster(flavour: Flavour): Promise<TestCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'hepflow-activities-'));
  const scope: LabScope = {
    id: `a${randomInt(36 ** 4)
      .toString(36)
      .padStart(4, '0')}`,
    directory,
    logs: join(directory, 'logs'),
    pace: 'fast',
    calico: flavour,
  };
  mkdirSync(scope.logs);
  try {
    const authority = await createAuthority(join(directory, 'ca'));
    const plane = await startControlPlane({
      scope,
      authority,
      programs: await providePrograms(['etcd', 'kube-apiserver']),
      crds: listCrds(flavour),
    });
    const { api } = plane;
    for (const object of shippedObjects()) await api.apply(object);
    const controllers = controllersOf(plane, flavour);
    const reset = async (): Promise<void> => {
      await seed(api, flavour);
      await controllers.start();
      const reported = async (): Promise<boolean> =>
        'status' in (await api.call<object>('GET', `${calicoPath(flavour)}/kubecontrollersconfigurations/default`));
      while (!(await reported())) await sleep(10);
    };
    const clusters: Clusters = createClusters({
      kubeconfigOf: async () => plane.kubeconfigFor('hepflow-worker'),
      requestTimeoutMs: 10_000,
    });
    const stop = async (): Promise<void> => {
      await controllers.stop();
      await clusters.close();
      await plane.stop();
      rmSync(directory, { recursive: true, force: true });
    };
    return { plane, api, controllers, tools: { clusters, signer } as Partial<Tools> as Tools, reset, stop };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

function controllersOf(plane: ControlPlane, flavour: Flavour): TestCluster['controllers'] {
  let running: { stop(): Promise<void> } | undefined;
  return {
    start: async () => {
      // It tries again by itself.
      running ??= await startKubeControllers({ kubeConfig: plane.clientFor('calico'), flavour, onError: () => {} });
    },
    stop: async () => {
      await running?.stop();
      running = undefined;
    },
  };
}

/** As Temporal does: a step that met somebody else's write is tried again, and reads anew (W9). */
export async function retried<T>(step: () => Promise<T>): Promise<T> {
  for (let left = 5; ; left -= 1) {
    try {
      return await step();
    } catch (error) {
      if (left === 0 || !(error instanceof KubernetesError && error.reason === 'Conflict')) throw error;
    }
  }
}

export const shippedObjects = (): KubernetesObject[] =>
  readdirSync(deployFolder)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(deployFolder, file), 'utf8')).map(
        (document) => document.toJS() as KubernetesObject,
      ),
    );

/** A run and what a step of it is given. */
export function contextOf(
  runId: string = randomBytes(8).toString('hex'),
  signal: AbortSignal = AbortSignal.timeout(20_000),
): StepContext & { readonly beats: unknown[] } {
  const { subscriptionId, resourceGroup, name, location } = labCluster;
  const run: RunRef = {
    ...{
      runId,
      workflowId: `hepflow-lab-${runId}`,
      firstExecutionRunId: 'first',
      startedAt: '2026-01-02T03:04:05.000Z',
      subscriptionId,
      resourceGroup,
      location,
    },
    cluster: { subscriptionId, resourceGroup, name },
    expiresAt: '2026-01-03T03:04:05.000Z',
  };
  const beats: unknown[] = [];
  return {
    run,
    attempt: 1,
    signal,
    heartbeat: (state) => void beats.push(state),
    resume: undefined,
    pollIntervalMs: 15,
    beats,
  };
}

/** Resolves when the step has looked and waited a few times; fails when the context's time is over first. */
export async function waiting({
  beats,
  signal,
}: {
  readonly beats: readonly unknown[];
  readonly signal: AbortSignal;
}): Promise<void> {
  while (beats.length < 3) {
    signal.throwIfAborted();
    await sleep(5);
  }
}

export const mission = resolveMission({
  subscriptionId: labCluster.subscriptionId,
  resourceGroup: labCluster.resourceGroup,
  cluster: labCluster.name,
});

/** What is asked for by a mission: the workshop, with these changes to the mission. */
export function askFor(changed: Partial<Mission> = {}): { readonly mission: Mission; readonly scenario: Scenario } {
  const asked = { ...mission, ...changed };
  return { mission: asked, scenario: createWorkshop(asked) };
}

/** The workshop's policy, with the address of a VM that stands. */
export const policyChange = (tier = 'default') => {
  const changes = askFor({ policy: { ...mission.policy, tier } }).scenario.phases.flatMap((phase) => phase.changes);
  const text = JSON.stringify(changes.find(({ kind }) => kind === 'policy'));
  return JSON.parse(text.replace(/\$\{vm\.sourceAddress\}/, '192.168.1.4')) as PolicyChange;
};

const collections = [
  '/api/v1/nodes',
  '/api/v1/namespaces/default/pods',
  '/apis/apps/v1/namespaces/default/deployments',
];
const calicoCollections = [
  'kubecontrollersconfigurations',
  'felixconfigurations',
  'clusterinformations',
  'hostendpoints',
  'globalnetworkpolicies',
  'tiers',
  'profiles',
];

const listCalicoCollections = (flavour: Flavour): readonly string[] =>
  calicoCollections
    .filter((plural) => plural !== 'profiles' || hasProfiles(flavour))
    .map((plural) => `${calicoPath(flavour)}/${plural}`);

async function seed(api: Api, flavour: Flavour): Promise<void> {
  for (const collection of [...collections, ...listCalicoCollections(flavour)])
    await api.call('DELETE', `${collection}?gracePeriodSeconds=0`);
  await api.call('DELETE', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices');
  const { items } = await api.call<{ items: readonly KubernetesObject[] }>('GET', '/api/v1/services');
  for (const { metadata } of items)
    if (metadata.name !== 'kubernetes')
      await api.call('DELETE', `/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}`);
  for (const object of calicoSeed(flavour)) await api.apply(object);
  for (const [index, name] of nodeNames.entries()) await addNode(api, name, `10.240.0.${index + 4}`);
  await addDeployment(api);
}

export async function addNode(api: Api, name: string, address: string, ready = 'True', os = 'linux'): Promise<void> {
  await api.call('POST', '/api/v1/nodes', {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/os': os, agentpool: 'nodepool1' } },
  });
  const status = { conditions: [{ type: 'Ready', status: ready }], addresses: [{ type: 'InternalIP', address }] };
  await api.call('PATCH', `/api/v1/nodes/${name}/status`, { status });
}

async function addDeployment(api: Api): Promise<void> {
  const labels = { app: 'frontend' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'server', image: 'frontend' }] } };
  await api.apply({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'frontend', namespace: 'default' },
    spec: { selector: { matchLabels: labels }, template },
  });
  await api.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'frontend-1', namespace: 'default', labels },
    spec: { ...template.spec, nodeName: nodeNames[0] },
  });
  await setPodReady(api, 'True');
}

export const setPodReady = (api: Api, status: 'True' | 'False'): Promise<unknown> =>
  api.call('PATCH', '/api/v1/namespaces/default/pods/frontend-1/status', {
    status: { conditions: [{ type: 'Ready', status }] },
  });

/** An EndpointSlice as kube-controller-manager makes it; it is not run here. */
export function sliceOf(service: string, ready: boolean): object {
  return {
    ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4', ports: [{ port: 8080 }] },
    metadata: { name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
    endpoints: [{ addresses: ['10.244.0.10'], conditions: { ready } }],
  };
}

export const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

export const controllersPath = `${group}/kubecontrollersconfigurations/default`;
export const autoCreate = (value: string | null): object => ({
  spec: { controllers: { node: { hostEndpoint: { autoCreate: value } } } },
});

/** An object without what any write changes, and without what the controllers report. */
export async function shapeOf({ api }: TestCluster, path: string): Promise<object> {
  const { status: _, metadata, ...rest } = await api.call<KubernetesObject>('GET', path);
  const { resourceVersion: _r, managedFields: _m, generation: _g, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

/** Of the mark, whose it is and what undo restores. */
export const readFieldMarkOf = (object: object): unknown => {
  const text = (object as { metadata: { annotations?: Record<string, string> } }).metadata.annotations?.[
    changedAnnotation
  ];
  if (text === undefined) return null;
  const { run, prior, existing } = JSON.parse(text) as Record<string, unknown>;
  return { run, prior, ...(existing !== undefined && { existing }) };
};
