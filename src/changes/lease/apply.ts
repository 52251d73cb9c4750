import { type Cluster, KubernetesError } from '../../adapters/kubernetes/index.ts';
import { type Lease, leases } from '../../adapters/kubernetes/resources.ts';
import { HepflowError } from '../../contract/failures.ts';
import { clusterLease, takenOverAnnotation } from '../../ownership/names.ts';
import type { StepActivity } from '../../step/context.ts';
import { leaseBody, takeOverPatch } from './body.ts';
import { obstacleIn } from './obstacle.ts';

const { name, namespace } = clusterLease;

export const holdCluster: StepActivity<'holdCluster'> = async ({ holder }, tools, { run }) => {
  const cluster = await tools.clusters.of(run.cluster);
  const lease =
    (await cluster.find(leases, name, namespace)) ??
    (await createdOrRaced(cluster, leaseBody(run, holder, new Date())));
  const { holderIdentity } = lease.spec ?? {};
  if (holderIdentity === holder) return held(lease);
  const obstacle = await obstacleIn(lease, tools.temporal);
  if (obstacle !== undefined) throw new HepflowError('ClusterHeld', obstacle);
  // Onto the version that was read: of two runs that find the same holder over, one gets it.
  return held(await cluster.patchMerge(leases, name, takeOverPatch(lease, run, holder, new Date()), namespace));
};

/** Also what a second try finds: the predecessor is on the lease, so that its name is not lost with the first try (W9). */
const held = ({ metadata, spec }: Lease) => ({
  since: spec?.acquireTime ?? '',
  takenOverFrom: metadata.annotations?.[takenOverAnnotation] ?? null,
});

function createdOrRaced(cluster: Cluster, body: object): Promise<Lease> {
  return cluster.create(leases, body, namespace).catch((error) => {
    if (error instanceof KubernetesError && error.reason === 'AlreadyExists')
      return cluster.get(leases, name, namespace);
    throw error;
  });
}
