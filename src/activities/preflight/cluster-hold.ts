import { KubernetesError } from '../../adapters/kubernetes/index.ts';
import { leases } from '../../adapters/kubernetes/resources.ts';
import type { Problem } from '../../contract/failures.ts';
import type { ClusterRef } from '../../contract/steps.ts';
import { clusterLease } from '../../manifests/names.ts';
import { obstacleIn } from '../cluster-holder.ts';
import type { Tools } from '../step.ts';
import { foundIn, look, problem } from './look.ts';

/** Whether another run holds the cluster. Only a first look: the step holdCluster decides. */
export async function inspectHold(ref: ClusterRef, holder: string, tools: Pick<Tools, 'clusters' | 'temporal'>): Promise<readonly Problem[]> {
  try {
    const cluster = await tools.clusters.of(ref);
    const lease = foundIn(await look(cluster.find(leases, clusterLease.name, clusterLease.namespace)));
    if (lease === undefined || lease.spec?.holderIdentity === holder) return [];
    const obstacle = await obstacleIn(lease, tools.temporal);
    return obstacle === undefined ? [] : [problem('ClusterHeld', '', obstacle)];
  } catch (error) {
    if (error instanceof KubernetesError && error.reason === 'Unauthorized') return []; // listed with the rest of the cluster
    throw error;
  }
}
