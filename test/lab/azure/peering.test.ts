import assert from 'node:assert/strict';
import test from 'node:test';
import { cluster } from '../../../lab/scope.ts';
import {
  type Bench,
  clusterVnetId,
  createVnet,
  group,
  idOf,
  nodeGroup,
  peer,
  peerFromCluster,
  peerFromVm,
  poll,
  refusal,
  startBench,
} from './helper.ts';

const vnetId = idOf('Microsoft.Network/virtualNetworks', 'vnet');

const sides = async ({ network }: Bench, name = 'hepflow-r1') => ({
  vm: await network.virtualNetworkPeerings.get(group, 'vnet', name),
  cluster: await network.virtualNetworkPeerings.get(nodeGroup, cluster.vnetName, name),
});

const connections = ({ effects }: Bench): Record<string, readonly string[]> =>
  Object.fromEntries((effects.states.at(-1)?.vnets ?? []).map((vnet) => [vnet.id, vnet.connectedTo]));

test('the first side is Initiated, the second makes both Connected, and packets are let through only then', async (t) => {
  const bench = await startBench(t);
  const { network } = bench;
  await createVnet(network);
  await peerFromVm(network);
  const first = await network.virtualNetworkPeerings.get(group, 'vnet', 'hepflow-r1');
  assert.deepEqual(
    [first.provisioningState, first.peeringState, first.peeringSyncLevel],
    ['Succeeded', 'Initiated', 'RemoteNotInSync'],
  );
  assert.deepEqual(connections(bench), { [clusterVnetId.toLowerCase()]: [], [vnetId.toLowerCase()]: [] });

  const second = network.virtualNetworkPeerings.createOrUpdate(
    nodeGroup,
    cluster.vnetName,
    'hepflow-r1',
    { remoteVirtualNetwork: { id: vnetId } },
    poll,
  );
  await second.submitted();
  const early = await sides(bench);
  assert.deepEqual(
    [early.cluster.provisioningState, early.cluster.peeringState],
    ['Updating', 'Connected'],
    'the second side says Connected while it is still Updating',
  );
  assert.equal(early.vm.peeringState, 'Initiated');
  assert.deepEqual(connections(bench)[vnetId.toLowerCase()], []);
  await second;

  const { vm, cluster: back } = await sides(bench);
  assert.deepEqual([vm.peeringState, vm.peeringSyncLevel], ['Connected', 'FullyInSync']);
  assert.deepEqual([back.provisioningState, back.peeringState], ['Succeeded', 'Connected']);
  assert.equal(vm.resourceGuid, back.resourceGuid);
  assert.notEqual(vm.etag, first.etag);
  assert.deepEqual(connections(bench), {
    [clusterVnetId.toLowerCase()]: [vnetId.toLowerCase()],
    [vnetId.toLowerCase()]: [clusterVnetId.toLowerCase()],
  });
});

test('when one side goes the other is Disconnected, and no new partner is accepted until it is gone as well', async (t) => {
  const bench = await startBench(t);
  const { network } = bench;
  await createVnet(network);
  await peer(bench);
  await network.virtualNetworkPeerings.delete(nodeGroup, cluster.vnetName, 'hepflow-r1', poll);
  const survivor = await network.virtualNetworkPeerings.get(group, 'vnet', 'hepflow-r1');
  assert.deepEqual([survivor.provisioningState, survivor.peeringState], ['Succeeded', 'Disconnected']);
  assert.deepEqual(connections(bench)[vnetId.toLowerCase()], [], 'packets stop');

  const again = await refusal(
    network.virtualNetworkPeerings
      .createOrUpdate(nodeGroup, cluster.vnetName, 'hepflow-r1', { remoteVirtualNetwork: { id: vnetId } }, poll)
      .submitted(),
  );
  assert.deepEqual([again.code, again.status], ['RemotePeeringIsDisconnected', 400]);
  await network.virtualNetworkPeerings.delete(group, 'vnet', 'hepflow-r1', poll);
  await peer(bench);
  assert.equal((await sides(bench)).vm.peeringState, 'Connected');
});

test('writing the surviving side again makes it Initiated, ready for a new partner', async (t) => {
  const bench = await startBench(t);
  await createVnet(bench.network);
  await peer(bench);
  await bench.network.virtualNetworkPeerings.delete(nodeGroup, cluster.vnetName, 'hepflow-r1', poll);
  await peerFromVm(bench.network);
  assert.equal((await bench.network.virtualNetworkPeerings.get(group, 'vnet', 'hepflow-r1')).peeringState, 'Initiated');
  await peerFromCluster(bench.network);
  assert.equal((await sides(bench)).vm.peeringState, 'Connected');
});

test('a VNet can be deleted with its peering; the cluster is left with a Disconnected side, also for a new VNet of that name', async (t) => {
  const bench = await startBench(t);
  const { network } = bench;
  await createVnet(network);
  await peer(bench);
  await network.virtualNetworks.delete(group, 'vnet', poll);
  assert.equal(
    (await network.virtualNetworkPeerings.get(nodeGroup, cluster.vnetName, 'hepflow-r1')).peeringState,
    'Disconnected',
  );
  await createVnet(network);
  const again = await refusal(peerFromVm(network));
  assert.equal(again.code, 'RemotePeeringIsDisconnected');
});

test('overlapping address spaces, a second peering to the same VNet and an absent remote are refused', async (t) => {
  const bench = await startBench(t);
  const { network } = bench;
  await Promise.all([
    createVnet(network),
    createVnet(network, 'twin', '192.168.0.0/16', '192.168.7.0/24'),
    createVnet(network, 'inside', '10.240.128.0/17', '10.240.128.0/24'),
  ]);
  await peer(bench);
  const cases = [
    ['VnetAddressSpacesOverlap', 400, () => peerFromVm(network, 'p', 'inside')],
    ['VnetAddressSpaceOverlapsWithAlreadyPeeredVnet', 400, () => peerFromVm(network, 'p', 'twin')],
    ['AnotherPeeringAlreadyReferencesRemoteVnet', 400, () => peerFromVm(network, 'other-name')],
    [
      'ResourceNotFound',
      404,
      () =>
        network.virtualNetworkPeerings.createOrUpdate(
          group,
          'twin',
          'p',
          { remoteVirtualNetwork: { id: idOf('Microsoft.Network/virtualNetworks', 'absent') } },
          poll,
        ),
    ],
  ] as const;
  for (const [code, status, attempt] of cases) {
    const refused = await refusal(attempt());
    assert.deepEqual([refused.code, refused.status], [code, status]);
  }
});

test('a peering whose remote VNet is being written is refused as not provisioned', async (t) => {
  const { network } = await startBench(t);
  await createVnet(network);
  const remote = network.virtualNetworks.createOrUpdate(
    group,
    'other',
    { location: cluster.location, addressSpace: { addressPrefixes: ['172.16.0.0/16'] } },
    poll,
  );
  await remote.submitted();
  const refused = await refusal(
    network.virtualNetworkPeerings
      .createOrUpdate(
        group,
        'vnet',
        'p',
        { remoteVirtualNetwork: { id: idOf('Microsoft.Network/virtualNetworks', 'other') } },
        poll,
      )
      .submitted(),
  );
  assert.deepEqual([refused.code, refused.status], ['ReferencedResourceNotProvisioned', 400]);
  await remote;
});
