import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { createAuthority } from '../../../lab/certificates.ts';
import type { Api, KubernetesObject } from '../../../lab/kubernetes/api.ts';
import { type ControlPlane, startControlPlane } from '../../../lab/kubernetes/control-plane.ts';
import { type LabScope, cluster as labCluster } from '../../../lab/scope.ts';
import { programs } from '../../../lab/tools/programs.ts';
import type { StepContext, Tools } from '../../../src/activities/step.ts';
import { type Clusters, createClusters } from '../../../src/adapters/kubernetes/index.ts';
import type { Mission, Workload } from '../../../src/contract/mission.ts';
import type { RunRef } from '../../../src/contract/steps.ts';
import { calicoCrds, calicoObject, group, startKubeControllers } from './calico.ts';

export const deployFolder = join(import.meta.dirname, '../../../deploy/kubernetes');
export const nodeNames = labCluster.nodeNames;
export const workload: Workload = {
  namespace: 'default',
  deployment: 'frontend',
  serviceName: 'frontend-nodeport',
  port: 80,
  targetPort: 8080,
  nodePort: 30080,
};

/** A real API server with nodes and a deployment, Calico's objects, and a worker that has the shipped rights and no others. */
export interface TestCluster {
  readonly plane: ControlPlane;
  /** As admin: what other people do to the cluster. */
  readonly api: Api;
  readonly controllers: ReturnType<typeof startKubeControllers>;
  readonly clusters: Clusters;
  readonly tools: Tools;
  /** Everything as at the start. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

export async function openCluster(flavour: 'oss' | 'cloud'): Promise<TestCluster> {
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
    const plane = await startControlPlane({ scope, authority, programs: await programs(['etcd', 'kube-apiserver']), crds: calicoCrds(flavour) });
    const { api } = plane;
    for (const object of shippedObjects()) await api.apply(object);
    const reset = (): Promise<void> => seed(api);
    await reset();
    const controllers = startKubeControllers(api);
    const clusters = createClusters({ kubeconfigOf: async () => plane.kubeconfigFor('hepflow-worker'), requestTimeoutMs: 10_000 });
    const stop = async (): Promise<void> => {
      await controllers.stop();
      await clusters.close();
      await plane.stop();
      rmSync(directory, { recursive: true, force: true });
    };
    return { plane, api, controllers, clusters, tools: { clusters } as Tools, reset, stop };
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

export const shippedObjects = (): KubernetesObject[] =>
  readdirSync(deployFolder)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => parseAllDocuments(readFileSync(join(deployFolder, file), 'utf8')).map((document) => document.toJS() as KubernetesObject));

/** A run and what a step of it is given. */
export function contextOf(
  runId: string = randomBytes(4).toString('hex'),
  signal: AbortSignal = AbortSignal.timeout(20_000),
): StepContext & { readonly beats: unknown[] } {
  const { subscriptionId, resourceGroup, name, location } = labCluster;
  const run: RunRef = {
    ...{ runId, workflowId: `hepflow-lab-${runId}`, startedAt: '2026-01-02T03:04:05.000Z', subscriptionId, resourceGroup, location },
    cluster: { subscriptionId, resourceGroup, name },
  };
  const beats: unknown[] = [];
  return { run, attempt: 1, signal, heartbeat: (state) => void beats.push(state), resume: undefined, pollIntervalMs: 15, beats };
}

export const mission = {
  ...{ subscriptionId: labCluster.subscriptionId, resourceGroup: labCluster.resourceGroup, cluster: labCluster.name },
  ...{ workload, label: { key: 'host-end-point', value: 'test' }, nodes: [] },
  policy: { name: 'frontend-nodeport-access', tier: 'default', order: 100 },
} as unknown as Mission;

const collections = ['/api/v1/nodes', '/api/v1/namespaces/default/pods', '/apis/apps/v1/namespaces/default/deployments'];
const calicoCollections = ['kubecontrollersconfigurations', 'felixconfigurations', 'clusterinformations', 'hostendpoints', 'globalnetworkpolicies', 'tiers'];

async function seed(api: Api): Promise<void> {
  for (const collection of [...collections, ...calicoCollections.map((plural) => `${group}/${plural}`)])
    await api.call('DELETE', `${collection}?gracePeriodSeconds=0`);
  await api.call('DELETE', '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices');
  const { items } = await api.call<{ items: readonly KubernetesObject[] }>('GET', '/api/v1/services');
  for (const { metadata } of items)
    if (metadata.name !== 'kubernetes') await api.call('DELETE', `/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}`);
  const disabled = { controllers: { node: { hostEndpoint: { autoCreate: 'Disabled' } } } };
  const controllers = calicoObject('KubeControllersConfiguration', 'default', disabled);
  await api.apply({ ...controllers, status: { runningConfig: disabled } });
  await api.apply(calicoObject('FelixConfiguration', 'default', {}));
  await api.apply(calicoObject('ClusterInformation', 'default', { calicoVersion: 'v3.32.1', datastoreReady: true }));
  await api.apply(calicoObject('Tier', 'default', { order: 1_000_000 }));
  await api.apply(calicoObject('Tier', 'security', { order: 300 }));
  for (const [index, name] of nodeNames.entries()) await addNode(api, name, `10.240.0.${index + 4}`);
  await addDeployment(api);
}

export async function addNode(api: Api, name: string, address: string, ready = 'True', os = 'linux'): Promise<void> {
  await api.call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'kubernetes.io/os': os, agentpool: 'nodepool1' } } });
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
  api.call('PATCH', '/api/v1/namespaces/default/pods/frontend-1/status', { status: { conditions: [{ type: 'Ready', status }] } });

/** An EndpointSlice as kube-controller-manager makes it; it is not run here. */
export function sliceOf(service: string, ready: boolean): object {
  return {
    ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4', ports: [{ port: 8080 }] },
    metadata: { name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
    endpoints: [{ addresses: ['10.244.0.10'], conditions: { ready } }],
  };
}

export const slices = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
