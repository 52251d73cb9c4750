import type { Cluster } from './cluster.ts';
import { type EndpointSlice, endpointSlices } from './resources.ts';

/** The EndpointSlices of a service. */
export function listSlices(cluster: Cluster, namespace: string, service: string): Promise<readonly EndpointSlice[]> {
  return cluster.list(endpointSlices, { namespace, labelSelector: `kubernetes.io/service-name=${service}` });
}

/** A ready address behind a service, and whose it is; names are empty where the slice does not tell. */
export interface Backend {
  readonly ip: string;
  /** The pod's. */
  readonly name: string;
  readonly node: string;
}

/** The distinct addresses behind a service that are ready. */
export async function listReadyBackends(
  cluster: Cluster,
  namespace: string,
  service: string,
): Promise<readonly Backend[]> {
  const endpoints = (await listSlices(cluster, namespace, service)).flatMap((slice) => slice.endpoints ?? []);
  const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
  const backends = ready.flatMap(({ addresses = [], targetRef, nodeName = '' }) =>
    addresses.map((ip) => ({ ip, name: targetRef?.kind === 'Pod' ? (targetRef.name ?? '') : '', node: nodeName })),
  );
  return [...new Map(backends.map((each) => [each.ip, each])).values()];
}

/** Their number. */
export const countReadyEndpoints = async (cluster: Cluster, namespace: string, service: string): Promise<number> =>
  (await listReadyBackends(cluster, namespace, service)).length;
