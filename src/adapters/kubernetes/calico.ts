/** Calico's objects behind one port: which API group serves them is decided here, and nowhere else. */
import { type CalicoApi, calicoApis } from '../../contract/report.ts';
import type { Cluster } from './cluster.ts';
import { KubernetesError } from './error.ts';
import {
  type ClusterInformation,
  createResource,
  type FelixConfiguration,
  type GlobalNetworkPolicy,
  type HostEndpoint,
  type KubeControllersConfiguration,
  type KubernetesObject,
  type Resource,
} from './resources.ts';

const [served, storage] = calicoApis;

const splitApi = (api: CalicoApi): readonly [group: string, version: string] => {
  const [group = '', version = ''] = api.split('/');
  return [group, version];
};

/** The group of an API, for rights. */
export const groupOfCalico = (api: CalicoApi): string => splitApi(api)[0];

/** Where a cluster serves each kind of Calico's objects. */
export type Calico = ReturnType<typeof createCalico>;

function createCalico(api: CalicoApi) {
  const [group, version] = splitApi(api);
  const create = <T extends KubernetesObject>(plural: string): Resource<T> => ({
    ...createResource<T>(group, version, plural),
    ...(api === storage && { keepsMetadata: true as const }),
  });
  return {
    api,
    kubeControllersConfigurations: create<KubeControllersConfiguration>('kubecontrollersconfigurations'),
    felixConfigurations: create<FelixConfiguration>('felixconfigurations'),
    clusterInformations: create<ClusterInformation>('clusterinformations'),
    hostEndpoints: create<HostEndpoint>('hostendpoints'),
    globalNetworkPolicies: create<GlobalNetworkPolicy>('globalnetworkpolicies'),
    tiers: create<KubernetesObject>('tiers'),
    profiles: create<KubernetesObject>('profiles'),
  } as const;
}

const ports: Readonly<Record<CalicoApi, Calico>> = { [served]: createCalico(served), [storage]: createCalico(storage) };

/** The API by which a cluster is asked. Plans of older versions of hepflow do not name it: they knew v3 only. */
export const openCalico = (api: CalicoApi = served): Calico => ports[api];

/**
 * Which API a cluster serves; undefined: neither. Where v3 is bare definitions beside the storage, Calico follows the
 * storage: what is written to v3 there, nobody reads. Only Calico's API server has profiles.
 */
export async function findCalicoApi(cluster: Cluster): Promise<CalicoApi | undefined> {
  const [isServed, isStored] = await Promise.all(calicoApis.map((api) => cluster.serves(...splitApi(api))));
  if (!isServed) return isStored ? storage : undefined;
  if (!isStored) return served;
  const hasProfiles = cluster.exists(ports[served].profiles, defaultAllowProfile).then(
    () => true,
    (error: unknown) => !(error instanceof KubernetesError && error.reason === 'NotServed'),
  );
  return (await hasProfiles) ? served : storage;
}

/** The profile of every automatic host endpoint. */
export const defaultAllowProfile = 'projectcalico-default-allow';

/** The OpenAPI v3 document of the API, as text; undefined when there is none. */
export const readCalicoSchema = (cluster: Cluster, api: CalicoApi): Promise<string | undefined> =>
  cluster.openApi(...splitApi(api));

/** A kind as kubectl finds it: only the API has short names, and the storage is named by its group. */
export const nameForKubectl = (kind: string, { group, plural }: Resource<KubernetesObject>): string =>
  group === groupOfCalico(served) ? kind : `${plural}.${group}`;

/**
 * The label that calico-kube-controllers gives to the host endpoints that it makes (its
 * pkg/controllers/node/hostendpoints.go); users' own lack it.
 */
const createdBy = ['projectcalico.org/created-by', 'calico-kube-controllers'] as const;

export const isAutomatic = ({ metadata }: HostEndpoint): boolean => metadata.labels?.[createdBy[0]] === createdBy[1];

/** Automatic host endpoints. Tell a node's by `spec.node`: names over 253 characters are hashed. */
export const listAutoHostEndpoints = (cluster: Cluster, api?: CalicoApi): Promise<readonly HostEndpoint[]> =>
  cluster.list(openCalico(api).hostEndpoints, { labelSelector: createdBy.join('=') });
