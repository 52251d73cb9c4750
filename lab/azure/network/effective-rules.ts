import type { Store } from '../arm/store.ts';
import { listRules, type RuleProperties } from '../resources/security-groups.ts';
import { defaultRules } from './default-rules.ts';
import { findPlace, type Place } from './place.ts';
import { mergeValues } from './state.ts';

/** Azure's own address for health probes, DNS and metadata; it counts as part of every VNet. */
const platform = '168.63.129.16/32';

/**
 * The groups of the subnet and of the interface with custom and default rules, service tags spelled out, ports as
 * ranges.
 */
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
      ...defaultRules.map((rule) => presentRule(`defaultSecurityRules/${rule.name}`, rule, place)),
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

function presentRule(name: string, rule: RuleFields, place: Place): object {
  const [source, destination] = [
    presentAddresses('source', mergeValues(rule.sourceAddressPrefix, rule.sourceAddressPrefixes), place),
    presentAddresses('destination', mergeValues(rule.destinationAddressPrefix, rule.destinationAddressPrefixes), place),
  ];
  const [from, to] = [
    formatPorts(mergeValues(rule.sourcePortRange, rule.sourcePortRanges)),
    formatPorts(mergeValues(rule.destinationPortRange, rule.destinationPortRanges)),
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

/** Some public blocks: enough for the lab's own internet and for common targets. */
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
