/** The VNet of the nodes, and whether the probe VM's network can be peered with it. */

import { type ClusterState, parseId, type VnetState } from '../../adapters/azure/index.ts';
import { enumerate } from '../../contract/brief.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Mission } from '../../contract/mission.ts';
import { tellInfo, tellOk, tellProblem, tellWarning } from '../look.ts';
import type { Reader } from './ask.ts';
import { overlaps } from './cidr.ts';

/**
 * A subnet that an agent pool names tells the VNet; without one, AKS keeps exactly one VNet in the node resource group.
 */
export async function findClusterVnet(
  cluster: ClusterState,
  subscriptionId: string,
  { azure }: Reader,
): Promise<VnetState | { readonly why: string }> {
  const [subnetId] = cluster.subnetIds;
  if (subnetId !== undefined) {
    const id = subnetId.replace(/\/subnets\/[^/]+$/i, '');
    return (await azure.networks.get(id)) ?? { why: `The VNet of the nodes, ${id}, does not exist.` };
  }
  const vnets = await azure.networks.list({ subscriptionId, resourceGroup: cluster.nodeResourceGroup });
  const [vnet, ...others] = vnets;
  if (vnet !== undefined && others.length === 0) return vnet;
  const found =
    vnets.length === 0
      ? 'no VNet'
      : `${vnets.length} VNets (${vnets.map(({ id }) => parseId(id).names.at(-1)).join(', ')})`;
  return {
    why: `No agent pool names a subnet, and the node resource group ${cluster.nodeResourceGroup} holds ${found}.`,
  };
}

export function examineVnet(mission: Mission, cluster: ClusterState, vnet: VnetState): readonly Diagnosis[] {
  const owner = cluster.subnetIds.length > 0 ? 'which its agent pools name' : 'which AKS manages';
  return [
    tellOk(
      'vnet',
      `The nodes are in VNet ${parseId(vnet.id).names.at(-1)} of resource group ` +
        `${parseId(vnet.id).resourceGroup}, ${owner}.`,
    ),
    ...overlapFindings(mission, vnet),
    ...lockdownFindings(cluster, vnet),
    ...peeringFindings(vnet),
    ...rangeFindings(mission, cluster),
  ];
}

function overlapFindings({ vm: { addressSpace } }: Mission, vnet: VnetState): readonly Diagnosis[] {
  const taken = [
    ...vnet.addressSpaces.map((space) => ({ space, owner: `the cluster's VNet ${vnet.id}` })),
    ...vnet.peerings.flatMap(({ remoteAddressSpaces, remoteVnetId }) =>
      remoteAddressSpaces.map((space) => ({
        space,
        owner: `${remoteVnetId}, which is peered with the cluster's VNet`,
      })),
    ),
  ];
  const overlapping = taken.filter(({ space }) => overlaps(addressSpace, space));
  if (overlapping.length === 0)
    return [
      tellOk(
        'overlap',
        `${addressSpace} overlaps neither the cluster's VNet nor what is peered with it: ` +
          `${enumerate(taken.map(({ space }) => space))}.`,
        '',
        'vm.addressSpace',
      ),
    ];
  return overlapping.map(({ space, owner }) =>
    tellProblem('overlap', 'VnetOverlap', 'vm.addressSpace', `${addressSpace} overlaps ${space} of ${owner}.`),
  );
}

/** Lockdown covers the node resource group only: a VNet of one's own elsewhere is not behind it. */
function lockdownFindings(cluster: ClusterState, vnet: VnetState): readonly Diagnosis[] {
  const { nodeResourceGroup: group, restrictionLevel } = cluster;
  const inside = parseId(vnet.id).resourceGroup.toLowerCase() === group.toLowerCase();
  if (restrictionLevel !== 'ReadOnly')
    return [tellOk('lockdown', `AKS has not locked ${group} down (restrictionLevel ${restrictionLevel}).`)];
  if (!inside)
    return [
      tellOk(
        'lockdown',
        `AKS has locked ${group} down (restrictionLevel ReadOnly), but the VNet of the nodes is not in it.`,
      ),
    ];
  return [
    tellProblem(
      'lockdown',
      'NodeGroupLocked',
      'cluster',
      `The VNet of the nodes is in ${group}, which AKS has locked down (restrictionLevel ReadOnly).`,
    ),
  ];
}

/** A run names its peerings after itself, since peerings carry no tags. */
function peeringFindings({ peerings }: VnetState): readonly Diagnosis[] {
  const ours = peerings
    .map(({ id, peeringState }) => ({ name: id.split('/').at(-1) ?? '', peeringState }))
    .filter(({ name }) => /^hepflow-[0-9a-z]+$/.test(name));
  if (ours.length === 0) return [tellOk('peerings', 'No run has left a peering on the VNet of the nodes.')];
  return ours.map(({ name, peeringState }) =>
    tellWarning(
      'peerings',
      `The VNet of the nodes has the peering ${name} (${peeringState}) of a run: under way, or over and not undone.`,
      'If that run is over: hepflow sweep.',
    ),
  );
}

/** Ranges that live inside the cluster: replies to a VM with such an address may not leave the node. */
function rangeFindings(
  { vm: { addressSpace } }: Mission,
  { podCidrs, serviceCidrs }: ClusterState,
): readonly Diagnosis[] {
  const ranges = [
    ...podCidrs.map((cidr) => ({ cidr, what: 'pod' })),
    ...serviceCidrs.map((cidr) => ({ cidr, what: 'service' })),
  ];
  const overlapping = ranges.filter(({ cidr }) => overlaps(addressSpace, cidr));
  const told = ranges.map(({ cidr, what }) => `${cidr} (${what}s)`);
  if (overlapping.length > 0)
    return overlapping.map(({ cidr, what }) =>
      tellWarning(
        'overlap',
        `vm.addressSpace ${addressSpace} overlaps the cluster's ${what} range ${cidr}; nodes may not be able ` +
          'to answer the VM.',
        'Choose another vm.addressSpace and vm.subnet.',
        'vm.addressSpace',
      ),
    );
  return told.length > 0
    ? [
        tellOk(
          'overlap',
          `${addressSpace} overlaps no range within the cluster: ${enumerate(told)}.`,
          '',
          'vm.addressSpace',
        ),
      ]
    : [tellInfo('overlap', 'AKS names neither a pod nor a service range to compare with.', '', 'vm.addressSpace')];
}
