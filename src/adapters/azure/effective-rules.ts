import ipaddr from 'ipaddr.js';

/**
 * What Azure enforces on an interface by one security group: the interface's own, or its subnet's. Names as Azure gives
 * them, such as `securityRules/ssh`.
 */
export interface EffectiveGroup {
  readonly rules: readonly EffectiveRule[];
}

export interface EffectiveRule {
  readonly name: string;
  readonly priority: number;
  readonly direction: string;
  readonly access: string;
  /** `Tcp`, `Udp`, `All`, … */
  readonly protocol: string;
  /** CIDRs and addresses; `*`; service tags that Azure did not expand. */
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  /** Ports and ranges such as `0-65535`; `*`. */
  readonly sourcePorts: readonly string[];
  readonly destinationPorts: readonly string[];
}

export interface EffectiveRoute {
  readonly prefixes: readonly string[];
  /** `VnetLocal`, `VNetPeering`, `Internet`, `None`, … */
  readonly nextHop: string;
  /** `User`, `VirtualNetworkGateway` or `Default`. */
  readonly source: string;
  readonly active: boolean;
}

/** New TCP connections from an address to an address and port. Their source port is the kernel's choice. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly port: number;
}

/**
 * What the outbound rules say of a flow: in each group the matching rule of the lowest priority number decides, and
 * every group must allow.
 * `rule`: the one that denies, else the first group's; `none` where no group guards the interface.
 */
export function findAccess(
  groups: readonly EffectiveGroup[],
  flow: Flow,
): { readonly access: 'Allow' | 'Deny'; readonly rule: string } {
  const decisions = groups.map(({ rules }) => {
    const outbound = rules
      .filter(({ direction }) => direction === 'Outbound')
      .toSorted((a, b) => a.priority - b.priority);
    const rule = outbound.find((each) => matches(each, flow));
    return {
      access: rule?.access === 'Allow' ? ('Allow' as const) : ('Deny' as const),
      rule: rule?.name ?? 'none matches',
    };
  });
  return decisions.find(({ access }) => access === 'Deny') ?? decisions[0] ?? { access: 'Allow', rule: 'none' };
}

/**
 * Where packets to an address go: the active route of the longest prefix; of equal ones the user's before a gateway's
 * before Azure's own. `None` without a route.
 */
export function findRoute(
  routes: readonly EffectiveRoute[],
  to: string,
): { readonly nextHop: string; readonly prefix: string } {
  const rank = (source: string): number => ['Default', 'VirtualNetworkGateway', 'User'].indexOf(source);
  const [best] = routes
    .filter(({ active }) => active)
    .flatMap(({ prefixes, nextHop, source }) =>
      prefixes.filter((prefix) => within(to, prefix)).map((prefix) => ({ nextHop, prefix, source })),
    )
    .toSorted((a, b) => bitsOf(b.prefix) - bitsOf(a.prefix) || rank(b.source) - rank(a.source));
  return best === undefined ? { nextHop: 'None', prefix: '' } : { nextHop: best.nextHop, prefix: best.prefix };
}

/** A rule for some source ports only is no rule for flows of any source port. */
function matches(
  { protocol, sources, destinations, sourcePorts, destinationPorts }: EffectiveRule,
  { from, to, port }: Flow,
): boolean {
  return (
    /^(tcp|all|\*)$/i.test(protocol) &&
    sources.some((each) => within(from, each)) &&
    destinations.some((each) => within(to, each)) &&
    sourcePorts.some((each) => portsOf(each)[0] === 0 && portsOf(each)[1] === 65_535) &&
    destinationPorts.some((each) => portsOf(each)[0] <= port && port <= portsOf(each)[1])
  );
}

/** First and last port; of anything else than a port or range, none. */
function portsOf(range: string): readonly [number, number] {
  if (range === '*') return [0, 65_535];
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
  return first === undefined ? [1, 0] : [Number(first), Number(last)];
}

/** Service tags hold nothing: Azure lists the prefixes of those that it knows. */
function within(address: string, prefix: string): boolean {
  if (prefix === '*' || prefix.toLowerCase() === 'any') return true;
  const cidr = prefix.includes('/') ? prefix : `${prefix}/32`;
  return (
    ipaddr.IPv4.isValidCIDR(cidr) &&
    ipaddr.IPv4.isValid(address) &&
    ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parseCIDR(cidr))
  );
}

const bitsOf = (prefix: string): number => Number(prefix.split('/')[1] ?? 32);
