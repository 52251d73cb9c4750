import assert from 'node:assert/strict';
import test from 'node:test';
import { cluster } from '../../../lab/scope.ts';
import {
  clusterVnetId,
  createNetworkParts,
  group,
  idOf,
  nodeGroup,
  peer,
  poll,
  publicKey,
  refusal,
  startBench,
  vmBody,
} from './helper.ts';

test('a probe VM can be made, peered and removed with the genuine SDK, and the inventory is afterwards what it was before', async (t) => {
  const bench = await startBench(t);
  const { lab, network, compute, effects } = bench;
  const before = lab.inventory();

  await createNetworkParts(bench);
  await compute.virtualMachines.createOrUpdate(group, 'vm', vmBody(), poll);
  await peer(bench);

  const vm = await compute.virtualMachines.get(group, 'vm', { expand: 'instanceView' });
  assert.equal(vm.provisioningState, 'Succeeded');
  assert.equal(vm.storageProfile?.osDisk?.managedDisk?.id, idOf('Microsoft.Compute/disks', 'osdisk'));
  assert.equal(vm.storageProfile?.imageReference?.exactVersion, '24.04.202611010');
  assert.equal(vm.osProfile?.customData, undefined, 'customData is never shown');
  assert.deepEqual(
    vm.osProfile?.linuxConfiguration?.ssh?.publicKeys?.map((key) => key.keyData),
    [publicKey],
  );
  assert.ok(vm.instanceView?.statuses?.some((status) => status.code === 'PowerState/running'));
  const nic = await network.networkInterfaces.get(group, 'nic');
  assert.equal(nic.ipConfigurations?.[0]?.privateIPAddress, '192.168.1.4');
  assert.equal(nic.virtualMachine?.id, vm.id);
  assert.equal((await network.publicIPAddresses.get(group, 'ip')).ipAddress, '203.0.113.10');
  assert.equal((await compute.disks.get(group, 'osdisk')).managedBy, vm.id);
  assert.notDeepEqual(lab.inventory(), before);

  await network.virtualNetworkPeerings.delete(nodeGroup, cluster.vnetName, 'hepflow-r1', poll);
  await network.virtualNetworkPeerings.delete(group, 'vnet', 'hepflow-r1', poll);
  await compute.virtualMachines.delete(group, 'vm', poll);
  assert.equal(
    (await refusal(compute.disks.get(group, 'osdisk'))).status,
    404,
    'deleteOption Delete took the disk along',
  );
  await network.networkInterfaces.delete(group, 'nic', poll);
  await Promise.all([
    network.publicIPAddresses.delete(group, 'ip', poll),
    network.networkSecurityGroups.delete(group, 'nsg', poll),
  ]);
  await network.virtualNetworks.delete(group, 'vnet', poll);
  assert.deepEqual(lab.inventory(), before);
  assert.deepEqual(effects.destroyed, [idOf('Microsoft.Compute/virtualMachines', 'vm').toLowerCase()]);
  assert.deepEqual(effects.states.at(-1), effects.states[0], 'the network is as at the start');
});

test('the machine boots once, after the network has been told of it, with what cloud-init needs; success is reported only then', async (t) => {
  const bench = await startBench(t);
  const { effects, compute } = bench;
  await createNetworkParts(bench);
  let booted = false;
  const { boot } = effects;
  effects.boot = async (vm) => {
    assert.ok(
      effects.states.at(-1)?.interfaces.some((nic) => nic.vmId === vm.id),
      'the interface is in the network state already',
    );
    await new Promise((resolve) => setTimeout(resolve, 150));
    booted = true;
    await boot(vm);
  };
  await compute.virtualMachines.createOrUpdate(
    group,
    'vm',
    vmBody({ customData: '#cloud-config\nhostname: probe\n' }),
    poll,
  );
  assert.equal(booted, true);
  assert.deepEqual(effects.boots, [
    {
      id: idOf('Microsoft.Compute/virtualMachines', 'vm').toLowerCase(),
      computerName: 'probe',
      privateAddress: '192.168.1.4',
      subnetPrefix: '192.168.1.0/24',
      vnetId: idOf('Microsoft.Network/virtualNetworks', 'vnet').toLowerCase(),
      adminUser: 'azureuser',
      authorizedKeys: [publicKey],
      cloudConfig: '#cloud-config\nhostname: probe\n',
    },
  ]);
  assert.deepEqual(effects.states.at(-1)?.interfaces, [
    {
      id: idOf('Microsoft.Network/networkInterfaces', 'nic').toLowerCase(),
      vmId: idOf('Microsoft.Compute/virtualMachines', 'vm').toLowerCase(),
      vnetId: idOf('Microsoft.Network/virtualNetworks', 'vnet').toLowerCase(),
      subnetPrefix: '192.168.1.0/24',
      privateAddress: '192.168.1.4',
      publicAddress: '203.0.113.10',
      rules: [
        {
          name: 'AllowRuleSSH',
          priority: 1000,
          direction: 'Inbound',
          access: 'Allow',
          protocol: 'Tcp',
          sources: ['*'],
          destinations: ['*'],
          destinationPorts: ['22'],
        },
      ],
    },
  ]);

  await compute.virtualMachines.createOrUpdate(
    group,
    'vm',
    vmBody({ customData: '#cloud-config\nhostname: probe\n' }),
    poll,
  );
  assert.equal(effects.boots.length, 1, 'the same PUT again changes nothing');
  const changed = await refusal(
    compute.virtualMachines
      .createOrUpdate(group, 'vm', vmBody({ customData: '#cloud-config\nhostname: other\n' }), poll)
      .submitted(),
  );
  assert.deepEqual([changed.status, changed.code], [409, 'PropertyChangeNotAllowed']);
});

test('nothing that is in use can be deleted, and each refusal has the code and status of the real one', async (t) => {
  const bench = await startBench(t);
  const { network, compute } = bench;
  await createNetworkParts(bench);
  await compute.virtualMachines.createOrUpdate(group, 'vm', vmBody({ deleteOption: 'Detach' }), poll);
  const attempts = [
    ['NicInUse', 400, () => network.networkInterfaces.delete(group, 'nic', poll).submitted()],
    ['PublicIPAddressCannotBeDeleted', 400, () => network.publicIPAddresses.delete(group, 'ip', poll).submitted()],
    [
      'InUseNetworkSecurityGroupCannotBeDeleted',
      400,
      () => network.networkSecurityGroups.delete(group, 'nsg', poll).submitted(),
    ],
    ['InUseSubnetCannotBeDeleted', 400, () => network.subnets.delete(group, 'vnet', 'probe', poll).submitted()],
    ['InUseSubnetCannotBeDeleted', 400, () => network.virtualNetworks.delete(group, 'vnet', poll).submitted()],
    ['OperationNotAllowed', 409, () => compute.disks.delete(group, 'osdisk', poll).submitted()],
  ] as const;
  for (const [code, status, attempt] of attempts) {
    const refused = await refusal(attempt());
    assert.deepEqual([refused.code, refused.status], [code, status]);
  }
  await compute.virtualMachines.delete(group, 'vm', poll);
  assert.equal(
    (await compute.disks.get(group, 'osdisk')).diskState,
    'Unattached',
    'deleteOption Detach leaves the disk',
  );
  await compute.disks.delete(group, 'osdisk', poll);
  assert.equal((await refusal(compute.disks.get(group, 'osdisk'))).status, 404);
});

test('deleting what is absent succeeds, and reading it is a 404 that names the reason', async (t) => {
  const { network, compute } = await startBench(t);
  await network.virtualNetworks.delete(group, 'absent', poll);
  await compute.virtualMachines.delete(group, 'absent', poll);
  const missing = await refusal(network.virtualNetworks.get(group, 'absent'));
  assert.deepEqual([missing.status, missing.code], [404, 'ResourceNotFound']);
  const nowhere = await refusal(network.virtualNetworks.get('no-such-group', 'vnet'));
  assert.deepEqual([nowhere.status, nowhere.code], [404, 'ResourceGroupNotFound']);
  const orphan = await refusal(
    network.virtualNetworkPeerings
      .createOrUpdate(group, 'absent', 'p', { remoteVirtualNetwork: { id: clusterVnetId } }, poll)
      .submitted(),
  );
  assert.deepEqual([orphan.status, orphan.code], [404, 'ParentResourceNotFound']);
});

test('an operation resumes in another client from its serialised state, without a second PUT', async (t) => {
  const bench = await startBench(t);
  const { lab, compute } = bench;
  await createNetworkParts(bench);
  const first = compute.virtualMachines.createOrUpdate(group, 'vm', vmBody(), poll);
  await first.submitted();
  const state = await first.serialize();
  assert.ok(state.length > 4096, 'Compute operation URLs are longer than 4 KB');
  const { restorePoller } = await import('@azure/arm-compute');
  const restored = restorePoller(compute, state, compute.virtualMachines.createOrUpdate, poll);
  const vm = await restored.pollUntilDone();
  assert.equal(vm.provisioningState, 'Succeeded');
  await first.pollUntilDone();
  assert.equal(
    lab.requests().filter(({ method, path }) => method === 'PUT' && path.endsWith('/virtualMachines/vm')).length,
    1,
  );
});

test('a machine that is deleted while it is being made never stays, and its creation ends as preempted', async (t) => {
  const bench = await startBench(t);
  const { effects, compute, network } = bench;
  await createNetworkParts(bench);
  const creation = compute.virtualMachines.createOrUpdate(group, 'vm', vmBody(), poll);
  await creation.submitted();
  await compute.virtualMachines.delete(group, 'vm', poll);
  await assert.rejects(creation.pollUntilDone());
  assert.equal((await refusal(compute.virtualMachines.get(group, 'vm'))).status, 404);
  assert.equal(effects.boots.length, 0);
  const reserved = await refusal(network.networkInterfaces.delete(group, 'nic', poll).submitted());
  assert.deepEqual([reserved.code, reserved.status], ['NicReservedForAnotherVm', 400]);
});

test('one write at a time: a second PUT meets AnotherOperationInProgress on a network and Conflict on a machine', async (t) => {
  const bench = await startBench(t);
  const { network, compute } = bench;
  await createNetworkParts(bench);
  const peering = network.virtualNetworkPeerings.createOrUpdate(
    group,
    'vnet',
    'p',
    { remoteVirtualNetwork: { id: clusterVnetId } },
    poll,
  );
  await peering.submitted();
  const onSame = await refusal(
    network.subnets.createOrUpdate(group, 'vnet', 'more', { addressPrefix: '192.168.2.0/24' }, poll).submitted(),
  );
  assert.deepEqual([onSame.code, onSame.status], ['AnotherOperationInProgress', 429]);
  const onRemote = await refusal(
    network.virtualNetworkPeerings
      .createOrUpdate(
        nodeGroup,
        cluster.vnetName,
        'p',
        { remoteVirtualNetwork: { id: idOf('Microsoft.Network/virtualNetworks', 'vnet') } },
        poll,
      )
      .submitted(),
  );
  assert.equal(onRemote.status, 429, 'the cluster VNet is locked by the first side');
  await peering;
  const vm = compute.virtualMachines.createOrUpdate(group, 'vm', vmBody(), poll);
  await vm.submitted();
  const again = await refusal(compute.virtualMachines.createOrUpdate(group, 'vm', vmBody(), poll).submitted());
  assert.deepEqual([again.code, again.status], ['Conflict', 409]);
  await vm;
});
