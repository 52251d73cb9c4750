/** Whether somebody else's lease stands in the way of a run. */

import type { Lease } from '../../adapters/kubernetes/resources.ts';
import type { Temporal } from '../../adapters/temporal/index.ts';
import { formCommand } from '../../contract/shell.ts';
import { readHolder } from '../../ownership/holder.ts';
import { runLabel } from '../../ownership/marks.ts';

/**
 * Who holds the cluster, since when, and why the lease cannot be taken over; undefined when it can: nobody holds it, or
 * a run that is provably over.
 */
export async function findObstacle({ metadata, spec }: Lease, temporal: Temporal): Promise<string | undefined> {
  const { holderIdentity, acquireTime = 'an unknown time' } = spec ?? {};
  if (holderIdentity === undefined) return undefined;
  const holder = readHolder(holderIdentity);
  if (holder === undefined)
    return `The cluster is held by ${holderIdentity}, which is no run of hepflow, since ${acquireTime}.`;
  const who =
    `The cluster is held by run ${metadata.labels?.[runLabel] ?? 'without a mark'}, workflow ` +
    `${holder.workflowId} in Temporal namespace ${holder.namespace}, since ${acquireTime}`;
  if (holder.namespace !== temporal.namespace)
    return `${who}; this worker serves namespace ${temporal.namespace} and cannot see whether that run is over.`;
  const seenAt = new Date(acquireTime);
  switch (
    await temporal.isOver(
      holder.workflowId,
      holder.firstExecutionRunId,
      Number.isNaN(seenAt.getTime()) ? new Date() : seenAt,
    )
  ) {
    case true:
      return undefined;
    case false:
      return `${who}, and that run is under way (to stop it: ${formCommand('hepflow', 'cancel', holder.workflowId)}).`;
    case 'unknown':
      return `${who}; Temporal does not say whether that run is over.`;
  }
}
