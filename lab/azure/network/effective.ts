import { normalizeId, type Resource, type Store } from '../arm/store.ts';
import { type InterfaceProperties, interfaceType } from '../resources/interfaces.ts';
import { listRules, type RuleProperties } from '../resources/security-groups.ts';
import { type SubnetProperties, subnetType } from '../resources/virtual-networks.ts';
import type { NetworkState } from './data-plane.ts';
import { computeNetworkState } from './state.ts';

/** Azure's own address for health probes, DNS and metadata; it counts as part of every VNet. */
const platform = '168.63.129.16/32';

/** Blocks that Azure sends nowhere unless a VNet or peering has a part of them. */
const privateBlocks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

interface Place {
  readonly nic: Resource<InterfaceProperties>;
  readonly subnet: Resource<SubnetProperties> | undefined;
  readonly own: readonly string[];
  readonly peered: readonly string[];
}

/** Where an interface of a running VM is; undefined: no such VM has it. */
function findPlace(store: Store, nicId: string): Place | undefined {
  const state: NetworkState = computeNetworkState(store);
  const nic = store.get<InterfaceProperties>(nicId);
  const used = state.interfaces.find(({ id }) => id === normalizeId(nicId));
  const vnet = state.vnets.find(({ id }) => id === used?.vnetId);
  if (nic?.type !== interfaceType || vnet === undefined) return undefined;
  const [configuration] = nic.properties.ipConfigurations;
  const subnet = configuration && store.get<SubnetProperties>(configuration.properties.subnet.id);
  const peered = vnet.connectedTo.flatMap((far) => state.vnets.find(({ id }) => id === far)?.addressSpaces ?? []);
  return { nic, subnet: subnet?.type === subnetType ? subnet : undefined, own: vnet.addressSpaces, peered };
}

/** The groups of the subnet and of the interface with custom and default rules, service tags spelled out, ports as ranges. */
export function listEffectiveSecurityGroups(store: Store, nicId: string): object[] | undefined {
  const place = findPlace(store, nicId);
  if (place === undefined) return undefined;
  const { nic, subnet } = place;
  const used = [
    { group: subnet?.properties.networkSecurityGroup, association: { subnet: { id: subnet?.id } } },
    { group: nic.properties.networkSecurityGroup, association: { networkInterface: { id: nic.id } } },
  ];
  return used.flatMap(({ group, association }) => {
    if (group === undefined) return [];
    const custom = listRules({ store }, group.id).filter(({ real }) => real);
    const rules = [
      ...custom.map(({ name, properties }) => presentRule(`securityRules/${name}`, properties, place)),
      ...defaults.map((rule) => presentRule(`defaultSecurityRules/${rule.name}`, rule, place)),
    ];
    return [{ networkSecurityGroup: { id: group.id }, association, effectiveSecurityRules: rules }];
  });
}

type RuleFields = Pick<
  RuleProperties,
  | 'access'
  | 'destinationAddressPrefix'
  | 'destinationAddressPrefixes'
  | 'destinationPortRange'
  | 'destinationPortRanges'
  | 'direction'
  | 'priority'
  | 'protocol'
> &
  Pick<RuleProperties, 'sourceAddressPrefix' | 'sourceAddressPrefixes' | 'sourcePortRange' | 'sourcePortRanges'>;

const createDefaultRule = (
  name: string,
  direction: 'Inbound' | 'Outbound',
  priority: number,
  access: 'Allow' | 'Deny',
  from: string,
  to: string,
) =>
  ({
    name,
    direction,
    priority,
    access,
    protocol: '*',
    sourceAddressPrefix: from,
    destinationAddressPrefix: to,
  }) as const;

const defaults = [
  createDefaultRule('AllowVnetInBound', 'Inbound', 65_000, 'Allow', 'VirtualNetwork', 'VirtualNetwork'),
  createDefaultRule('AllowAzureLoadBalancerInBound', 'Inbound', 65_001, 'Allow', 'AzureLoadBalancer', '*'),
  createDefaultRule('DenyAllInBound', 'Inbound', 65_500, 'Deny', '*', '*'),
  createDefaultRule('AllowVnetOutBound', 'Outbound', 65_000, 'Allow', 'VirtualNetwork', 'VirtualNetwork'),
  createDefaultRule('AllowInternetOutBound', 'Outbound', 65_001, 'Allow', '*', 'Internet'),
  createDefaultRule('DenyAllOutBound', 'Outbound', 65_500, 'Deny', '*', '*'),
];

function presentRule(name: string, rule: RuleFields, place: Place): object {
  const [source, destination] = [
    presentAddresses('source', listOf(rule.sourceAddressPrefix, rule.sourceAddressPrefixes), place),
    presentAddresses('destination', listOf(rule.destinationAddressPrefix, rule.destinationAddressPrefixes), place),
  ];
  const [from, to] = [
    formatPorts(listOf(rule.sourcePortRange, rule.sourcePortRanges)),
    formatPorts(listOf(rule.destinationPortRange, rule.destinationPortRanges)),
  ];
  return {
    name,
    protocol: rule.protocol === '*' ? 'All' : rule.protocol,
    sourcePortRange: from[0],
    destinationPortRange: to[0],
    sourcePortRanges: from,
    destinationPortRanges: to,
    ...source,
    ...destination,
    access: rule.access,
    priority: rule.priority,
    direction: rule.direction,
  };
}

/** The tag's own name stays beside the blocks that it stands for. */
function presentAddresses(side: 'source' | 'destination', given: readonly string[], { own, peered }: Place): object {
  const tags: Readonly<Record<string, readonly string[]>> = {
    virtualnetwork: [...own, ...peered, platform],
    azureloadbalancer: [platform],
  };
  const plain = given.map((each) => (each === '*' ? '0.0.0.0/0' : each));
  const expanded = given.flatMap(
    (each) => tags[each.toLowerCase()] ?? (each.toLowerCase() === 'internet' ? publicBlocks : []),
  );
  const all = expanded.length === 0 ? [] : [...expanded, ...given.filter((each) => /^\d/.test(each))];
  const [prefix, expandedPrefix] = [
    `${side}AddressPrefix`,
    `expanded${side === 'source' ? 'Source' : 'Destination'}AddressPrefix`,
  ];
  return { [prefix]: plain[0], [`${prefix}es`]: plain, [expandedPrefix]: all };
}

/** Some of what is public; enough for the lab's own internet and everything that is usually asked for. */
const publicBlocks = [
  '1.0.0.0/8',
  '2.0.0.0/7',
  '4.0.0.0/6',
  '8.0.0.0/7',
  '20.0.0.0/8',
  '40.0.0.0/8',
  '52.0.0.0/8',
  '198.51.100.0/24',
  '203.0.113.0/24',
];

const formatPorts = (given: readonly string[]): string[] =>
  given.map((each) => (each === '*' ? '0-65535' : each.includes('-') ? each : `${each}-${each}`));

/** ARM has a field for one value and one for many; neither means any. */
function listOf(one: string | undefined, many: readonly string[] | undefined): string[] {
  const all = [...(one === undefined || one === '' ? [] : [one]), ...(many ?? [])];
  return all.length > 0 ? all : ['*'];
}

/** The system routes: the own VNet, peers as long as both sides are Connected, the internet, and nothing for private blocks. */
export function listEffectiveRoutes(store: Store, nicId: string): object[] | undefined {
  const place = findPlace(store, nicId);
  if (place === undefined) return undefined;
  const { own, peered } = place;
  const route = (nextHopType: string, addressPrefix: readonly string[]) =>
    addressPrefix.map((prefix) => ({
      source: 'Default',
      state: 'Active',
      addressPrefix: [prefix],
      nextHopType,
      nextHopIpAddress: [],
    }));
  return [
    ...route('VnetLocal', own),
    ...route('VNetPeering', peered),
    ...route('Internet', ['0.0.0.0/0']),
    ...route(
      'None',
      privateBlocks.filter((block) => !own.includes(block) && !peered.includes(block)),
    ),
  ];
}
