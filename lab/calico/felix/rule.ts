import ipaddr from 'ipaddr.js';
import type { EntityRule, Port, Protocol, Rule } from '../objects.ts';

/** A rule asks for something that the stand-in cannot do, or that Calico refuses. */
export class RuleError extends Error {
  override name = 'RuleError';
}

/** IPv4 addresses of the endpoints that a rule's selectors name. */
export type AddressesOf = (selected: {
  readonly selector?: string;
  readonly namespaceSelector?: string;
}) => readonly string[];

/** The nftables match of a rule; undefined: no IPv4 packet can match. Throws RuleError and SelectorError. */
export function compileMatch(rule: Rule, addressesOf: AddressesOf): string | undefined {
  if (rule.ipVersion === 6) return undefined;
  const parts = [
    ...matchProtocol(rule),
    ...matchIcmp(rule),
    ...matchEntity('saddr', rule.source ?? {}, addressesOf),
    ...matchPorts('sport', rule.source ?? {}, rule),
    ...matchEntity('daddr', rule.destination ?? {}, addressesOf),
    ...matchPorts('dport', rule.destination ?? {}, rule),
  ];
  return parts.includes(never) ? undefined : parts.join(' ');
}

/** In a list of matches: no packet can match. */
const never = 'never';

function matchProtocol({ protocol, notProtocol }: Rule): string[] {
  return [
    ...(protocol === undefined ? [] : [isVersion6(protocol) ? never : `meta l4proto ${readProtocol(protocol)}`]),
    ...(notProtocol === undefined || isVersion6(notProtocol) ? [] : [`meta l4proto != ${readProtocol(notProtocol)}`]),
  ];
}

const isVersion6 = (protocol: Protocol): boolean =>
  String(protocol).toLowerCase() === 'icmpv6' || Number(protocol) === 58;

function readProtocol(protocol: Protocol): string {
  const name = String(protocol).toLowerCase();
  if (!/^(tcp|udp|sctp|icmp|udplite|\d{1,3})$/.test(name)) throw new RuleError(`protocol ${name} is unknown`);
  return name;
}

function matchIcmp({ icmp, protocol }: Rule): string[] {
  if (icmp === undefined) return [];
  if (protocol === undefined || readProtocol(protocol) !== 'icmp')
    throw new RuleError('a rule with icmp needs protocol ICMP');
  return [
    ...(icmp.type === undefined ? [] : [`icmp type ${icmp.type}`]),
    ...(icmp.code === undefined ? [] : [`icmp code ${icmp.code}`]),
  ];
}

function matchEntity(field: 'saddr' | 'daddr', entity: EntityRule, addressesOf: AddressesOf): string[] {
  const { nets, notNets, selector, notSelector, namespaceSelector } = entity;
  const selected =
    selector === undefined && namespaceSelector === undefined
      ? undefined
      : addressesOf(pickSelectors(selector, namespaceSelector));
  return [
    ...(nets === undefined || nets.length === 0 ? [] : [matchAny(`ip ${field}`, selectIPv4(nets))]),
    ...matchNone(`ip ${field}`, selectIPv4(notNets ?? [])),
    ...(selected === undefined ? [] : [matchAny(`ip ${field}`, selected)]),
    ...(notSelector === undefined
      ? []
      : matchNone(`ip ${field}`, addressesOf(pickSelectors(notSelector, namespaceSelector)))),
  ];
}

const pickSelectors = (
  selector: string | undefined,
  namespaceSelector: string | undefined,
): Parameters<AddressesOf>[0] => ({
  ...(selector !== undefined && { selector }),
  ...(namespaceSelector !== undefined && { namespaceSelector }),
});

function selectIPv4(nets: readonly string[]): string[] {
  for (const net of nets)
    if (!ipaddr.isValid(net) && !ipaddr.isValidCIDR(net)) throw new RuleError(`${net} is no network`);
  return nets.filter((net) => !net.includes(':'));
}

function matchPorts(field: 'sport' | 'dport', { ports = [], notPorts = [] }: EntityRule, { protocol }: Rule): string[] {
  if (ports.length === 0 && notPorts.length === 0) return [];
  if (!['tcp', 'udp', 'sctp', '6', '17', '132'].includes(String(protocol).toLowerCase()))
    throw new RuleError('a rule with ports needs protocol TCP, UDP or SCTP');
  return [
    ...(ports.length === 0 ? [] : [matchAny(`th ${field}`, ports.map(formatPortRange))]),
    ...matchNone(`th ${field}`, notPorts.map(formatPortRange)),
  ];
}

function formatPortRange(port: Port): string {
  const range = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(String(port));
  if (range === null) throw new RuleError(`port ${port}: the Calico stand-in knows no named ports`);
  const [first, last] = [Number(range[1]), Number(range[2] ?? range[1])];
  if (first > last || last > 65_535) throw new RuleError(`port ${port} is no port or range of ports`);
  return first === last ? `${first}` : `${first}-${last}`;
}

const matchAny = (field: string, values: readonly string[]): string =>
  values.length === 0 ? never : `${field} { ${values.join(', ')} }`;
const matchNone = (field: string, values: readonly string[]): string[] =>
  values.length === 0 ? [] : [`${field} != { ${values.join(', ')} }`];
