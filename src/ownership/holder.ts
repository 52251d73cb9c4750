/** Who holds a cluster: the lease, and how a holder is written in it. */

/**
 * The lease that a run holds while it may change a cluster. In kube-system, because that namespace is in every cluster
 * from its first
 * second, cannot be deleted, and is the same for every mission: two runs with different specs meet there. Rights on it
 * need not be
 * given in anybody's own namespace.
 */
export const clusterLease = { namespace: 'kube-system', name: 'hepflow' } as const;
/** Annotation on the lease: the holder that it was taken over from. */
export const takenOverAnnotation = 'hepflow.io/taken-over-from';

export interface Holder {
  /** Temporal namespace. */
  readonly namespace: string;
  readonly workflowId: string;
  /** The first Temporal run of the chain: a reset run keeps it, and goes on with what the run before it holds. */
  readonly firstExecutionRunId: string;
}

export const writeHolder = ({ namespace, workflowId, firstExecutionRunId }: Holder): string =>
  `${namespace}/${workflowId}/${firstExecutionRunId}`;

/** The holder that an identity names; undefined when it is none of hepflow's. A workflow id may hold slashes. */
export function readHolder(identity: string): Holder | undefined {
  const [, namespace, workflowId, firstExecutionRunId] = /^([^/]+)\/(.+)\/([^/]+)$/.exec(identity) ?? [];
  return namespace === undefined || workflowId === undefined || firstExecutionRunId === undefined
    ? undefined
    : { namespace, workflowId, firstExecutionRunId };
}
