import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPeeringBody, findConnected } from '../../../src/changes/peering/pair.ts';
import { createIds, createPeeringId } from '../../../src/ownership/names.ts';
import { resumeFrom } from '../../../src/step/lro.ts';
import {
  type AzureUnderTest,
  clusterVnetId,
  contextOf,
  failureOf,
  runRef,
  startAzureUnderTest,
  toolsOf,
} from '../../support/azure.ts';
import { networkSettings } from '../../support/azure-steps.ts';
import { findApply, findUndo } from '../../support/changes.ts';

const peerToCluster = findApply('peerToCluster');
const peerFromCluster = findApply('peerFromCluster');
const deletePeering = findUndo('deletePeering');

const connected = 'Connected, FullyInSync';
const run = runRef();
const ids = createIds(run);
const vnets = { vnetId: ids.network, clusterVnetId };
const nearId = createPeeringId(ids.network, run.runId);
const farId = createPeeringId(clusterVnetId, run.runId);

const networkFor = (azure: AzureUnderTest) =>
  findApply('createNetwork')(networkSettings, toolsOf(azure.adapter()), contextOf(run));

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
  assert.equal((await tools.azure.peerings.get(nearId))?.peeringState, 'Initiated');
  assert.equal((await peerFromCluster(vnets, tools, contextOf(run))).found, connected);
  assert.equal((await tools.azure.peerings.get(nearId))?.peeringState, 'Connected');
});

test('the VNet of the cluster is never written, only the peering on it', async () => {
  await using azure = await startAzureUnderTest();
  await peered(azure);
  assert.equal(azure.count('PUT', clusterVnetId), 0);
  assert.equal(azure.count('PUT', farId), 1);
});

for (const [lost, id, remoteVnetId] of [
  ['near', nearId, clusterVnetId],
  ['far', farId, ids.network],
] as const) {
  test(`when the ${lost} side was deleted by somebody, both are removed and made again`, async () => {
    await using azure = await startAzureUnderTest();
    await peered(azure);
    await deletePeering({ id, remoteVnetId }, toolsOf(azure.adapter()), contextOf(run));
    const tools = toolsOf(azure.adapter());
    assert.equal((await peerFromCluster(vnets, tools, contextOf(run))).found, connected);
    assert.equal((await tools.azure.peerings.get(nearId))?.peeringState, 'Connected');
  });
}

test('what is left of a VNet that was deleted and made again is removed before the first side is made', async () => {
  await using azure = await startAzureUnderTest();
  const tools = toolsOf(azure.adapter());
  await peered(azure);
  await deletePeering({ id: nearId, remoteVnetId: clusterVnetId }, tools, contextOf(run));
  await findUndo('deleteNetwork')({ id: ids.network }, tools, contextOf(run));
  await networkFor(azure);
  await peerToCluster(vnets, tools, contextOf(run));
  assert.equal(await tools.azure.peerings.get(farId), undefined);
  assert.equal((await peerFromCluster(vnets, tools, contextOf(run))).found, connected);
});

test('a Disconnected pair that appears while waiting is PeeringDisconnected, and the next try mends it', async () => {
  await using azure = await startAzureUnderTest({ durations: { peering: 600 } });
  const tools = toolsOf(azure.adapter());
  await peered(azure);
  await deletePeering({ id: farId, remoteVnetId: ids.network }, tools, contextOf(run));
  assert.equal((await failureOf(findConnected(tools.azure, vnets, run.runId))).code, 'PeeringDisconnected');
  assert.equal((await peerFromCluster(vnets, tools, contextOf(run))).found, connected);
});

test('a peering of our name to another VNet is not ours: NotMine, and a conflict for undo (W6)', async () => {
  await using azure = await startAzureUnderTest();
  const tools = toolsOf(azure.adapter());
  await networkFor(azure);
  const elsewhere = ids.network.replace('-vnet', '-other');
  await tools.azure.networks.ensure(
    elsewhere,
    { location: 'westeurope', addressSpace: { addressPrefixes: ['172.16.0.0/16'] } },
    resumeFrom(contextOf(run)),
    () => true,
  );
  await tools.azure.peerings.ensure(farId, createPeeringBody(elsewhere), resumeFrom(contextOf(run)), () => true);
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

test('a peering lets the two VNets talk and forwards nothing', () => {
  assert.deepEqual(createPeeringBody('/vnet'), {
    remoteVirtualNetwork: { id: '/vnet' },
    allowVirtualNetworkAccess: true,
    allowForwardedTraffic: false,
    allowGatewayTransit: false,
    useRemoteGateways: false,
  });
});
