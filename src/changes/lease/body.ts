/**
 * The lease by which a run holds a cluster. It is never renewed, so it has no duration: whether its holder is over,
 * Temporal knows.
 */
import { leases } from '../../adapters/kubernetes/resources.ts';
import type { RunRef } from '../../contract/run.ts';
import { clusterLease, takenOverAnnotation } from '../../ownership/holder.ts';
import { createObjectMarks } from '../../ownership/marks.ts';
import type { Signer } from '../../ownership/signature.ts';
import { describeObject } from '../cluster-object.ts';

export const markedLease = describeObject(leases, clusterLease);

export function createLeaseBody(run: RunRef, signer: Signer, holder: string, now: Date): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...clusterLease, ...createObjectMarks(run, markedLease, signer) },
    spec: { holderIdentity: holder, acquireTime: writeMicroTime(now), leaseTransitions: 0 },
  };
}

interface HeldLease {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec?: { readonly holderIdentity?: string; readonly leaseTransitions?: number };
}

/** Merge patch that makes the run the holder, only of the version that was read. */
export function createTakeOverPatch(
  { metadata, spec = {} }: HeldLease,
  run: RunRef,
  signer: Signer,
  holder: string,
  now: Date,
): object {
  const { labels, annotations } = createObjectMarks(run, markedLease, signer);
  return {
    metadata: {
      resourceVersion: metadata.resourceVersion,
      labels,
      annotations: { ...annotations, [takenOverAnnotation]: spec.holderIdentity ?? null },
    },
    spec: {
      holderIdentity: holder,
      acquireTime: writeMicroTime(now),
      leaseTransitions: (spec.leaseTransitions ?? 0) + 1,
    },
  };
}

/** As Kubernetes' MicroTime wants it: exactly six digits. */
const writeMicroTime = (at: Date): string => at.toISOString().replace('Z', '000Z');
