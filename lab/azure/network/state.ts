import { normalizeId, type Resource, readParentId, type Store } from '../arm/store.ts';
import { type InterfaceProperties, interfaceType } from '../resources/interfaces.ts';
import { findPartner, type PeeringProperties, peeringType } from '../resources/peerings.ts';
import type { PublicIpProperties } from '../resources/public-ips.ts';
import { listRules, type RuleProperties } from '../resources/security-groups.ts';
import { type SubnetProperties, subnetType } from '../resources/subnets.ts';
import { type NetworkProperties, networkType } from '../resources/virtual-networks.ts';
import type { InterfaceState, NetworkState, SecurityRule, VnetState } from './data-plane.ts';

/** Computes the network that the real resources describe. */
export function computeNetworkState(store: Store): NetworkState {
  return {
    vnets: store
      .listByType<NetworkProperties>(networkType)
      .filter(isReal)
      .map((network) => computeVnet(store, network)),
    interfaces: store
      .listByType<InterfaceProperties>(interfaceType)
      .filter(isReal)
      .flatMap((nic) => computeInterfaces(store, nic)),
  };
}

const isReal = (resource: Resource): boolean => resource.real;

function computeVnet(store: Store, network: Resource<NetworkProperties>): VnetState {
  const subnets = store.listChildren<SubnetProperties>(network.id, subnetType).filter(isReal);
  const connected = store.listChildren<PeeringProperties>(network.id, peeringType).filter((side) => {
    const partner = findPartner({ store }, network.id, side.properties.remoteVirtualNetwork.id);
    return isOpen(side) && partner !== undefined && isOpen(partner);
  });
  return {
    id: normalizeId(network.id),
    addressSpaces: network.properties.addressSpace.addressPrefixes,
    subnets: subnets.map((subnet) => ({ id: normalizeId(subnet.id), prefix: subnet.properties.addressPrefix })),
    connectedTo: connected.map((side) => normalizeId(side.properties.remoteVirtualNetwork.id)),
  };
}

/** Whether a side of a peering lets packets through: real, Connected, and with access allowed. */
const isOpen = (side: Resource<PeeringProperties>): boolean =>
  side.real && side.properties.peeringState === 'Connected' && side.properties.allowVirtualNetworkAccess;

/**
 * The primary address of an interface that a running VM has. Its own security group applies, else its subnet's; Azure
 * would evaluate both.
 */
function computeInterfaces(store: Store, nic: Resource<InterfaceProperties>): InterfaceState[] {
  const { virtualMachine, networkSecurityGroup, ipConfigurations } = nic.properties;
  const vm = virtualMachine && store.get(virtualMachine.id);
  const address = ipConfigurations.find((each) => each.properties.primary)?.properties;
  const subnet = address && store.get<SubnetProperties>(address.subnet.id);
  if (vm?.real !== true || address === undefined || subnet === undefined) return [];
  const publicIp = address.publicIPAddress && store.get<PublicIpProperties>(address.publicIPAddress.id);
  const group = networkSecurityGroup ?? subnet.properties.networkSecurityGroup;
  return [
    {
      id: normalizeId(nic.id),
      vmId: normalizeId(vm.id),
      vnetId: normalizeId(readParentId(subnet.id)),
      subnetPrefix: subnet.properties.addressPrefix,
      privateAddress: address.privateIPAddress,
      ...(publicIp?.real && { publicAddress: publicIp.properties.ipAddress }),
      ...(group && { rules: listRules({ store }, group.id).filter(isReal).map(readRule) }),
    },
  ];
}

function readRule({ name, properties }: Resource<RuleProperties>): SecurityRule {
  return {
    name,
    priority: properties.priority,
    direction: properties.direction,
    access: properties.access,
    protocol: properties.protocol,
    sources: mergeValues(properties.sourceAddressPrefix, properties.sourceAddressPrefixes),
    destinations: mergeValues(properties.destinationAddressPrefix, properties.destinationAddressPrefixes),
    destinationPorts: mergeValues(properties.destinationPortRange, properties.destinationPortRanges),
  };
}

/** ARM has one field for a single value and one for several; without either any value matches. */
export function mergeValues(one: string | undefined, many: readonly string[] | undefined): string[] {
  const all = [...(one === undefined || one === '' ? [] : [one]), ...(many ?? [])];
  return all.length > 0 ? all : ['*'];
}
