import assert from 'node:assert/strict';
import { test } from 'node:test';
import { peeringBody } from '../../../src/changes/azure-bodies.ts';
import { createNetwork } from '../../../src/changes/network/apply.ts';
import { peerFromCluster } from '../../../src/changes/peering/from-cluster.ts';
import { connected } from '../../../src/changes/peering/pair.ts';
import { peerToCluster } from '../../../src/changes/peering/to-cluster.ts';
import { deleteNetwork, deletePeering } from '../../../src/changes/undo-azure.ts';
import { idsOf, peeringIdOf } from '../../../src/ownership/names.ts';
import { lroOf } from '../../../src/step/lro.ts';
import {
  type AzureUnderTest,
  clusterVnetId,
  contextOf,
  failureOf,
  runRef,
  startAzureUnderTest,
  toolsOf,
} from './support.ts';

const run = runRef();
const ids = idsOf(run);
const vnets = { vnetId: ids.network, clusterVnetId };
const farId = peeringIdOf(clusterVnetId, run.runId);

const networkFor = (azure: AzureUnderTest) =>
  createNetwork({ addressSpace: '192.168.0.0/16', subnet: '192.168.1.0/24' }, toolsOf(azure.adapter()), contextOf(run));

async function peered(azure: AzureUnderTest): Promise<void> {
  await networkFor(azure);
  await peerToCluster(vnets, toolsOf(azure.adapter()), contextOf(run));
  await peerFromCluster(vnets, toolsOf(azure.adapter()), contextOf(run));
}

test('the first side is Initiated, the second makes both Connected', async () => {
  await using azure = await startAzureUnderTest();
  const tools = toolsOf(azure.adapter());
  await networkFor(azure);
  await peerToCluster(vnets, tools, contextOf(run));
  assert.equal((await tools.azure.peerings.get(ids.peeringToCluster))?.peeringState, 'Initiated');
  const { peeringState, syncLevel } = await peerFromCluster(vnets, tools, contextOf(run));
  assert.deepEqual([peeringState, syncLevel], ['Connected', 'FullyInSync']);
  assert.equal((await tools.azure.peerings.get(ids.peeringToCluster))?.peeringState, 'Connected');
});

test('the VNet of the cluster is never written, only the peering on it', async () => {
  await using azure = await startAzureUnderTest();
  await peered(azure);
  assert.equal(azure.count('PUT', clusterVnetId), 0);
  assert.equal(azure.count('PUT', farId), 1);
});

for (const [lost, id, remoteVnetId] of [
  ['near', ids.peeringToCluster, clusterVnetId],
  ['far', farId, ids.network],
] as const) {
  test(`when the ${lost} side was deleted by somebody, both are removed and made again`, async () => {
    await using azure = await startAzureUnderTest();
    await peered(azure);
    await deletePeering({ id, remoteVnetId }, toolsOf(azure.adapter()), contextOf(run));
    const tools = toolsOf(azure.adapter());
    const { peeringState } = await peerFromCluster(vnets, tools, contextOf(run));
    assert.equal(peeringState, 'Connected');
    assert.equal((await tools.azure.peerings.get(ids.peeringToCluster))?.peeringState, 'Connected');
  });
}

test('what is left of a VNet that was deleted and made again is removed before the first side is made', async () => {
  await using azure = await startAzureUnderTest();
  const tools = toolsOf(azure.adapter());
  await peered(azure);
  await deletePeering({ id: ids.peeringToCluster, remoteVnetId: clusterVnetId }, tools, contextOf(run));
  await deleteNetwork({ id: ids.network }, tools, contextOf(run));
  await networkFor(azure);
  await peerToCluster(vnets, tools, contextOf(run));
  assert.equal(await tools.azure.peerings.get(farId), undefined);
  assert.equal((await peerFromCluster(vnets, tools, contextOf(run))).peeringState, 'Connected');
});

test('a Disconnected pair that appears while waiting is PeeringDisconnected, and the next try mends it', async () => {
  await using azure = await startAzureUnderTest({ durations: { peering: 600 } });
  const tools = toolsOf(azure.adapter());
  await peered(azure);
  await deletePeering({ id: farId, remoteVnetId: ids.network }, tools, contextOf(run));
  assert.equal((await failureOf(connected(tools.azure, vnets, run.runId))).code, 'PeeringDisconnected');
  assert.equal((await peerFromCluster(vnets, tools, contextOf(run))).peeringState, 'Connected');
});

test('a peering of our name that leads to another VNet is not ours: NotMine, and a conflict for undo (W6)', async () => {
  await using azure = await startAzureUnderTest();
  const tools = toolsOf(azure.adapter());
  await networkFor(azure);
  const elsewhere = ids.network.replace('-vnet', '-other');
  await tools.azure.networks.ensure(
    elsewhere,
    { location: 'westeurope', addressSpace: { addressPrefixes: ['172.16.0.0/16'] } },
    lroOf(contextOf(run)),
    () => true,
  );
  await tools.azure.peerings.ensure(farId, peeringBody(elsewhere), lroOf(contextOf(run)), () => true);
  assert.equal((await failureOf(peerFromCluster(vnets, tools, contextOf(run)))).code, 'NotMine');
  assert.equal(
    (await deletePeering({ id: farId, remoteVnetId: ids.network }, tools, contextOf(run))).outcome,
    'conflict',
  );
  assert.notEqual(await tools.azure.peerings.get(farId), undefined);
});

test('a slow peering is waited for, with a sign of life at every look', async () => {
  await using azure = await startAzureUnderTest();
  await networkFor(azure);
  azure.lab.faults.add({ kind: 'slowPeering', delayMs: 700 });
  const context = contextOf(run);
  await peerToCluster(vnets, toolsOf(azure.adapter()), context);
  assert.ok(context.beats.length >= 5);
});
