/** Which run it is, and where it takes place. */
import type { Mission } from './mission.ts';

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
  /** ISO 8601: until when what it makes may be in use; a sweep that cannot ask for the run goes by it. */
  readonly expiresAt: string;
}

export interface ClusterRef {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
}

const hourMs = 60 * 60 * 1000;
/** Every step at its limits, and 2 hours for each of the three lines of the undo. */
const workMs = 24 * hourMs + 3 * 2 * hourMs;

export function createRunRef(identity: RunIdentity, mission: Mission, location: string): RunRef {
  const { subscriptionId, resourceGroup, cluster: name, vm, secondNode, cleanup } = mission;
  const waitsMs = [secondNode, cleanup].map(({ when, waitMs }) => (when === 'on-signal' ? waitMs : 0));
  const lifetimeMs = waitsMs.reduce((sum, ms) => sum + ms, workMs);
  return {
    ...identity,
    ...{ subscriptionId, resourceGroup: vm.resourceGroup, location },
    cluster: { subscriptionId, resourceGroup, name },
    expiresAt: new Date(Date.parse(identity.startedAt) + lifetimeMs).toISOString(),
  };
}
