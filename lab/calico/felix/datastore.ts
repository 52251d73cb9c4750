import { CoreV1Api, type V1Namespace, type V1Pod } from '@kubernetes/client-node';
import type { FelixConfiguration, GlobalNetworkPolicy, HostEndpoint, NetworkPolicy, Tier } from '../objects.ts';
import { type CalicoWatchOptions, watch, watchCalico } from '../watch.ts';
import type { Inputs, Workload } from './inputs.ts';

/** The part of the inputs that is the same for all nodes. */
export type ClusterInputs = Omit<Inputs, 'node' | 'interfaces' | 'workloadInterfacePrefix'>;

/** The node's end of a pod's link. */
export type InterfaceOf = (namespace: string, podName: string) => string;

/** What Felix knows of the cluster, kept up to date. */
export interface Datastore {
  read(): ClusterInputs;
  stop(): Promise<void>;
}

/** Resolves when everything has been read once. */
export async function openDatastore(options: CalicoWatchOptions, interfaceOf: InterfaceOf): Promise<Datastore> {
  const core = options.kubeConfig.makeApiClient(CoreV1Api);
  const [hostEndpoints, globalNetworkPolicies, networkPolicies, tiers, configurations, pods, namespaces] =
    await Promise.all([
      watchCalico<HostEndpoint>(options, 'hostendpoints'),
      watchCalico<GlobalNetworkPolicy>(options, 'globalnetworkpolicies'),
      watchCalico<NetworkPolicy>(options, 'networkpolicies'),
      watchCalico<Tier>(options, 'tiers'),
      watchCalico<FelixConfiguration>(options, 'felixconfigurations'),
      watch<V1Pod>(options, '/api/v1/pods', () => core.listPodForAllNamespaces()),
      watch<V1Namespace>(options, '/api/v1/namespaces', () => core.listNamespace()),
    ]);
  const watched = [hostEndpoints, globalNetworkPolicies, networkPolicies, tiers, configurations, pods, namespaces];
  return {
    read: () => ({
      hostEndpoints: hostEndpoints.list(),
      globalNetworkPolicies: globalNetworkPolicies.list(),
      networkPolicies: networkPolicies.list(),
      tiers: tiers.list(),
      workloads: pods
        .list()
        .flatMap((pod) => readWorkload(pod, interfaceOf))
        .toSorted((a, b) => (a.interfaceName < b.interfaceName ? -1 : 1)),
      namespaces: Object.fromEntries(
        namespaces.list().map(({ metadata }) => [metadata?.name ?? '', metadata?.labels ?? {}]),
      ),
      configuration: configurations.get('default')?.spec ?? {},
    }),
    stop: async () => {
      await Promise.all(watched.map((one) => one.stop()));
    },
  };
}

/** A pod that has a place, an address of its own and is not over. */
function readWorkload({ metadata, spec, status }: V1Pod, interfaceOf: InterfaceOf): Workload[] {
  const { name = '', namespace = '', labels = {} } = metadata ?? {};
  if (
    !spec?.nodeName ||
    spec.hostNetwork ||
    !status?.podIP ||
    status.phase === 'Succeeded' ||
    status.phase === 'Failed'
  )
    return [];
  return [
    {
      namespace,
      name,
      node: spec.nodeName,
      labels,
      address: status.podIP,
      interfaceName: interfaceOf(namespace, name),
    },
  ];
}
