import type { Cluster } from './cluster.ts';
import { type EndpointSlice, endpointSlices } from './resources.ts';

/** The EndpointSlices of a service. */
export function slicesOf(cluster: Cluster, namespace: string, service: string): Promise<readonly EndpointSlice[]> {
  return cluster.list(endpointSlices, { namespace, labelSelector: `kubernetes.io/service-name=${service}` });
}

/** Number of distinct addresses behind a service that are ready. */
export async function readyEndpoints(cluster: Cluster, namespace: string, service: string): Promise<number> {
  const endpoints = (await slicesOf(cluster, namespace, service)).flatMap((slice) => slice.endpoints ?? []);
  return new Set(endpoints.filter(({ conditions }) => conditions?.ready !== false).flatMap(({ addresses }) => addresses ?? [])).size;
}
