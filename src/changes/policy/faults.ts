/**
 * What Calico would refuse in the spec of a GlobalNetworkPolicy (libcalico-go/lib/validator/v3). Only its API server
 * looks: Calico's storage, and v3 as bare definitions, take all of this, and then Felix drops such a policy without a
 * word, or enforces something else.
 */

import { isIPv4, isIPv6 } from 'node:net';
import { describeError } from '../../contract/brief.ts';
import { parseSelector } from '../../model/selector.ts';

type PolicyFields = Readonly<Record<string, unknown>>;

/** A sentence each, with the field's path; none: Calico would take it. */
export const listFaults = (spec: object): readonly string[] => {
  const fields = spec as PolicyFields;
  return [
    ...listSelectorFaults('', fields, ['selector', 'namespaceSelector', 'serviceAccountSelector']),
    ...listTypeFaults(fields),
    ...['ingress', 'egress'].flatMap((direction) =>
      listOf(fields[direction]).flatMap((rule, index) => listRuleFaults(`${direction}[${index}].`, rule)),
    ),
  ];
};

/** Texts that are filled in when the run has what they name (`${vm.sourceAddress}`), as a spec that can be read. */
export const fillIn = (spec: object): object =>
  JSON.parse(JSON.stringify(spec).replaceAll(/\$\{[^}]*\}/g, '192.0.2.1')) as object;

function listTypeFaults({ types, egress, preDNAT, doNotTrack, applyOnForward }: PolicyFields): readonly string[] {
  const all = listOf(types);
  const [isPreDnat, isUntracked] = [preDNAT === true, doNotTrack === true];
  return keep(
    [all.some((type) => type !== 'Ingress' && type !== 'Egress'), 'types holds only Ingress and Egress'],
    [new Set(all).size !== all.length, 'types names each direction once'],
    [isPreDnat && isUntracked, 'preDNAT and doNotTrack exclude each other'],
    [(isPreDnat || isUntracked) && applyOnForward !== true, 'preDNAT and doNotTrack need applyOnForward'],
    [isPreDnat && listOf(egress).length > 0, 'preDNAT takes no egress rules'],
    [isPreDnat && all.includes('Egress'), 'preDNAT takes no type Egress'],
  );
}

const actions = ['Allow', 'Deny', 'Log', 'Pass'];
const protocols = ['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6', 'UDPLite'];
const withPorts: readonly unknown[] = ['TCP', 'UDP', 'SCTP', 6, 17, 132];

function listRuleFaults(at: string, rule: unknown): readonly string[] {
  if (!isObject(rule)) return [`${at.slice(0, -1)} is no rule`];
  const { action, protocol, notProtocol, source, destination } = rule;
  const sides = [source, destination].map((side) => (isObject(side) ? side : {}));
  const hasPorts = sides.some(({ ports, notPorts }) => listOf(ports).length + listOf(notPorts).length > 0);
  return [
    ...keep(
      [!actions.includes(String(action)), `${at}action is ${String(action)}, and none of ${actions.join(', ')}`],
      ...([protocol, notProtocol] as const).map(
        (each) =>
          [!isProtocol(each), `${at}protocol ${String(each)} is not known: names have capital letters`] as const,
      ),
      [hasPorts && !withPorts.includes(protocol), `${at}ports need the protocol TCP, UDP or SCTP`],
    ),
    ...sides.flatMap((side, index) => listSideFaults(`${at}${index === 0 ? 'source' : 'destination'}.`, side)),
  ];
}

const isProtocol = (protocol: unknown): boolean =>
  protocol === undefined || protocols.includes(String(protocol)) || isBetween(1, 255, protocol);

function listSideFaults(at: string, side: PolicyFields): readonly string[] {
  const nets = [...listOf(side['nets']), ...listOf(side['notNets'])];
  const ports = [...listOf(side['ports']), ...listOf(side['notPorts'])];
  return [
    ...nets.filter((net) => !isNet(net)).map((net) => `${at}nets: ${String(net)} is no address range`),
    ...ports.filter((port) => !isPort(port)).map((port) => `${at}ports: ${String(port)} is no port`),
    ...listSelectorFaults(at, side, ['selector', 'notSelector', 'namespaceSelector']),
  ];
}

function listSelectorFaults(at: string, fields: PolicyFields, names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    try {
      parseSelector(String(fields[name] ?? ''));
      return [];
    } catch (error) {
      return [`${at}${name} cannot be read: ${describeError(error)}`];
    }
  });
}

function isNet(net: unknown): boolean {
  const [address = '', bits, more] = String(net).split('/');
  const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
  return most > 0 && more === undefined && (bits === undefined || (/^\d+$/.test(bits) && isBetween(0, most, +bits)));
}

/** A number, a range `first:last`, or the name of a port. */
function isPort(port: unknown): boolean {
  if (typeof port === 'number') return isBetween(0, 65_535, port);
  const range = /^(\d+)(?::(\d+))?$/.exec(String(port));
  if (range === null) return /^[a-zA-Z0-9_.-]{1,128}$/.test(String(port));
  const [first, last] = [Number(range[1]), Number(range[2] ?? range[1])];
  return isBetween(0, 65_535, first) && isBetween(first, 65_535, last);
}

const isBetween = (least: number, most: number, value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= least && Number(value) <= most;

const isObject = (value: unknown): value is PolicyFields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const keep = (...faults: readonly (readonly [isFault: boolean, text: string])[]): readonly string[] =>
  faults.filter(([isFault]) => isFault).map(([, text]) => text);
