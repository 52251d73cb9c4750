/**
 * The sets of objects through a real API server and the programs that a lab would run: all of them through genuine
 * Calico where HEPFLOW_CALICO_PROGRAMS names it, a few through the stand-ins.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { flavours } from '../../../../lab/calico/flavours.ts';
import { findCalicoPrograms } from '../../../../lab/calico/genuine/programs.ts';
import { chooseCalico } from '../../../../lab/calico/installation.ts';
import { createAuthority } from '../../../../lab/certificates.ts';
import type { Api } from '../../../../lab/kubernetes/api.ts';
import { startControlPlane } from '../../../../lab/kubernetes/control-plane.ts';
import { relayToNodes } from '../../../../lab/network/relay.ts';
import { providePrograms } from '../../../../lab/tools/programs.ts';
import { apply } from '../control-plane.ts';
import { type Case, cases, listExpected } from './cases.ts';
import { nodes, type Outcomes, openWorld, pods, type World } from './world.ts';

const genuine = await findCalicoPrograms();
const { group, version } = flavours.oss.api;
const api = genuine?.apiVersion ?? `${group}/${version}`;
const mode = genuine?.dataplane ?? 'iptables'; // what the stand-in follows
const sample = ['PD3 eth0', 'PD8 *', 'TIER no order vs default names', 'HEP named over *', 'TYPES absent egress only'];

const plurals: Readonly<Record<string, string>> = {
  HostEndpoint: 'hostendpoints',
  GlobalNetworkPolicy: 'globalnetworkpolicies',
  NetworkPolicy: 'networkpolicies',
  Tier: 'tiers',
};

let world: World;
let server: Api;
const cleanUps: (() => unknown)[] = [];
before(async () => {
  world = await openWorld({ after: (cleanUp) => void cleanUps.push(cleanUp as () => unknown) });
  const { scope, netns } = world;
  const calico = await chooseCalico(scope, 'fast');
  const programs = await providePrograms(['etcd', 'kube-apiserver']);
  const authority = await createAuthority(join(scope.directory, 'ca'));
  const plane = await startControlPlane({ scope, authority, programs, crds: calico.crds });
  cleanUps.push(() => plane.stop());
  server = plane.api;
  const places = (['h0', 'h1'] as const).map((node, index) => ({ ...nodes[node], index, netns: netns[node] }));
  const relay = await relayToNodes(scope, places, plane.port);
  cleanUps.push(() => relay.stop());
  for (const node of places) await createNode(node);
  for (const name of ['w0', 'w1'] as const) await createPod(name);
  const kubeConfig = plane.clientFor('calico');
  const started = await calico.start({ api: server, kubeConfig, nodes: places, onError: () => {} });
  cleanUps.push(() => started.stop());
});
after(async () => {
  for (const cleanUp of cleanUps.toReversed()) await cleanUp();
});

async function createNode({ name, address, podCidr }: (typeof nodes)['h0' | 'h1']): Promise<void> {
  const spec = { podCIDR: podCidr, podCIDRs: [podCidr] };
  await server.call('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec });
  await server.call('PATCH', `/api/v1/nodes/${name}/status`, {
    status: { addresses: [{ type: 'InternalIP', address }] },
  });
}

async function createPod(name: keyof typeof pods): Promise<void> {
  const { node, address } = pods[name];
  await server.call('POST', '/api/v1/namespaces/default/pods', {
    metadata: { name, labels: { pod: name } },
    spec: { nodeName: nodes[node].name, containers: [{ name, image: name }] },
  });
  await server.call('PATCH', `/api/v1/namespaces/default/pods/${name}/status`, {
    status: { phase: 'Running', podIP: address, podIPs: [{ ip: address }] },
  });
}

/** Looks again while the programs may not have followed yet; gives what was seen last. */
async function lookUntil(expected: Outcomes): Promise<Outcomes> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    for (const node of ['h0', 'h1'] as const) await world.forget(node);
    const seen = await world.look(expected);
    if (isDeepStrictEqual(seen, expected) || Date.now() > deadline) return seen;
  }
}

const locate = ({ kind = '', metadata: { name, namespace } }: Case['objects'][number]): string =>
  `/apis/${api}/${namespace === undefined ? '' : `namespaces/${namespace}/`}${plurals[kind]}/${name}`;

async function follow(one: Case): Promise<void> {
  const expected = listExpected(one, mode);
  for (const { kind = '', metadata, spec } of one.objects)
    await apply(server, { apiVersion: api, kind, metadata: { ...metadata }, spec });
  const seen = await lookUntil(expected);
  for (const object of one.objects.toReversed()) await server.call('DELETE', locate(object));
  assert.deepEqual(seen, expected);
}

describe(`genuine Calico, ${mode} mode, answers as in the data`, {
  skip: genuine === undefined && 'NOT LOOKED AT: HEPFLOW_CALICO_PROGRAMS names no folder with Calico',
}, () => {
  for (const one of cases) test(one.id, () => follow(one));
});

describe('the stand-ins, by way of the API server, answer as in the data', {
  skip: genuine !== undefined && 'HEPFLOW_CALICO_PROGRAMS names genuine Calico',
}, () => {
  for (const one of cases.filter(({ id }) => sample.includes(id))) test(one.id, () => follow(one));
});
