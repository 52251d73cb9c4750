/** A cluster as far as preflight reads it, from a list of objects. */
import { type Cluster, KubernetesError } from '../../src/adapters/kubernetes/index.ts';

/** By `<plural>` or `<plural>/<name>`: what is there. Absent names answer 404. */
export type Contents = Readonly<Record<string, object | 'forbidden' | 'notServed' | 'broken' | undefined>>;

const named = (key: string, object: object): object => {
  const name = key.slice(key.indexOf('/') + 1);
  return {
    ...object,
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      resourceVersion: '1',
      ...('metadata' in object ? (object.metadata as object) : {}),
    },
  };
};

const node = (labels: object = {}): object => ({
  spec: {
    providerID:
      'azure:///subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/mc_group_lab_westeurope/providers/' +
      'Microsoft.Compute/virtualMachineScaleSets/pool/virtualMachines/0',
  },
  metadata: { labels: { 'kubernetes.io/os': 'linux', agentpool: 'pool', ...labels } },
  status: {
    conditions: [{ type: 'Ready', status: 'True' }],
    addresses: [{ type: 'InternalIP', address: '10.240.0.4' }],
  },
});
const readyPod = (nodeName: string): object => ({
  metadata: { labels: { app: 'frontend' } },
  spec: { nodeName },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
});

/** Of so many nodes, each has the newest pod of calico-node, and on so many it is available. */
export const rolledOut = (nodes: number, available = nodes): object => ({
  metadata: { namespace: 'calico-system' },
  status: { desiredNumberScheduled: nodes, updatedNumberScheduled: nodes, numberAvailable: available },
});

/** In order, with the data plane and kube-proxy of most clusters. */
export const healthy: Contents = {
  'namespaces/default': {},
  'nodes/node-a': node(),
  'nodes/node-b': node({ role: 'gateway' }),
  'nodes/node-c': node(),
  'deployments/frontend': { spec: { selector: { matchLabels: { app: 'frontend' } } } },
  'pods/frontend-1': readyPod('node-a'),
  'kubecontrollersconfigurations/default': {
    spec: { controllers: { node: { hostEndpoint: { autoCreate: 'Disabled' } } } },
    status: { environmentVars: {}, runningConfig: {} },
  },
  'felixconfigurations/default': { spec: {} },
  'clusterinformations/default': { spec: { calicoVersion: 'v3.32.1' } },
  'tiers/default': { spec: {} },
  'profiles/projectcalico-default-allow': { spec: {} },
  'daemonsets/calico-node': rolledOut(3),
  'configmaps/kube-proxy': { data: { 'config.conf': 'kind: KubeProxyConfiguration\nmode: iptables\n' } },
};

export interface Fake {
  readonly contents?: Contents;
  /** Groups that are served, as `group/version`. */
  readonly served?: readonly string[];
  readonly refused?: (verb: string, resource: string) => boolean;
}

export function fakeCluster({
  contents = healthy,
  served = ['projectcalico.org/v3'],
  refused = () => false,
}: Fake): Cluster {
  const answer = (plural: string, name?: string): object | undefined => {
    const found = (name === undefined ? undefined : contents[`${plural}/${name}`]) ?? contents[plural];
    if (found === 'forbidden') throw new KubernetesError(403, 'Forbidden', `may not read ${plural}`);
    if (found === 'notServed') throw new KubernetesError(404, 'NotServed', `does not serve ${plural}`);
    if (found === 'broken') throw new KubernetesError(0, 'ConnectionFailed', 'the API server did not answer');
    return found;
  };
  const unread = (): never => {
    throw new Error('nothing may be changed');
  };
  return {
    find: async ({ plural }: { plural: string }, name: string) => {
      const found = answer(plural, name);
      return found === undefined ? undefined : named(`${plural}/${name}`, found);
    },
    exists: async ({ plural }: { plural: string }, name: string) => answer(plural, name) !== undefined,
    list: async ({ plural }: { plural: string }) => {
      answer(plural);
      return Object.entries(contents).flatMap(([key, object]) =>
        key.startsWith(`${plural}/`) && typeof object === 'object' ? [named(key, object)] : [],
      );
    },
    canI: async ({ verb, resource }: { verb: string; resource: string }) => !refused(verb, resource),
    serves: async (group: string, version: string) => served.includes(`${group}/${version}`),
    openApi: async () => '{}',
    get: unread,
    create: unread,
    patchMerge: unread,
    delete: unread,
  } as unknown as Cluster;
}
