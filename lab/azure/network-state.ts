import type { InterfaceState, NetworkState, SecurityRule, VnetState } from './effects.ts';
import { type InterfaceProperties, interfaceType } from './resources/interfaces.ts';
import { type PeeringProperties, partnerOf, peeringType } from './resources/peerings.ts';
import type { PublicIpProperties } from './resources/public-ips.ts';
import { type RuleProperties, rulesOf } from './resources/security-groups.ts';
import {
  type NetworkProperties,
  networkType,
  type SubnetProperties,
  subnetType,
} from './resources/virtual-networks.ts';
import { keyOf, parentIdOf, type Resource, type Store } from './store.ts';

/** The network that follows from the resources which are real. */
export function networkStateOf(store: Store): NetworkState {
  return {
    vnets: store
      .ofType<NetworkProperties>(networkType)
      .filter(isReal)
      .map((network) => vnetOf(store, network)),
    interfaces: store
      .ofType<InterfaceProperties>(interfaceType)
      .filter(isReal)
      .flatMap((nic) => interfaceOf(store, nic)),
  };
}

const isReal = (resource: Resource): boolean => resource.real;

function vnetOf(store: Store, network: Resource<NetworkProperties>): VnetState {
  const subnets = store.childrenOf<SubnetProperties>(network.id, subnetType).filter(isReal);
  const connected = store.childrenOf<PeeringProperties>(network.id, peeringType).filter((side) => {
    const partner = partnerOf({ store }, network.id, side.properties.remoteVirtualNetwork.id);
    return passes(side) && partner !== undefined && passes(partner);
  });
  return {
    id: keyOf(network.id),
    addressSpaces: network.properties.addressSpace.addressPrefixes,
    subnets: subnets.map((subnet) => ({ id: keyOf(subnet.id), prefix: subnet.properties.addressPrefix })),
    connectedTo: connected.map((side) => keyOf(side.properties.remoteVirtualNetwork.id)),
  };
}

/** A side lets packets through: made, Connected, and with access allowed. */
const passes = (side: Resource<PeeringProperties>): boolean =>
  side.real && side.properties.peeringState === 'Connected' && side.properties.allowVirtualNetworkAccess;

/** The primary address of an interface that a running VM has. Its own security group counts, else its subnet's; Azure would ask both. */
function interfaceOf(store: Store, nic: Resource<InterfaceProperties>): InterfaceState[] {
  const { virtualMachine, networkSecurityGroup, ipConfigurations } = nic.properties;
  const vm = virtualMachine && store.get(virtualMachine.id);
  const address = ipConfigurations.find((each) => each.properties.primary)?.properties;
  const subnet = address && store.get<SubnetProperties>(address.subnet.id);
  if (vm?.real !== true || address === undefined || subnet === undefined) return [];
  const publicIp = address.publicIPAddress && store.get<PublicIpProperties>(address.publicIPAddress.id);
  const group = networkSecurityGroup ?? subnet.properties.networkSecurityGroup;
  return [
    {
      id: keyOf(nic.id),
      vmId: keyOf(vm.id),
      vnetId: keyOf(parentIdOf(subnet.id)),
      subnetPrefix: subnet.properties.addressPrefix,
      privateAddress: address.privateIPAddress,
      ...(publicIp?.real && { publicAddress: publicIp.properties.ipAddress }),
      ...(group && { rules: rulesOf({ store }, group.id).filter(isReal).map(ruleOf) }),
    },
  ];
}

function ruleOf({ name, properties }: Resource<RuleProperties>): SecurityRule {
  return {
    name,
    priority: properties.priority,
    direction: properties.direction,
    access: properties.access,
    protocol: properties.protocol,
    sources: listOf(properties.sourceAddressPrefix, properties.sourceAddressPrefixes),
    destinations: listOf(properties.destinationAddressPrefix, properties.destinationAddressPrefixes),
    destinationPorts: listOf(properties.destinationPortRange, properties.destinationPortRanges),
  };
}

/** ARM has a field for one value and one for many; neither means any. */
function listOf(one: string | undefined, many: readonly string[] | undefined): string[] {
  const all = [...(one === undefined || one === '' ? [] : [one]), ...(many ?? [])];
  return all.length > 0 ? all : ['*'];
}
