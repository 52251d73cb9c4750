import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { UnprogrammableError } from '../../../lab/calico/felix/endpoint-chain.ts';
import type { Inputs } from '../../../lab/calico/felix/inputs.ts';
import type { GlobalNetworkPolicy } from '../../../lab/calico/objects.ts';
import { runIn } from '../../../lab/process/run.ts';
import { dial, patience, serve } from '../network/support.ts';
import {
  allow,
  clientAddress,
  defaultAllow,
  denyAll,
  hostEndpoint,
  nodeAddress,
  openNode,
  openTalk,
  policy,
  serveEcho,
  type TestNode,
} from './node.ts';

/** Felix's metrics, in Calico's table. */
const metricsPort = 9091;
const kubeletPort = 10250;
const sshPort = 22;

let node: TestNode;
const cleanUps: (() => unknown)[] = [];
before(async () => {
  const owner = { after: (cleanUp: unknown) => void cleanUps.push(cleanUp as () => unknown) };
  node = await openNode(owner);
  for (const port of [metricsPort, kubeletPort, sshPort])
    await serve(owner as Parameters<typeof serve>[0], node.scope, node.node, port, 'host');
});
after(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

const [eth0, wildcard] = [[hostEndpoint('eth0')], [hostEndpoint('*')]];
const automatic = [hostEndpoint('*', defaultAllow)];

/** Table of `felix/fv/host_port_test.go`: a port of the host, seen from outside. */
const ports: readonly {
  readonly id: string;
  readonly promise: string;
  readonly given: Partial<Inputs>;
  readonly seen: string;
}[] = [
  { id: 'HP1', promise: 'without host endpoints a host port is reachable', given: { workloads: [] }, seen: 'host' },
  { id: 'HP2', promise: 'with local pods only a host port is reachable', given: {}, seen: 'host' },
  {
    id: 'HP3',
    promise: 'a host endpoint on eth0 without policy or profile closes a host port',
    given: { hostEndpoints: eth0 },
    seen: 'silent',
  },
  {
    id: 'HP4',
    promise: 'a host endpoint on all interfaces without policy or profile closes a host port',
    given: { hostEndpoints: wildcard },
    seen: 'silent',
  },
  {
    id: 'HP5',
    promise: 'a preDNAT allow of another port leaves it closed',
    given: { hostEndpoints: eth0, globalNetworkPolicies: [allow(1234)] },
    seen: 'silent',
  },
  {
    id: 'HP6',
    promise: 'a preDNAT allow of another port on all interfaces leaves it closed',
    given: { hostEndpoints: wildcard, globalNetworkPolicies: [allow(1234)] },
    seen: 'silent',
  },
  {
    id: 'HP7',
    promise: 'a preDNAT allow of the port opens it',
    given: { hostEndpoints: eth0, globalNetworkPolicies: [allow(metricsPort)] },
    seen: 'host',
  },
  {
    id: 'HP8',
    promise: 'a preDNAT allow of the port on all interfaces opens it',
    given: { hostEndpoints: wildcard, globalNetworkPolicies: [allow(metricsPort)] },
    seen: 'host',
  },
];

for (const { id, promise, given, seen } of ports) {
  test(`${id}: ${promise}`, async () => {
    await node.apply(given);
    assert.equal(await node.fromClient(metricsPort, seen), seen);
  });
}

/** What an automatic host endpoint (all interfaces, default-allow profile) means for the policies that select it. */
const others: readonly {
  readonly promise: string;
  readonly given: Partial<Inputs>;
  readonly seen: Readonly<Record<number, string>>;
}[] = [
  {
    promise: 'an automatic host endpoint alone changes nothing',
    given: {},
    seen: { [kubeletPort]: 'host', 32010: 'w0' },
  },
  {
    promise:
      'a failsafe port stays open under a deny of everything, before DNAT and after; the kubelet is no failsafe port',
    given: { globalNetworkPolicies: [denyAll, policy('deny-normal', { ingress: [{ action: 'Deny' }] })] },
    seen: { [sshPort]: 'host', [kubeletPort]: 'silent', 32010: 'silent' },
  },
  {
    promise: 'what no preDNAT rule matches goes on to the normal rules: a tier ends with no deny before DNAT',
    given: { globalNetworkPolicies: [allow(1234)] },
    seen: { [kubeletPort]: 'host', 32010: 'w0' },
  },
  {
    promise: 'without failsafe ports a deny of everything closes SSH too',
    given: { globalNetworkPolicies: [denyAll], configuration: { failsafeInboundHostPorts: [] } },
    seen: { [sshPort]: 'silent' },
  },
  {
    promise: 'a failsafe port with a network is open for that network only',
    given: {
      globalNetworkPolicies: [denyAll],
      configuration: {
        failsafeInboundHostPorts: [
          { protocol: 'TCP', port: kubeletPort, net: '10.65.0.0/24' },
          { protocol: 'TCP', port: sshPort, net: '10.66.0.0/24' },
        ],
      },
    },
    seen: { [kubeletPort]: 'host', [sshPort]: 'silent' },
  },
  {
    promise:
      "a normal policy brings its tier's default deny, ahead of the allow profile, and leaves forwarded traffic alone",
    given: {
      globalNetworkPolicies: [
        policy('allow-metrics', {
          ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [metricsPort] } }],
        }),
      ],
    },
    seen: { [metricsPort]: 'host', [kubeletPort]: 'silent', 32010: 'w0' },
  },
  {
    promise: 'a policy of all() for pods locks the host up',
    given: {
      globalNetworkPolicies: [
        policy('for-pods', {
          selector: 'all()',
          ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [8055] } }],
        }),
      ],
    },
    seen: { [kubeletPort]: 'silent', 32010: 'w0' },
  },
  {
    promise: 'a policy that applies on forward denies what no rule of it allows, after DNAT',
    given: {
      globalNetworkPolicies: [
        policy('forward', {
          applyOnForward: true,
          ingress: [
            {
              action: 'Allow',
              protocol: 'TCP',
              source: { nets: ['10.0.0.0/8'] },
              destination: { nets: ['10.65.1.10/32'], ports: ['8000:8055'] },
            },
          ],
        }),
      ],
    },
    seen: { 32010: 'w0', 32011: 'silent', [kubeletPort]: 'silent' },
  },
  {
    promise: 'an egress policy does not govern ingress',
    given: { globalNetworkPolicies: [policy('egress', { types: ['Egress'], egress: [{ action: 'Allow' }] })] },
    seen: { [kubeletPort]: 'host' },
  },
  {
    promise: 'a pass leaves the tier, and the next one decides',
    given: {
      tiers: [
        { metadata: { name: 'security' }, spec: { order: 100 } },
        { metadata: { name: 'default' }, spec: { order: 1_000_000 } },
      ],
      globalNetworkPolicies: [
        policy('first', {
          tier: 'security',
          order: 1,
          ingress: [{ action: 'Pass', protocol: 'TCP', destination: { ports: [kubeletPort] } }],
        }),
        policy('second', { tier: 'default', ingress: [{ action: 'Allow' }] }),
      ],
    },
    seen: { [kubeletPort]: 'host', [metricsPort]: 'silent' },
  },
  {
    promise: 'policies are met by order, then name; tiers by order',
    given: {
      globalNetworkPolicies: [
        policy('b', { order: 5, ingress: [{ action: 'Deny' }] }),
        policy('a', { order: 5, ingress: [{ action: 'Allow' }] }),
        policy('0', { ingress: [{ action: 'Deny' }] }),
      ],
    },
    seen: { [kubeletPort]: 'host' },
  },
  {
    promise: 'a tier whose default action is Pass decides nothing by itself',
    given: {
      tiers: [{ metadata: { name: 'security' }, spec: { order: 100, defaultAction: 'Pass' } }],
      globalNetworkPolicies: [
        policy('other', {
          tier: 'security',
          ingress: [{ action: 'Deny', protocol: 'TCP', destination: { ports: [metricsPort] } }],
        }),
      ],
    },
    seen: { [kubeletPort]: 'host', [metricsPort]: 'silent' },
  },
  {
    promise: 'notNets and notPorts leave out what they name',
    given: {
      globalNetworkPolicies: [
        policy('others', {
          ingress: [
            { action: 'Deny', protocol: 'TCP', source: { notNets: [clientAddress] } },
            { action: 'Deny', protocol: 'TCP', destination: { notPorts: [kubeletPort] } },
            { action: 'Allow' },
          ],
        }),
      ],
    },
    seen: { [kubeletPort]: 'host', [metricsPort]: 'silent' },
  },
  {
    promise: 'a policy that cannot be understood is left out, and the others are enforced',
    given: {
      globalNetworkPolicies: [policy('broken', { selector: 'role = x', ingress: [{ action: 'Allow' }] }), denyAll],
    },
    seen: { [kubeletPort]: 'silent', 32010: 'silent' },
  },
  {
    promise: 'a deny is a refusal only where the configuration says Reject',
    given: {
      globalNetworkPolicies: [policy('deny', { ingress: [{ action: 'Deny' }] })],
      configuration: { iptablesFilterDenyAction: 'Reject' },
    },
    seen: { [kubeletPort]: 'refused' },
  },
  {
    promise: 'a host endpoint of an interface comes before that of all interfaces',
    given: {
      hostEndpoints: [hostEndpoint('eth0', defaultAllow, { role: 'other' }), ...automatic],
      globalNetworkPolicies: [policy('deny', { applyOnForward: true, ingress: [{ action: 'Deny' }] })],
    },
    seen: { [kubeletPort]: 'host', 32010: 'w0' },
  },
  {
    promise: 'a host endpoint of an interface without preDNAT policy leaves that of all interfaces its preDNAT policy',
    given: {
      hostEndpoints: [hostEndpoint('eth0', defaultAllow, { role: 'other' }), ...automatic],
      globalNetworkPolicies: [denyAll],
    },
    seen: { [kubeletPort]: 'silent', 32010: 'silent' },
  },
  {
    promise: 'a host endpoint of an interface with preDNAT policy keeps that of all interfaces from it',
    given: {
      hostEndpoints: [hostEndpoint('eth0', defaultAllow, { role: 'other' }), ...automatic],
      globalNetworkPolicies: [denyAll, { ...allow(1), spec: { ...allow(1).spec, selector: "role == 'other'" } }],
    },
    seen: { [kubeletPort]: 'host', 32010: 'w0' },
  },
  {
    promise: 'a policy stored without types governs both directions, whatever rules it has',
    given: {
      globalNetworkPolicies: [
        { metadata: { name: 'raw' }, spec: { selector: "role == 'host'", egress: [{ action: 'Allow' }] } },
      ],
    },
    seen: { [kubeletPort]: 'silent' },
  },
  {
    promise: 'a port above 65535 makes a policy one that cannot be understood',
    given: {
      globalNetworkPolicies: [
        policy('broken', { ingress: [{ action: 'Deny', protocol: 'TCP', destination: { ports: [70_000] } }] }),
      ],
    },
    seen: { [kubeletPort]: 'host' },
  },
  {
    promise: 'a host endpoint without interface is found by its address',
    given: {
      hostEndpoints: [
        {
          metadata: { name: 'by-address', labels: { role: 'host' } },
          spec: { node: 'node-0', expectedIPs: [nodeAddress] },
        },
      ],
      globalNetworkPolicies: [denyAll],
    },
    seen: { [kubeletPort]: 'silent' },
  },
  {
    promise: "another node's host endpoint changes nothing here",
    given: { hostEndpoints: [hostEndpoint('*', { node: 'node-1' })], globalNetworkPolicies: [denyAll] },
    seen: { [kubeletPort]: 'host', 32010: 'w0' },
  },
  {
    promise: 'doNotTrack is enforced on eth0 before connection tracking',
    given: {
      hostEndpoints: [hostEndpoint('eth0', defaultAllow)],
      globalNetworkPolicies: [
        policy('raw', {
          doNotTrack: true,
          applyOnForward: true,
          ingress: [{ action: 'Deny', protocol: 'TCP', destination: { ports: [kubeletPort] } }],
        }),
      ],
    },
    seen: { [kubeletPort]: 'silent', [metricsPort]: 'host' },
  },
  {
    promise: 'doNotTrack is ignored on a host endpoint of all interfaces',
    given: {
      globalNetworkPolicies: [policy('raw', { doNotTrack: true, applyOnForward: true, ingress: [{ action: 'Deny' }] })],
    },
    seen: { [kubeletPort]: 'host' },
  },
];

/** Which policies reach a host endpoint, as genuine Calico 3.32.1 did with kubelet's port. */
const reaching: readonly (readonly [selectors: GlobalNetworkPolicy['spec'], seen: 'silent' | 'host'])[] = [
  [{ namespaceSelector: "projectcalico.org/name not in { 'kube-system' }" }, 'silent'],
  [{ namespaceSelector: '!has(team)' }, 'silent'],
  [{ namespaceSelector: 'global()' }, 'silent'],
  [{ serviceAccountSelector: '!has(role)' }, 'silent'],
  [{ namespaceSelector: "projectcalico.org/name in { 'default' }" }, 'host'],
  [{ namespaceSelector: 'all()' }, 'host'],
  [{ selector: 'all()', namespaceSelector: "projectcalico.org/name not in { 'kube-system' }" }, 'host'],
  [{ selector: 'all()', serviceAccountSelector: "role == 'x'" }, 'host'],
  [{ selector: 'all()' }, 'silent'],
];

for (const [selectors, seen] of reaching) {
  test(`a policy of ${JSON.stringify(selectors)} ${seen === 'silent' ? 'selects' : 'does not select'} a host endpoint`, async () => {
    await node.apply({
      hostEndpoints: automatic,
      globalNetworkPolicies: [{ metadata: { name: 'one' }, spec: { types: ['Ingress'], ...selectors } }],
    });
    assert.equal(await node.fromClient(kubeletPort, seen), seen);
  });
}

test('a namespaceSelector selects the pods of its namespaces', async () => {
  const spec = { types: ['Ingress'], namespaceSelector: "team == 'web'" } as const;
  const globalNetworkPolicies = [{ metadata: { name: 'one' }, spec }];
  await node.apply({ globalNetworkPolicies, namespaces: { default: { team: 'web' } } });
  assert.equal(await node.fromClient(32010, 'silent'), 'silent');
  await node.apply({ globalNetworkPolicies, namespaces: { default: { team: 'other' } } });
  assert.equal(await node.fromClient(32010, 'w0'), 'w0');
});

for (const { promise, given, seen } of others) {
  test(promise, async () => {
    await node.apply({ hostEndpoints: automatic, ...given });
    const found = await Promise.all(
      Object.entries(seen).map(async ([port, expected]) => [port, await node.fromClient(Number(port), expected)]),
    );
    assert.deepEqual(Object.fromEntries(found), seen);
  });
}

test('an established connection to the host survives a new normal deny, which silences new ones', async (t) => {
  await node.apply({ hostEndpoints: automatic });
  await serveEcho(t, node, node.node, 7001);
  const talk = await openTalk(t, node, 7001);
  assert.equal(await talk('before'), 'before');
  await node.apply({
    hostEndpoints: automatic,
    globalNetworkPolicies: [policy('deny', { ingress: [{ action: 'Deny' }] })],
  });
  assert.equal(await talk('after'), 'after');
  assert.equal(await node.fromClient(7001, 'silent'), 'silent');
});

test('a host reaches its own pods whatever the policy, and its egress policy governs what it sends elsewhere', async (t) => {
  await serve(t, node.scope, node.client, 7000, 'outside');
  await node.apply({
    hostEndpoints: automatic,
    globalNetworkPolicies: [policy('shut', { selector: 'all()', types: ['Ingress', 'Egress'] })],
  });
  assert.match(await dial(node.node, node.workloads[0].address, 8055), /^w0/);
  assert.equal(await dial(node.node, clientAddress, 7000, patience.silence), 'silent');
  await node.apply({ hostEndpoints: automatic });
  assert.match(await dial(node.node, clientAddress, 7000), /^outside/);
});

test('pods reach their node past the host endpoint of all interfaces unless their own egress policy says no', async () => {
  const [w0] = node.pods;
  await node.apply({
    hostEndpoints: automatic,
    globalNetworkPolicies: [policy('shut', { ingress: [{ action: 'Deny' }] })],
  });
  assert.match(await dial(w0, nodeAddress, kubeletPort), /^host/);
  await node.apply({
    networkPolicies: [{ metadata: { namespace: 'default', name: 'shut' }, spec: { types: ['Egress'] } }],
  });
  assert.equal(await dial(w0, nodeAddress, kubeletPort, patience.silence), 'silent');
});

test('packets of an interface that belongs to no known pod are dropped', async () => {
  await node.apply({ workloads: [node.workloads[0]] });
  assert.equal(await node.fromClient(32011, 'silent'), 'silent');
});

test('a preDNAT deny cannot be programmed while the deny action is Reject, and the rules before it stay', async () => {
  await node.apply({ hostEndpoints: automatic });
  const before = await runIn(node.node, ['nft', 'list', 'table', 'ip', 'calico-standin']);
  await assert.rejects(
    node.apply({
      hostEndpoints: automatic,
      globalNetworkPolicies: [denyAll],
      configuration: { iptablesFilterDenyAction: 'Reject' },
    }),
    UnprogrammableError,
  );
  assert.equal(await runIn(node.node, ['nft', 'list', 'table', 'ip', 'calico-standin']), before);
});
