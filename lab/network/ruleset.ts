import { isIPv4 } from 'node:net';
import type { SecurityRule } from '../azure/network/data-plane.ts';

/** What decides about the packets that cross a VNet. */
export interface VnetPolicy {
  /** Own and connected address spaces: Azure's service tag VirtualNetwork. */
  readonly spaces: readonly string[];
  /** Interfaces towards members that no security group guards: the cluster's nodes. */
  readonly open: readonly string[];
  readonly machines: readonly MachinePolicy[];
}

export interface MachinePolicy {
  /** The VNet's interface towards it. */
  readonly link: string;
  readonly privateAddress: string;
  /** Absent: it neither reaches the internet nor is reached from there. */
  readonly publicAddress?: string;
  /** `unknown`: the state does not have its interface yet; nothing passes. `none`: no security group. */
  readonly rules: readonly SecurityRule[] | 'none' | 'unknown';
}

/** Addresses that no VNet sends to the internet; without a peering their packets are dropped here. */
const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'];

/** The source of Azure's health probes and metadata, service tag AzureLoadBalancer. */
const azureLoadBalancer = '168.63.129.16';

/**
 * The VNet's whole nftables ruleset, for one atomic `nft -f -`. Public addresses are translated before and after the
 * security groups, which see private ones.
 */
export function formatRuleset(policy: VnetPolicy): string {
  const translated = policy.machines.flatMap(({ privateAddress, publicAddress }) =>
    publicAddress === undefined ? [] : [{ privateAddress, publicAddress }],
  );
  return [
    'table ip fabric',
    'delete table ip fabric',
    'table ip fabric {',
    ...formatChain(
      'prerouting',
      'type nat hook prerouting priority dstnat; policy accept;',
      translated.map((at) => `iifname "edge" ip daddr ${at.publicAddress} dnat to ${at.privateAddress}`),
    ),
    ...formatChain(
      'postrouting',
      'type nat hook postrouting priority srcnat; policy accept;',
      translated.map((at) => `oifname "edge" ip saddr ${at.privateAddress} snat to ${at.publicAddress}`),
    ),
    ...policy.machines.flatMap((machine) => [
      ...formatChain(`from_${machine.link}`, '', compileOutbound(machine, policy)),
      ...formatChain(`to_${machine.link}`, '', compileInbound(machine, policy)),
    ]),
    ...formatChain('forward', 'type filter hook forward priority filter; policy drop;', compileForward(policy)),
    '}',
    '',
  ].join('\n');
}

const formatChain = (name: string, head: string, rules: readonly string[]): string[] => [
  `chain ${name} {`,
  head,
  ...rules,
  '}',
];

/**
 * A packet passes when it starts or ends here (peerings are not transitive), and the sender's and then the receiver's
 * security group let it.
 */
function compileForward({ open, machines }: VnetPolicy): string[] {
  const members = [...open, ...machines.map(({ link }) => link)].map((name) => `"${name}"`).join(', ');
  if (members === '') return [];
  const jumps = (way: string) => machines.map(({ link }) => `"${link}" : jump ${way}_${link}`).join(', ');
  return [
    `iifname != { ${members} } oifname != { ${members} } drop`,
    `oifname "edge" ip daddr { ${privateRanges.join(', ')} } drop`,
    'ct state established,related accept',
    ...(machines.length === 0 ? [] : [`iifname vmap { ${jumps('from')} }`, `oifname vmap { ${jumps('to')} }`]),
    'accept',
  ];
}

function compileOutbound({ rules, publicAddress }: MachinePolicy, { spaces }: VnetPolicy): string[] {
  if (rules === 'unknown') return ['drop'];
  const closed = publicAddress === undefined ? ['oifname "edge" drop'] : [];
  if (rules === 'none') return closed;
  return [
    ...closed,
    ...rules.filter(({ direction }) => direction === 'Outbound').flatMap((rule) => compileSecurityRule(rule, spaces)),
  ]; // then AllowVnetOutBound, AllowInternetOutBound
}

function compileInbound({ rules }: MachinePolicy, { spaces }: VnetPolicy): string[] {
  if (rules === 'unknown') return ['drop'];
  if (rules === 'none') return ['iifname "edge" drop']; // a Standard public IP is closed without a security group
  return [
    ...rules.filter(({ direction }) => direction === 'Inbound').flatMap((rule) => compileSecurityRule(rule, spaces)),
    ...spaces.map((space) => `ip saddr ${space} return`), // AllowVnetInBound
    `ip saddr ${azureLoadBalancer} return`, // AllowAzureLoadBalancerInBound
    'drop', // DenyAllInBound
  ];
}

/** One security rule as nftables rules: `return` hands the packet to the next chain. */
export function compileSecurityRule(rule: SecurityRule, spaces: readonly string[]): string[] {
  const verdict = rule.access === 'Allow' ? 'return' : 'drop';
  const service = matchService(rule);
  return matchAddresses('saddr', rule.sources, spaces).flatMap((source) =>
    matchAddresses('daddr', rule.destinations, spaces).map((destination) =>
      [source, destination, service, verdict].filter((part) => part !== '').join(' '),
    ),
  );
}

function matchService({ protocol, destinationPorts, name }: SecurityRule): string {
  const wrong = destinationPorts.find((port) => port !== '*' && !/^\d+(-\d+)?$/.test(port));
  if (wrong !== undefined)
    throw new Error(`Security rule ${name} has the port ${wrong}; known are *, a port, and a range such as 1000-2000.`);
  const ports =
    destinationPorts.includes('*') || protocol === 'Icmp' ? '' : `th dport { ${destinationPorts.join(', ')} }`;
  const protocols =
    protocol === '*' ? (ports === '' ? '' : 'meta l4proto { tcp, udp }') : `meta l4proto ${protocol.toLowerCase()}`;
  return `${protocols} ${ports}`.trim();
}

/** Other service tags and IPv6 addresses match nothing: nothing in the lab has such an address. */
function matchAddresses(field: 'saddr' | 'daddr', given: readonly string[], spaces: readonly string[]): string[] {
  if (given.some((entry) => ['*', 'any', '0.0.0.0/0'].includes(entry.toLowerCase()))) return [''];
  return given.flatMap((entry) => {
    const tag = entry.toLowerCase();
    if (tag === 'virtualnetwork') return spaces.map((space) => `ip ${field} ${space}`);
    if (tag === 'internet') return [spaces.length === 0 ? '' : `ip ${field} != { ${spaces.join(', ')} }`];
    if (tag === 'azureloadbalancer') return [`ip ${field} ${azureLoadBalancer}`];
    return isCidr(entry) ? [`ip ${field} ${entry}`] : [];
  });
}

function isCidr(text: string): boolean {
  const [address = '', length = '32', ...more] = text.split('/');
  return more.length === 0 && isIPv4(address) && /^\d{1,2}$/.test(length) && Number(length) <= 32;
}
