/** Calico's objects behind one port: which API group serves them is decided here, and nowhere else. */
import type { Cluster } from './cluster.ts';
import {
  type ClusterInformation,
  createResource,
  type FelixConfiguration,
  type GlobalNetworkPolicy,
  type HostEndpoint,
  type KubeControllersConfiguration,
  type KubernetesObject,
} from './resources.ts';

const served = { group: 'projectcalico.org', version: 'v3' } as const;
/** Calico's own storage, which nothing validates. */
const storage = { group: 'crd.projectcalico.org', version: 'v1' } as const;

/** The API group of Calico, for rights and commands. */
export const calicoGroup = served.group;
export const calicoApiVersion = `${served.group}/${served.version}`;
export const calicoStorageVersion = `${storage.group}/${storage.version}`;

/** Where a cluster serves each kind of Calico's objects. */
export type Calico = ReturnType<typeof createCalico>;

function createCalico({ group, version }: { readonly group: string; readonly version: string }) {
  const create = <T extends KubernetesObject>(plural: string) => createResource<T>(group, version, plural);
  return {
    apiVersion: `${group}/${version}`,
    kubeControllersConfigurations: create<KubeControllersConfiguration>('kubecontrollersconfigurations'),
    felixConfigurations: create<FelixConfiguration>('felixconfigurations'),
    clusterInformations: create<ClusterInformation>('clusterinformations'),
    hostEndpoints: create<HostEndpoint>('hostendpoints'),
    globalNetworkPolicies: create<GlobalNetworkPolicy>('globalnetworkpolicies'),
    tiers: create<KubernetesObject>('tiers'),
    profiles: create<KubernetesObject>('profiles'),
  } as const;
}

const v3 = createCalico(served);

/** The API by which this cluster is asked: v3, the only one that hepflow speaks. */
export const openCalico = async (_cluster: Cluster): Promise<Calico> => v3;

/** Whether the cluster serves the API, or only Calico's own storage, or neither. */
export async function findCalicoApi(cluster: Cluster): Promise<'served' | 'storage only' | 'absent'> {
  if (await cluster.serves(served.group, served.version)) return 'served';
  return (await cluster.serves(storage.group, storage.version)) ? 'storage only' : 'absent';
}

/** The OpenAPI v3 document of the API, as text; undefined when there is none. */
export const readCalicoSchema = (cluster: Cluster): Promise<string | undefined> =>
  cluster.openApi(served.group, served.version);

/**
 * The label that calico-kube-controllers gives to the host endpoints that it makes (its
 * pkg/controllers/node/hostendpoints.go); users' own lack it.
 */
const createdByCalico = 'projectcalico.org/created-by=calico-kube-controllers';

/** Automatic host endpoints. Tell a node's by `spec.node`: names over 253 characters are hashed. */
export const listAutoHostEndpoints = async (cluster: Cluster): Promise<readonly HostEndpoint[]> =>
  cluster.list((await openCalico(cluster)).hostEndpoints, { labelSelector: createdByCalico });
