/** Which run it is, and where it takes place. */

/** Known from the first second. */
export interface RunIdentity {
  /** 16 hexadecimal characters. */
  readonly runId: string;
  readonly workflowId: string;
  /** The first Temporal run of the workflow's chain: a reset keeps it. */
  readonly firstExecutionRunId: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

/**
 * Beside its identity: the run as every step that changes something is told: names, tags and labels come from it (W6).
 */
export interface RunRef extends RunIdentity {
  readonly subscriptionId: string;
  /** Resource group of everything that the run creates in Azure. */
  readonly resourceGroup: string;
  /** Azure region of the cluster, and so of the VM. */
  readonly location: string;
  readonly cluster: ClusterRef;
}

export interface ClusterRef {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
}
