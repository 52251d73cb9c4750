import { AzureError, type ClusterState, parseId, type VnetState } from '../../adapters/azure/index.ts';
import { type FailureCode, failures, type Problem } from '../../contract/failures.ts';
import type { Mission } from '../../contract/mission.ts';
import type { Site } from '../../contract/site.ts';
import { missingActions, type RightScope } from '../../manifests/azure-rights.ts';
import type { Tools } from '../step.ts';
import { overlaps } from './cidr.ts';

export type AzureSite = Pick<Site, 'location' | 'clusterResourceId' | 'nodeResourceGroup' | 'kubernetesVersion' | 'clusterVnetId' | 'clusterAddressSpaces'>;

export interface AzureInspection {
  readonly problems: readonly Problem[];
  /** Present once the cluster and its VNet are known, whatever else is wrong. */
  readonly site?: AzureSite;
  readonly warnings: readonly string[];
}

type Reader = Pick<Tools, 'azure'>;

/** Reads the subscription's side; changes nothing. Lists every problem; throws only when Azure cannot be asked (throttled, unreachable, no credential). */
export async function inspectAzure(mission: Mission, tools: Reader): Promise<AzureInspection> {
  const groups = await inspectGroups(mission, tools);
  const rights = await inspectRights(groups.existing, tools);
  const cluster = groups.existing.some(({ at }) => at === 'cluster') ? await inspectCluster(mission, tools) : nothing;
  const problems = [...groups.problems, ...rights, ...cluster.problems];
  return { problems: unique(problems), warnings: cluster.warnings, ...(cluster.site === undefined ? {} : { site: cluster.site }) };
}

/** Where rights are needed. They may come from the group, or from the resource alone when there is one. */
interface Scope {
  readonly at: RightScope;
  readonly groupId: string;
  readonly resourceId?: string;
}

const nothing: AzureInspection = { problems: [], warnings: [] };

const problem = (code: FailureCode, field: string, message: string): Problem => ({ code, field, message, remedy: failures[code].remedy });

async function inspectGroups(mission: Mission, { azure }: Reader): Promise<{ problems: readonly Problem[]; existing: readonly Scope[] }> {
  const { subscriptionId } = mission;
  const wanted = [
    { at: 'cluster', field: 'resourceGroup', resourceGroup: mission.resourceGroup },
    { at: 'group', field: 'vm.resourceGroup', resourceGroup: mission.vm.resourceGroup },
  ] as const;
  const looks = await Promise.all(
    wanted.map(async ({ at, field, resourceGroup }) => {
      const groupId = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
      const cluster = `${groupId}/providers/Microsoft.ContainerService/managedClusters/${mission.cluster}`;
      const exists = await allowed(() => azure.groupExists({ subscriptionId, resourceGroup }), field);
      if (exists.problem !== undefined) return { problems: [exists.problem], existing: [] };
      if (exists.value === true) return { problems: [], existing: [{ at, groupId, ...(at === 'cluster' ? { resourceId: cluster } : {}) }] };
      return {
        problems: [problem('ResourceGroupNotFound', field, `Resource group ${resourceGroup} does not exist in subscription ${subscriptionId}.`)],
        existing: [],
      };
    }),
  );
  return { problems: looks.flatMap(({ problems }) => problems), existing: looks.flatMap(({ existing }) => existing) };
}

async function inspectCluster(mission: Mission, tools: Reader): Promise<AzureInspection> {
  const { subscriptionId, resourceGroup, cluster: name } = mission;
  const read = await allowed(() => tools.azure.clusters.get({ subscriptionId, resourceGroup, name }), 'cluster');
  if (read.problem !== undefined) return { problems: [read.problem], warnings: [] };
  if (read.value === undefined) {
    return { problems: [problem('ClusterNotFound', 'cluster', `Resource group ${resourceGroup} has no managed cluster ${name}.`)], warnings: [] };
  }
  const cluster = read.value;
  const vnet = await allowed(() => clusterVnet(cluster, subscriptionId, tools), 'cluster');
  if (vnet.problem !== undefined) return { problems: [vnet.problem], warnings: [] };
  if (!('id' in vnet.value)) return { problems: [problem('ClusterVnetUnknown', 'cluster', vnet.value.why)], warnings: [] };
  return inspectVnet(mission, cluster, vnet.value, tools);
}

async function inspectVnet(mission: Mission, cluster: ClusterState, vnet: VnetState, tools: Reader): Promise<AzureInspection> {
  const lacking = await inspectRights([{ at: 'clusterNetwork', groupId: vnet.id.replace(/\/providers\/.*$/i, ''), resourceId: vnet.id }], tools);
  const { location, id: clusterResourceId, nodeResourceGroup, kubernetesVersion } = cluster;
  return {
    problems: [...overlapsOf(mission, vnet), ...lockdown(cluster, vnet), ...lacking],
    warnings: ownRanges(mission, cluster),
    site: { location, clusterResourceId, nodeResourceGroup, kubernetesVersion, clusterVnetId: vnet.id, clusterAddressSpaces: vnet.addressSpaces },
  };
}

/** A subnet that an agent pool names tells the VNet; without one, AKS keeps exactly one VNet in the node resource group. */
export async function clusterVnet(cluster: ClusterState, subscriptionId: string, { azure }: Reader): Promise<VnetState | { readonly why: string }> {
  const [subnetId] = cluster.subnetIds;
  if (subnetId !== undefined) {
    const id = subnetId.replace(/\/subnets\/[^/]+$/i, '');
    return (await azure.networks.get(id)) ?? { why: `The VNet of the nodes, ${id}, does not exist.` };
  }
  const vnets = await azure.networks.list({ subscriptionId, resourceGroup: cluster.nodeResourceGroup });
  const [vnet, ...others] = vnets;
  if (vnet !== undefined && others.length === 0) return vnet;
  const found = vnets.length === 0 ? 'no VNet' : `${vnets.length} VNets (${vnets.map(({ id }) => parseId(id).names.at(-1)).join(', ')})`;
  return { why: `No agent pool names a subnet, and the node resource group ${cluster.nodeResourceGroup} holds ${found}.` };
}

function overlapsOf({ vm: { addressSpace } }: Mission, vnet: VnetState): Problem[] {
  const taken = [
    ...vnet.addressSpaces.map((space) => ({ space, owner: `the cluster's VNet ${vnet.id}` })),
    ...vnet.peerings.flatMap(({ remoteAddressSpaces, remoteVnetId }) =>
      remoteAddressSpaces.map((space) => ({ space, owner: `${remoteVnetId}, which is peered with the cluster's VNet` })),
    ),
  ];
  return taken
    .filter(({ space }) => overlaps(addressSpace, space))
    .map(({ space, owner }) => problem('VnetOverlap', 'vm.addressSpace', `${addressSpace} overlaps ${space} of ${owner}.`));
}

/** Lockdown covers the node resource group only: a VNet of one's own elsewhere is not behind it. */
function lockdown(cluster: ClusterState, vnet: VnetState): Problem[] {
  const inside = parseId(vnet.id).resourceGroup.toLowerCase() === cluster.nodeResourceGroup.toLowerCase();
  if (cluster.restrictionLevel !== 'ReadOnly' || !inside) return [];
  return [
    problem('NodeGroupLocked', 'cluster', `The VNet of the nodes is in ${cluster.nodeResourceGroup}, which AKS has locked down (restrictionLevel ReadOnly).`),
  ];
}

/** Ranges that live inside the cluster: replies to a VM with such an address may not leave the node. */
function ownRanges({ vm: { addressSpace } }: Mission, { podCidrs, serviceCidrs }: ClusterState): string[] {
  return [...podCidrs.map((cidr) => ({ cidr, what: 'pod' })), ...serviceCidrs.map((cidr) => ({ cidr, what: 'service' }))]
    .filter(({ cidr }) => overlaps(addressSpace, cidr))
    .map(({ cidr, what }) => `vm.addressSpace ${addressSpace} overlaps the cluster's ${what} range ${cidr}; nodes may not be able to answer the VM.`);
}

/** Asks Azure what the credential may do, and compares it with the table. */
async function inspectRights(scopes: readonly Scope[], tools: Reader): Promise<Problem[]> {
  return (await Promise.all(scopes.map((scope) => lackingAt(scope, tools)))).flat();
}

/** Who has a role on the resource alone may not even ask what they may do in its group. */
async function lackingAt({ at, groupId, resourceId }: Scope, { azure }: Reader): Promise<Problem[]> {
  const ofGroup = await allowed(() => azure.permissions(groupId), '');
  if (ofGroup.problem === undefined && missingActions(at, ofGroup.value).length === 0) return [];
  const ofResource = resourceId === undefined ? ofGroup : await allowed(() => azure.permissions(resourceId).catch(none), '');
  if (ofGroup.problem !== undefined && ofResource.problem !== undefined) return [ofGroup.problem];
  const missing = missingActions(
    at,
    [ofGroup, ofResource].flatMap((each) => (each.problem === undefined ? each.value : [])),
  );
  return missing.map((action) => problem('MissingRights', '', `The credential may not ${action} on ${resourceId ?? groupId}.`));
}

/** A resource that is not there gives no rights; its absence is told elsewhere. */
function none(error: unknown): [] {
  if (error instanceof AzureError && error.status === 404) return [];
  throw error;
}

type Answer<T> = { readonly problem?: undefined; readonly value: T } | { readonly problem: Problem };

/** A refusal for lack of rights is a problem to list beside the others; everything else that goes wrong is thrown. */
async function allowed<T>(ask: () => Promise<T>, field: string): Promise<Answer<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (error instanceof AzureError && error.status === 403) return { problem: problem('MissingRights', field, error.message) };
    throw error;
  }
}

const unique = (problems: readonly Problem[]): Problem[] => [...new Map(problems.map((each) => [`${each.code} ${each.message}`, each])).values()];
