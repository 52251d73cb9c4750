import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type EffectiveGroup,
  type EffectiveRoute,
  type EffectiveRule,
  findAccess,
  findRoute,
} from '../../../src/adapters/azure/index.ts';

const rule = (name: string, priority: number, access: string, more: Partial<EffectiveRule> = {}): EffectiveRule => ({
  name,
  priority,
  access,
  direction: 'Outbound',
  protocol: 'All',
  sources: ['0.0.0.0/0'],
  destinations: ['0.0.0.0/0'],
  sourcePorts: ['0-65535'],
  destinationPorts: ['0-65535'],
  ...more,
});
const vnet = ['192.168.0.0/16', '10.224.0.0/12', '168.63.129.16/32'];
const defaults = [
  rule('AllowVnetOutBound', 65_000, 'Allow', { sources: vnet, destinations: vnet }),
  rule('AllowInternetOutBound', 65_001, 'Allow', { destinations: ['20.0.0.0/8'] }),
  rule('DenyAllOutBound', 65_500, 'Deny'),
];
const group = (...rules: EffectiveRule[]): EffectiveGroup => ({ rules: [...rules, ...defaults] });
const flow = { from: '192.168.1.4', to: '10.224.0.5', port: 30_080 };

describe('what the outbound rules of an interface say of a connection', () => {
  const rows: readonly [
    promise: string,
    groups: readonly EffectiveGroup[],
    said: readonly [access: string, rule: string],
    flow?: Partial<typeof flow>,
  ][] = [
    ['nothing guards an interface without a group', [], ['Allow', 'none']],
    ["Azure's own rules let a VNet talk to its peer", [group()], ['Allow', 'AllowVnetOutBound']],
    [
      'a peer that is not connected is not in the VirtualNetwork',
      [group()],
      ['Deny', 'DenyAllOutBound'],
      { to: '10.100.0.5' },
    ],
    [
      'a public address is reached by the internet rule',
      [group()],
      ['Allow', 'AllowInternetOutBound'],
      { to: '20.1.2.3' },
    ],
    ['a custom deny comes before the default rules', [group(rule('d', 100, 'Deny'))], ['Deny', 'd']],
    [
      'the lowest number decides, whatever the order',
      [group(rule('later', 300, 'Deny'), rule('first', 200, 'Allow'))],
      ['Allow', 'first'],
    ],
    [
      'inbound rules do not count',
      [group(rule('d', 100, 'Deny', { direction: 'Inbound' }))],
      ['Allow', 'AllowVnetOutBound'],
    ],
    ['a rule for the port', [group(rule('d', 100, 'Deny', { destinationPorts: ['30080'] }))], ['Deny', 'd']],
    [
      'a rule for a range with the port',
      [group(rule('d', 100, 'Deny', { destinationPorts: ['22', '30000-32767'] }))],
      ['Deny', 'd'],
    ],
    [
      'a rule for another range',
      [group(rule('d', 100, 'Deny', { destinationPorts: ['30081-32767', '1-30079'] }))],
      ['Allow', 'AllowVnetOutBound'],
    ],
    ['a rule for any port', [group(rule('d', 100, 'Deny', { destinationPorts: ['*'] }))], ['Deny', 'd']],
    [
      'a rule for some source ports is none for all',
      [group(rule('d', 100, 'Deny', { sourcePorts: ['1024-2048'] }))],
      ['Allow', 'AllowVnetOutBound'],
    ],
    ['a rule for TCP', [group(rule('d', 100, 'Deny', { protocol: 'Tcp' }))], ['Deny', 'd']],
    ['a rule for UDP', [group(rule('d', 100, 'Deny', { protocol: 'Udp' }))], ['Allow', 'AllowVnetOutBound']],
    ['a rule for the address', [group(rule('d', 100, 'Deny', { destinations: ['10.224.0.5'] }))], ['Deny', 'd']],
    [
      'a rule for another address',
      [group(rule('d', 100, 'Deny', { destinations: ['10.224.0.6', '10.224.0.4/32'] }))],
      ['Allow', 'AllowVnetOutBound'],
    ],
    [
      'a rule for another source',
      [group(rule('d', 100, 'Deny', { sources: ['192.168.2.0/24'] }))],
      ['Allow', 'AllowVnetOutBound'],
    ],
    ['a star is every address', [group(rule('d', 100, 'Deny', { destinations: ['*'] }))], ['Deny', 'd']],
    [
      'a tag that Azure did not spell out holds nothing',
      [group(rule('d', 100, 'Deny', { destinations: ['Sql.WestEurope'] }))],
      ['Allow', 'AllowVnetOutBound'],
    ],
    [
      'an IPv6 prefix holds no IPv4 address',
      [group(rule('d', 100, 'Deny', { destinations: ['::/0'] }))],
      ['Allow', 'AllowVnetOutBound'],
    ],
    ["each of two groups must allow, the subnet's", [group(rule('subnet', 100, 'Deny')), group()], ['Deny', 'subnet']],
    ["each of two groups must allow, the interface's", [group(), group(rule('nic', 100, 'Deny'))], ['Deny', 'nic']],
    ['a group without a rule that matches denies', [{ rules: [] }], ['Deny', 'none matches']],
  ];
  for (const [promise, groups, [access, name], more] of rows) {
    test(promise, () => assert.deepEqual(findAccess(groups, { ...flow, ...more }), { access, rule: name }));
  }
});

describe('where packets to an address go', () => {
  const route = (prefix: string, nextHop: string, more: Partial<EffectiveRoute> = {}): EffectiveRoute => ({
    prefixes: [prefix],
    nextHop,
    source: 'Default',
    active: true,
    ...more,
  });
  const system = [route('192.168.0.0/16', 'VnetLocal'), route('0.0.0.0/0', 'Internet'), route('10.0.0.0/8', 'None')];
  const peering = route('10.224.0.0/12', 'VNetPeering');
  const rows: readonly [promise: string, routes: readonly EffectiveRoute[], nextHop: string, prefix: string][] = [
    [
      'to a connected peer through the peering, whose prefix is the longest',
      [...system, peering],
      'VNetPeering',
      '10.224.0.0/12',
    ],
    ['nowhere without the peering', system, 'None', '10.0.0.0/8'],
    ['to the internet when nothing else holds the address', [route('0.0.0.0/0', 'Internet')], 'Internet', '0.0.0.0/0'],
    ['nowhere without any route', [], 'None', ''],
    [
      "by the user's route before Azure's of the same prefix",
      [peering, route('10.224.0.0/12', 'VirtualAppliance', { source: 'User' })],
      'VirtualAppliance',
      '10.224.0.0/12',
    ],
    [
      "by a gateway's before Azure's, after the user's",
      [route('10.224.0.0/12', 'VirtualNetworkGateway', { source: 'VirtualNetworkGateway' }), peering],
      'VirtualNetworkGateway',
      '10.224.0.0/12',
    ],
    [
      'not by a route that is invalid',
      [...system, peering, route('10.224.0.0/16', 'None', { active: false })],
      'VNetPeering',
      '10.224.0.0/12',
    ],
    [
      'by any prefix of a route',
      [route('0.0.0.0/0', 'Internet'), { ...peering, prefixes: ['10.1.0.0/16', '10.224.0.0/24'] }],
      'VNetPeering',
      '10.224.0.0/24',
    ],
  ];
  for (const [promise, routes, nextHop, prefix] of rows)
    test(promise, () => assert.deepEqual(findRoute(routes, '10.224.0.5'), { nextHop, prefix }));
});
