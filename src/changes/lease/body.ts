/** The lease by which a run holds a cluster. It is never renewed, so it has no duration: whether its holder is over, Temporal knows. */
import type { RunRef } from '../../contract/steps.ts';
import { clusterLease, marksOf, takenOverAnnotation } from '../../ownership/names.ts';

export function leaseBody(run: RunRef, holder: string, now: Date): object {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { ...clusterLease, ...marksOf(run) },
    spec: { holderIdentity: holder, acquireTime: microTime(now), leaseTransitions: 0 },
  };
}

interface Held {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec?: { readonly holderIdentity?: string; readonly leaseTransitions?: number };
}

/** Merge patch that makes the run the holder, only of the version that was read. */
export function takeOverPatch({ metadata, spec = {} }: Held, run: RunRef, holder: string, now: Date): object {
  const { labels, annotations } = marksOf(run);
  return {
    metadata: {
      resourceVersion: metadata.resourceVersion,
      labels,
      annotations: { ...annotations, [takenOverAnnotation]: spec.holderIdentity ?? null },
    },
    spec: { holderIdentity: holder, acquireTime: microTime(now), leaseTransitions: (spec.leaseTransitions ?? 0) + 1 },
  };
}

/** As Kubernetes' MicroTime wants it: exactly six digits. */
const microTime = (at: Date): string => at.toISOString().replace('Z', '000Z');
