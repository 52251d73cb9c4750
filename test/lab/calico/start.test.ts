import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { readCounters } from '../../../lab/calico/felix/counters.ts';
import type { HostEndpoint } from '../../../lab/calico/objects.ts';
import { type CalicoLab, startCalico } from '../../../lab/calico/start.ts';
import { noDelays } from '../../../lab/calico/timing.ts';
import type { Api } from '../../../lab/kubernetes/api.ts';
import { runIn } from '../../../lab/process/run.ts';
import { apply, calicoObject, calicoPath, eventually, openCalico } from './control-plane.ts';
import { clientAddress, nodeAddress, nodeName, openNode, type TestNode } from './node.ts';

let node: TestNode;
let api: Api;
let calico: CalicoLab;
const cleanUps: (() => unknown)[] = [];
before(async () => {
  node = await openNode({ after: (cleanUp) => void cleanUps.push(cleanUp as () => unknown) });
  const server = await openCalico();
  cleanUps.push(() => server.remove());
  api = server.controlPlane.api;
  await api.call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName } });
  await api.call('PATCH', `/api/v1/nodes/${nodeName}/status`, {
    status: { addresses: [{ type: 'InternalIP', address: nodeAddress }] },
  });
  for (const { name, labels, address } of node.workloads) {
    await api.call('POST', '/api/v1/namespaces/default/pods', {
      metadata: { name, labels },
      spec: { nodeName, containers: [{ name, image: name }] },
    });
    await api.call('PATCH', `/api/v1/namespaces/default/pods/${name}/status`, {
      status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }] },
    });
  }
  const metrics = { kind: 'policies', directory: node.scope.directory, logs: node.scope.logs } as const;
  calico = await startCalico({
    kubeConfig: server.controlPlane.clientFor('calico'),
    nodes: [{ name: nodeName, netns: node.node }],
    metrics,
    timing: { ...noDelays, felixRestartMs: 1500 },
  });
  cleanUps.push(() => calico.stop());
  await api.call('PATCH', calicoPath('kubecontrollersconfigurations', 'default'), {
    spec: { controllers: { node: { hostEndpoint: { autoCreate: 'Enabled' } } } },
  });
});
after(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

const policyPath = calicoPath('globalnetworkpolicies', 'frontend-nodeport-access');
beforeEach(async () => {
  calico.setFelixDelayMs(0);
  await api.call('DELETE', policyPath).catch(() => {});
  await label('test');
  await shows('w0');
});

/** The workshop's policy, for w0's NodePort. */
const policy = calicoObject('GlobalNetworkPolicy', 'frontend-nodeport-access', {
  tier: 'default',
  order: 100,
  selector: 'host-end-point == "test"',
  preDNAT: true,
  applyOnForward: true,
  types: ['Ingress'],
  ingress: [
    { action: 'Allow', source: { nets: ['127.0.0.1/32'] } },
    { action: 'Deny', protocol: 'TCP', source: { nets: [`${clientAddress}/32`] }, destination: { ports: [32010] } },
  ],
});

/** Sets the node's label and waits until its host endpoint has it. */
async function label(value: string | null): Promise<void> {
  await api.call('PATCH', `/api/v1/nodes/${nodeName}`, { metadata: { labels: { 'host-end-point': value } } });
  const hostEndpoint = (): Promise<HostEndpoint | undefined> =>
    api.read<HostEndpoint>(calicoPath('hostendpoints', `${nodeName}-auto-hep`)).catch(() => undefined);
  await eventually(
    hostEndpoint,
    (seen) => seen !== undefined && (seen.metadata.labels?.['host-end-point'] ?? null) === value,
  );
}

/** Dials until a port shows what is expected. */
const shows = (expected: string, port = 32010): Promise<string> =>
  eventually(
    () => node.fromClient(port, 'silent'),
    (seen) => seen === expected,
  );
const silent = (): Promise<string> => shows('silent');
const open = (): Promise<string> => shows('w0');

/** What Prometheus would read from the node, asked by the client whom the policy denies. */
async function deniedPackets(): Promise<Record<string, number>> {
  const fetch = 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())';
  const text = await runIn(node.client, ['python3', '-c', fetch, `http://${nodeAddress}:9081/metrics`]);
  return Object.fromEntries(
    [...text.matchAll(/^calico_denied_packets(\{.*\}) (\d+)$/gm)].map(([, labels = '', packets]) => [
      labels,
      Number(packets),
    ]),
  );
}

test("Felix tells Prometheus how many of the client's packets a rule denied, and goes on counting when the rules change", async () => {
  await apply(api, policy);
  await silent();
  const labels = `{instance="${nodeName}",policy="default|frontend-nodeport-access|1|deny",srcIP="${clientAddress}"}`;
  const first = (await deniedPackets())[labels] ?? 0;
  assert.ok(first > 0);
  assert.equal(await node.fromClient(32010, 'silent'), 'silent');
  const second = (await deniedPackets())[labels] ?? 0;
  assert.ok(second > first, `${second} after ${first}`);
  await label(null);
  await open();
  const last = (await deniedPackets())[labels] ?? 0;
  assert.ok(
    last >= second,
    `${last} after ${second}: what was counted stays counted when the policy does not bind any more`,
  );
});

test("the workshop's policy silences its NodePort for its client only, and its removal opens it again", async () => {
  await apply(api, policy);
  await silent();
  const expected = { 'w0→32011': 'w1', 'w1→32010': 'w0', 'X→32010': 'silent', 'X→32011': 'w1' };
  assert.deepEqual(await node.look(expected), expected);
  assert.ok(((await readCounters(node.node))['gnp/frontend-nodeport-access']?.packets ?? 0) > 0);
  await api.call('DELETE', policyPath);
  await open();
});

test('the deny follows the label of the node', async () => {
  await apply(api, policy);
  await silent();
  await label(null);
  await open();
  await label('test');
  await silent();
});

test("a change that does not concern the node's rules leaves them and their counters alone", async () => {
  await apply(api, policy);
  await silent();
  const before = await readCounters(node.node);
  await label('test');
  await api.call('PATCH', `/api/v1/nodes/${nodeName}`, { metadata: { labels: { other: 'label' } } });
  await eventually(
    () => api.read<HostEndpoint>(calicoPath('hostendpoints', `${nodeName}-auto-hep`)),
    (seen) => seen.metadata.labels?.['other'] === 'label',
  );
  await node.fromClient(32010, 'silent');
  const after = await readCounters(node.node);
  assert.ok(
    (after['gnp/frontend-nodeport-access']?.packets ?? 0) > (before['gnp/frontend-nodeport-access']?.packets ?? 0),
  );
});

test('a late Felix leaves the port open until its time has come', async () => {
  calico.setFelixDelayMs(2000);
  const appliedAt = Date.now();
  await apply(api, policy);
  assert.equal(await node.fromClient(32010, 'w0'), 'w0');
  await silent();
  assert.ok(Date.now() - appliedAt >= 2000);
});

test('a change of the failsafe ports makes Felix start again: its rules stay, and what comes meanwhile follows', async (t) => {
  const configurationPath = calicoPath('felixconfigurations', 'default');
  t.after(() => api.call('PATCH', configurationPath, { spec: { failsafeInboundHostPorts: null } }));
  await apply(api, policy);
  await silent();
  const changedAt = Date.now();
  await api.call('PATCH', configurationPath, {
    spec: { failsafeInboundHostPorts: [{ protocol: 'TCP', port: 32010 }] },
  });
  assert.equal(await node.fromClient(32010, 'silent'), 'silent');
  await open();
  assert.ok(Date.now() - changedAt >= 1500);
});

test('ending the delay programs at once what was waiting', async () => {
  calico.setFelixDelayMs(600_000);
  await apply(api, policy);
  await eventually(
    () => api.read<{ metadata: { name: string } }>(policyPath),
    ({ metadata }) => metadata.name === policy.metadata.name,
  );
  assert.equal(await node.fromClient(32010, 'w0'), 'w0');
  calico.setFelixDelayMs(0);
  await silent();
});

test('a namespaced policy of pods is enforced where they run', async () => {
  await apply(api, {
    ...calicoObject('NetworkPolicy', 'closed', {
      selector: "name == 'w1'",
      types: ['Ingress'],
      ingress: [{ action: 'Allow', source: { selector: "name == 'w0'" } }],
    }),
    metadata: { name: 'closed', namespace: 'default' },
  });
  await shows('silent', 32011);
  const expected = { 'w0→32011': 'w1', 'w1→32010': 'w0', 'X→32010': 'w0', 'X→32011': 'silent' };
  assert.deepEqual(await node.look(expected), expected);
  await api.call('DELETE', '/apis/projectcalico.org/v3/namespaces/default/networkpolicies/closed');
  await shows('w1', 32011);
});
