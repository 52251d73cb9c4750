import { KubernetesError } from '../../adapters/kubernetes/index.ts';
import { type Lease, leases } from '../../adapters/kubernetes/resources.ts';
import { findObstacle } from '../../changes/lease/obstacle.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { ClusterRef } from '../../contract/run.ts';
import { formCommand } from '../../contract/shell.ts';
import { clusterLease, readHolder } from '../../ownership/holder.ts';
import { runLabel } from '../../ownership/marks.ts';
import type { Tools } from '../../step/context.ts';
import {
  collectFindings,
  type Findings,
  isMissing,
  look,
  takeFound,
  tellInfo,
  tellOk,
  tellProblem,
  tellWarning,
} from '../look.ts';

type LeaseReader = Pick<Tools, 'clusters'> & { readonly temporal?: Tools['temporal'] };

/**
 * Whether another run holds the cluster. Only a first look: the step holdCluster decides. Without Temporal nobody can
 * say whether a holder's run is over.
 */
export async function inspectLease(
  ref: ClusterRef,
  holder: string,
  { clusters, temporal }: LeaseReader,
): Promise<Findings> {
  try {
    const cluster = await clusters.of(ref);
    const looked = await look(cluster.find(leases, clusterLease.name, clusterLease.namespace));
    return collectFindings(await describeHolder(takeFound(looked), isMissing(looked), holder, temporal));
  } catch (error) {
    // listed with the rest of the cluster
    if (error instanceof KubernetesError && error.reason === 'Unauthorized') return collectFindings([]);
    throw error;
  }
}

async function describeHolder(
  lease: Lease | undefined,
  isFree: boolean,
  holder: string,
  temporal: Tools['temporal'] | undefined,
): Promise<readonly Diagnosis[]> {
  if (isFree || (lease !== undefined && lease.spec?.holderIdentity === undefined))
    return [tellOk('hold', 'No run holds the cluster.')];
  if (lease === undefined) return []; // the missing right is listed
  if (lease.spec?.holderIdentity === holder) return [tellOk('hold', 'This run holds the cluster.')];
  if (temporal === undefined) return [describeUnasked(lease)];
  const obstacle = await findObstacle(lease, temporal);
  return obstacle === undefined
    ? [tellInfo('hold', 'The run that held the cluster is over: its lease is taken over.')]
    : [tellProblem('hold', 'ClusterHeld', '', obstacle)];
}

function describeUnasked({ metadata, spec }: Lease): Diagnosis {
  const { holderIdentity = '', acquireTime = 'an unknown time' } = spec ?? {};
  const holder = readHolder(holderIdentity);
  if (holder === undefined)
    return tellProblem(
      'hold',
      'ClusterHeld',
      '',
      `The cluster is held by ${holderIdentity}, which is no run of hepflow, since ${acquireTime}.`,
    );
  const run = metadata.labels?.[runLabel] ?? 'without a mark';
  return tellWarning(
    'hold',
    `Run ${run}, workflow ${holder.workflowId} in Temporal namespace ${holder.namespace}, holds the cluster ` +
      `since ${acquireTime}; Temporal was not asked whether it is over.`,
    `While it is under way no other run can start (${formCommand('hepflow', 'watch', holder.workflowId)}); ` +
      'when it is over, the next run takes the lease over.',
  );
}
