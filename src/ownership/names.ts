/** Names, tags and labels from the run id (W6). Deterministic, so that they are known before anything is created. */
import type { PolicySpec } from '../contract/mission.ts';
import type { RunRef } from '../contract/steps.ts';

/** Label on every Kubernetes object that a run creates; its value is the run id. */
export const runLabel = 'hepflow.io/run';
/** Annotation on every existing Kubernetes object that a run changes: JSON of `ChangeMark`. */
export const changedAnnotation = 'hepflow.io/changed';
/** Annotation on every Kubernetes object that a run creates: its workflow id, which may be too long for a label. */
export const ownerAnnotation = 'hepflow.io/owner';
/** Azure tag with the run id. */
export const runTag = 'hepflow-run';

/** How long what a run created is taken to be in use; a sweep may remove it afterwards. */
export const lifetimeMs = 24 * 60 * 60 * 1000;

/** Mark on a changed object: who, and what to restore. */
export interface ChangeMark {
  readonly run: string;
  readonly prior: string | boolean | null;
}

export function tagsOf(run: RunRef): Record<string, string> {
  return {
    [runTag]: run.runId,
    'hepflow-owner': run.workflowId,
    'created-at': run.startedAt,
    'expires-at': new Date(Date.parse(run.startedAt) + lifetimeMs).toISOString(),
  };
}

/** Marks of a created Kubernetes object. The workflow id may be longer than a label's value, so it is an annotation. */
export function marksOf(run: RunRef): { labels: Record<string, string>; annotations: Record<string, string> } {
  return {
    labels: { [runLabel]: run.runId },
    annotations: {
      [ownerAnnotation]: run.workflowId,
      'hepflow.io/created-at': run.startedAt,
      'hepflow.io/expires-at': new Date(Date.parse(run.startedAt) + lifetimeMs).toISOString(),
    },
  };
}

/**
 * The lease that a run holds while it may change a cluster. In kube-system, because that namespace is in every cluster from its first second, cannot be
 * deleted, and is the same for every mission: two runs with different specs meet there. Rights on it need not be given in anybody's own namespace.
 */
export const clusterLease = { namespace: 'kube-system', name: 'hepflow' } as const;
/** Annotation on the lease: the holder that it was taken over from. */
export const takenOverAnnotation = 'hepflow.io/taken-over-from';

/** Who holds a cluster. */
export interface Holder {
  /** Temporal namespace. */
  readonly namespace: string;
  readonly workflowId: string;
  /** The first Temporal run of the chain: a reset run keeps it, and goes on with what the run before it holds. */
  readonly firstExecutionRunId: string;
}

export const identityOf = ({ namespace, workflowId, firstExecutionRunId }: Holder): string =>
  `${namespace}/${workflowId}/${firstExecutionRunId}`;

/** The holder that an identity names; undefined when it is none of hepflow's. A workflow id may hold slashes. */
export function holderIn(identity: string): Holder | undefined {
  const [, namespace, workflowId, firstExecutionRunId] = /^([^/]+)\/(.+)\/([^/]+)$/.exec(identity) ?? [];
  return namespace === undefined || workflowId === undefined || firstExecutionRunId === undefined
    ? undefined
    : { namespace, workflowId, firstExecutionRunId };
}

export interface AzureNames {
  readonly network: string;
  readonly subnet: string;
  readonly publicIp: string;
  readonly securityGroup: string;
  readonly interface: string;
  readonly vm: string;
  readonly osDisk: string;
  /** Name of the peering on either side; peerings carry no tags, so the run id is in the name. */
  readonly peering: string;
}

export function namesOf(runId: string): AzureNames {
  const base = `hepflow-${runId}`;
  return {
    network: `${base}-vnet`,
    subnet: 'probe',
    publicIp: `${base}-ip`,
    securityGroup: `${base}-nsg`,
    interface: `${base}-nic`,
    vm: `${base}-vm`,
    osDisk: `${base}-osdisk`,
    peering: base,
  };
}

export interface AzureIds extends Omit<Record<keyof AzureNames, string>, 'peering'> {
  /** Peering on the VM's VNet. */
  readonly peeringToCluster: string;
}

/** Full ARM ids of what a run creates in its resource group. */
export function idsOf(run: Pick<RunRef, 'runId' | 'subscriptionId' | 'resourceGroup'>): AzureIds {
  const names = namesOf(run.runId);
  const group = `/subscriptions/${run.subscriptionId}/resourceGroups/${run.resourceGroup}/providers`;
  const network = `${group}/Microsoft.Network/virtualNetworks/${names.network}`;
  return {
    network,
    subnet: `${network}/subnets/${names.subnet}`,
    publicIp: `${group}/Microsoft.Network/publicIPAddresses/${names.publicIp}`,
    securityGroup: `${group}/Microsoft.Network/networkSecurityGroups/${names.securityGroup}`,
    interface: `${group}/Microsoft.Network/networkInterfaces/${names.interface}`,
    vm: `${group}/Microsoft.Compute/virtualMachines/${names.vm}`,
    osDisk: `${group}/Microsoft.Compute/disks/${names.osDisk}`,
    peeringToCluster: peeringIdOf(network, run.runId),
  };
}

/** Id of the run's peering on a VNet, ours or the cluster's. */
export const peeringIdOf = (vnetId: string, runId: string): string =>
  `${vnetId}/virtualNetworkPeerings/${namesOf(runId).peering}`;

/** Name of the policy object: Calico wants `<tier>.<name>` outside the tier `default`. */
export function policyName({ tier, name }: Pick<PolicySpec, 'tier' | 'name'>): string {
  return tier === 'default' || name.startsWith(`${tier}.`) ? name : `${tier}.${name}`;
}
