/** Who may say that a thing is gone: a 404 proves it only in the words of Azure Resource Manager or of an API server. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { undoEach } from '../../src/activities/undo.ts';
import { AzureError } from '../../src/adapters/azure/index.ts';
import { createClusters } from '../../src/adapters/kubernetes/index.ts';
import { namespaces } from '../../src/adapters/kubernetes/resources.ts';
import { resolveSweep } from '../../src/config/sweep-spec.ts';
import { createTags } from '../../src/ownership/marks.ts';
import { findLeftovers } from '../../src/sweep/find-leftovers.ts';
import { type Answer, startFakeArm } from '../adapters/azure/fake-arm.ts';
import { clusterVnetId, contextOf, runRef, toolsOf } from '../support/azure.ts';
import { listAzureChanges } from '../support/azure-steps.ts';
import { planUndo } from '../support/changes.ts';

const armSays = (code: string): Answer => ({ status: 404, body: { error: { code, message: 'It was not found.' } } });
const page = '<html><head><title>404</title></head><body>The gateway knows no such host.</body></html>';

const notThere = { kind: 'Status', code: 404, reason: 'NotFound', details: { name: 'x' } };

const proofs = ['ResourceNotFound', 'ResourceGroupNotFound', 'ParentResourceNotFound', 'NotFound'].map(armSays);

/** As recorded of AKS: without the envelope of every other provider. */
const ofAks = { code: 'NotFound', details: null, message: 'Could not find managed cluster c in g.', subcode: '' };

/** 404s that are said while everything is there. */
const strangers: readonly (readonly [string, Answer])[] = [
  ...['SubscriptionNotFound', 'TenantNotFound', 'InvalidResourceType', 'NoRegisteredProviderFound'].map(
    (code) => [code, armSays(code)] as const,
  ),
  ['the page of a gateway', { status: 404, text: page, headers: { 'content-type': 'text/html' } }],
  ['the page of a gateway that calls itself JSON', { status: 404, text: page }],
  ['nothing at all', { status: 404 }],
  ['JSON of a gateway', { status: 404, body: { code: 'NotFound', message: 'no route' } }],
  ['what AKS says of clusters alone', { status: 404, body: ofAks }],
  ['an error that is no object', { status: 404, body: { error: 'ResourceNotFound' } }],
];

const run = runRef();
const undoable = Object.values(listAzureChanges(run))
  .map((change) => planUndo(change, run, { clusterVnetId }))
  .toReversed();
const group = { subscriptionId: run.subscriptionId, resourceGroup: run.resourceGroup };

describe('Absence needs a competent witness (W13)', () => {
  test("the undo takes ARM's own word that a thing does not exist", async () => {
    await using arm = await startFakeArm();
    for (const proof of proofs) {
      arm.answer(() => proof);
      const ends = await undoEach({ entries: undoable, observers: [] }, toolsOf(arm.azure()), contextOf(run));
      assert.deepEqual(new Set(ends.map(({ outcome }) => outcome)), new Set(['nothing']), JSON.stringify(proof.body));
      assert.deepEqual(await arm.azure().networks.list(group), []);
    }
  });

  test('the bare words of AKS prove that a cluster is not there; those of a gateway do not', async () => {
    await using arm = await startFakeArm();
    const cluster = { ...group, name: 'c' };
    arm.answer(() => ({ status: 404, body: ofAks }));
    assert.equal(await arm.azure().clusters.get(cluster), undefined);
    for (const body of [
      { ...ofAks, subcode: undefined },
      { code: 'NotFound', message: 'no route', details: null },
    ]) {
      arm.answer(() => ({ status: 404, body }));
      await assert.rejects(arm.azure().clusters.get(cluster), AzureError);
    }
  });

  test('a resource that one replica of the gateway does not know yet is looked for again, and removed', async () => {
    await using arm = await startFakeArm();
    const [network] = undoable.filter(({ undo }) => undo === 'deleteNetwork');
    assert.ok(network !== undefined);
    const { id } = network.input as { id: string };
    const body = {
      id,
      tags: createTags(run, id, toolsOf(arm.azure()).signer),
      properties: { provisioningState: 'Succeeded' },
    };
    let [isDeleted, looks] = [false, 0];
    arm.answer(({ method }) => {
      isDeleted ||= method === 'DELETE';
      if (method === 'DELETE') return { status: 204 };
      return ++looks === 1 || isDeleted ? armSays('ResourceNotFound') : { status: 200, body };
    });
    const [end] = await undoEach({ entries: [network], observers: [] }, toolsOf(arm.azure()), contextOf(run));
    assert.equal(end?.outcome, 'done');
    assert.ok(isDeleted);
  });

  for (const [what, answer] of strangers) {
    test(`a 404 of ${what} proves nothing to undo, lists and sweep`, async (t) => {
      await using arm = await startFakeArm();
      arm.answer(() => answer);
      const azure = arm.azure();
      const ends = await undoEach({ entries: undoable, observers: [] }, toolsOf(azure), contextOf(run));
      for (const { outcome, detail } of ends) {
        assert.equal(outcome, 'failed', detail);
        assert.match(detail, /\w+: \w+: ./, 'with its reason');
      }
      assert.ok(ends.length >= 7);
      const isError = (error: unknown) => error instanceof AzureError && error.status === 404;
      for (const { list } of [azure.networks, azure.interfaces, azure.virtualMachines, azure.disks])
        await assert.rejects(list(group), isError);
      await assert.rejects(azure.groupExists(group), isError);
      const tools = { ...toolsOf(azure), clusters: await startEmptyCluster(t), resolveSweep };
      const spec = { ...group, cluster: run.cluster.name };
      await assert.rejects(findLeftovers({ spec }, tools, contextOf(run)), isError);
    });
  }

  test('a deletion that was accepted is not proved by the 404 of somebody else', async () => {
    await using arm = await startFakeArm();
    const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v';
    for (const [what, answer] of strangers) {
      let isDeleted = false;
      arm.answer(({ method }) => {
        isDeleted ||= method === 'DELETE';
        if (method === 'DELETE') return { status: 204 };
        return isDeleted ? answer : { status: 200, body: { id, properties: { provisioningState: 'Succeeded' } } };
      });
      const lro = { signal: new AbortController().signal, save: () => {} };
      await assert.rejects(
        arm.azure().networks.remove(id, lro, () => true),
        AzureError,
        what,
      );
    }
  });

  test("only a Status of the API server says that an object, or a kind of objects, isn't there", async (t) => {
    const rows: readonly (readonly [number, string, 'absent' | 'not served' | 'error'])[] = [
      [404, JSON.stringify(notThere), 'absent'],
      [404, JSON.stringify({ ...notThere, details: {} }), 'not served'],
      [404, '404 page not found\n', 'not served'],
      [404, page, 'error'],
      [404, '', 'error'],
      [404, JSON.stringify({ reason: 'NotFound', details: { name: 'x' } }), 'error'],
      [502, JSON.stringify(notThere), 'error'],
    ];
    for (const [status, body, means] of rows) {
      const cluster = await (await startCluster(t, () => [status, body])).of(run.cluster);
      const label = `${status} ${body}`;
      if (means === 'absent') assert.equal(await cluster.find(namespaces, 'x'), undefined, label);
      else await assert.rejects(cluster.find(namespaces, 'x'), { name: 'KubernetesError' }, label);
      if (means === 'not served') assert.equal(await cluster.serves('apps', 'v1'), false, label);
      if (means === 'error') await assert.rejects(cluster.serves('apps', 'v1'), { name: 'KubernetesError' }, label);
    }
  });
});

/** Its lists are empty, and there is no lease. */
const startEmptyCluster = (t: TestContext) =>
  startCluster(t, (url) => {
    if (url.includes('limit=')) return [200, '{"metadata":{},"items":[]}'];
    return /^\/apis\/[^/]+\/v\d+$/.test(url) ? [404, '404 page not found\n'] : [404, JSON.stringify(notThere)];
  });

async function startCluster(t: TestContext, answer: (url: string) => readonly [status: number, body: string]) {
  const server = createServer(({ url = '' }, response) => {
    const [status, body] = answer(url);
    response.writeHead(status).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = {
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    clusters: [{ name: 'x', cluster: { server: address, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'x', user: { token: 't' } }],
  };
  const clusters = createClusters({ kubeconfigOf: async () => JSON.stringify(kubeconfig), requestTimeoutMs: 5000 });
  t.after(async () => {
    await clusters.close();
    server.closeAllConnections();
    server.close();
  });
  return clusters;
}
