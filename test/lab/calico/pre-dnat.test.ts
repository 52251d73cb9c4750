import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readCounters } from '../../../lab/calico/felix/counters.ts';
import type { Inputs } from '../../../lab/calico/felix/inputs.ts';
import { allow, denyAll, hostEndpoint, openNode, openTalk, type Seen, serveEcho, type TestNode } from './node.ts';

const silent = 'silent';
const open: Seen = { 'w0→32011': 'w1', 'w1→32010': 'w0', 'X→32010': 'w0', 'X→32011': 'w1' };

let node: TestNode;
const cleanUps: (() => unknown)[] = [];
before(async () => {
  node = await openNode({ after: (cleanUp) => void cleanUps.push(cleanUp as () => unknown) });
});
after(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

const eth0 = [hostEndpoint('eth0')];
const wildcard = [hostEndpoint('*')];

/** Table of `felix/fv/pre_dnat_test.go`; PD5 counts rules of a metric that the stand-in does not have. */
const cases: readonly {
  readonly id: string;
  readonly promise: string;
  readonly given: Partial<Inputs>;
  readonly seen: Seen;
}[] = [
  { id: 'PD1', promise: 'without policy everybody connects', given: {}, seen: open },
  {
    id: 'PD2',
    promise: 'a preDNAT deny on eth0 silences the client, not the pods',
    given: { hostEndpoints: eth0, globalNetworkPolicies: [denyAll] },
    seen: { ...open, 'X→32010': silent, 'X→32011': silent },
  },
  {
    id: 'PD3',
    promise: 'an earlier preDNAT allow of a NodePort opens that one',
    given: { hostEndpoints: eth0, globalNetworkPolicies: [denyAll, allow(32010)] },
    seen: { ...open, 'X→32011': silent },
  },
  {
    id: 'PD4',
    promise: "a preDNAT allow of the pod's port opens nothing: rules see the NodePort",
    given: { hostEndpoints: eth0, globalNetworkPolicies: [denyAll, allow(8055)] },
    seen: { ...open, 'X→32010': silent, 'X→32011': silent },
  },
  {
    id: 'PD6',
    promise: 'a preDNAT deny on all interfaces silences the pods too',
    given: { hostEndpoints: wildcard, globalNetworkPolicies: [denyAll] },
    seen: { 'w0→32011': silent, 'w1→32010': silent, 'X→32010': silent, 'X→32011': silent },
  },
  {
    id: 'PD7',
    promise: 'a preDNAT allow on all interfaces opens its NodePort for pods and client',
    given: { hostEndpoints: wildcard, globalNetworkPolicies: [denyAll, allow(32010)] },
    seen: { ...open, 'w0→32011': silent, 'X→32011': silent },
  },
  {
    id: 'PD8',
    promise: 'an egress policy of a pod still binds after a preDNAT allow',
    given: {
      hostEndpoints: wildcard,
      globalNetworkPolicies: [denyAll, allow(32010)],
      networkPolicies: [
        {
          metadata: { namespace: 'default', name: 'policy-1' },
          spec: {
            order: 1,
            selector: "name == 'w1'",
            types: ['Egress'],
            egress: [{ action: 'Deny', destination: { selector: "name == 'w0'" } }],
          },
        },
      ],
    },
    seen: { 'w0→32011': silent, 'w1→32010': silent, 'X→32010': 'w0', 'X→32011': silent },
  },
];

for (const { id, promise, given, seen } of cases) {
  test(`${id}: ${promise}`, async () => {
    await node.apply(given);
    assert.deepEqual(await node.look(seen), seen);
  });
}

test("a preDNAT allow carries no packet past the default deny of a pod's policy", async () => {
  const allowed = {
    metadata: { namespace: 'default', name: 'only-9' },
    spec: {
      selector: "name == 'w0'",
      types: ['Ingress'] as const,
      ingress: [{ action: 'Allow', protocol: 'TCP', destination: { ports: [9] } } as const],
    },
  };
  await node.apply({
    hostEndpoints: wildcard,
    globalNetworkPolicies: [allow(32010), allow(32011)],
    networkPolicies: [allowed],
  });
  const seen = { ...open, 'w1→32010': silent, 'X→32010': silent };
  assert.deepEqual(await node.look(seen), seen);
});

test('an established connection survives a new deny, which silences new ones', async (t) => {
  await node.apply({ hostEndpoints: eth0 });
  await serveEcho(t, node, node.pods[0], 8056);
  const talk = await openTalk(t, node, 32012);
  assert.equal(await talk('before'), 'before');
  await node.apply({ hostEndpoints: eth0, globalNetworkPolicies: [denyAll] });
  assert.equal(await talk('after'), 'after');
  assert.equal(await node.fromClient(32012, silent), silent);
});

test('a deny counts its packets under the name of its policy', async () => {
  await node.apply(cases[1]?.given ?? {});
  assert.deepEqual((await readCounters(node.node))['gnp/deny-all'], { packets: 0, bytes: 0 });
  await node.fromClient(32010, silent);
  const { packets } = (await readCounters(node.node))['gnp/deny-all'] ?? { packets: 0 };
  assert.ok(packets >= 1, `${packets} packets`);
});
