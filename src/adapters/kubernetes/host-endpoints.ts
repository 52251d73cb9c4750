import type { Cluster } from './cluster.ts';
import { type HostEndpoint, hostEndpoints } from './resources.ts';

/** The label that calico-kube-controllers gives to the host endpoints that it makes (its pkg/controllers/node/hostendpoints.go); users' own lack it. */
const createdByCalico = 'projectcalico.org/created-by=calico-kube-controllers';

/** Automatic host endpoints. Tell a node's by `spec.node`: names over 253 characters are hashed. */
export function autoHostEndpoints(cluster: Cluster): Promise<readonly HostEndpoint[]> {
  return cluster.list(hostEndpoints, { labelSelector: createdByCalico });
}
