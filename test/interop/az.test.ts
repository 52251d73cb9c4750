/** Azure CLI, a client that nobody here wrote, does the workshop's steps 1 and 2 and its clean-up; kubectl does what is between. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { addresses, cluster } from '../../lab/scope.ts';
import { startWorld, type World } from '../e2e/world.ts';
import { ownerRole, resourceId } from './arm.ts';
import { type Az, azOf, findAz } from './az.ts';
import { assertRestored, awaitSsh, type Entry, keyFolder, workshopByKubectl } from './kubectl-steps.ts';

const found = await findAz();
const group = ['-g', cluster.resourceGroup];
const nodeGroup = ['-g', cluster.nodeResourceGroup];
const [here, back] = [
  [...group, '--vnet-name', 'ws-vnet', '-n', 'ws-peering'],
  [...nodeGroup, '--vnet-name', cluster.vnetName, '-n', 'ws-peering'],
] as const;
/** At this pace Azure says Retry-After: 1; told nothing, az waits 30 s for each operation. */
process.env['HEPFLOW_LAB_PACE_SCALE'] = '0.1';

test('az and kubectl do the whole workshop by hand, and after the clean-up Azure and cluster are as before', {
  timeout: 400_000,
  skip: 'missing' in found ? found.missing : false,
}, async (t) => {
  if ('missing' in found) return;
  const { keyFile, folder } = await keyFolder(t);
  const world = await startWorld({ calico: 'cloud', pace: 'azure', roleFile: ownerRole(folder) });
  t.after(() => world.stop());
  const before = await world.state();
  const az = azOf(found.az, world.lab, join(folder, 'azure'));
  await logIn(t, world, az);
  const entry = await makeVm(t, world, az, keyFile);
  await peer(t, az);
  await workshopByKubectl(t, world, entry, { tier: 'security', flowLogs: 'true' });
  await cleanUp(t, az);
  await wholeTemplate(t, az, keyFile);
  await assertRestored(world, before);
});

async function logIn(t: TestContext, { lab }: World, az: Az): Promise<void> {
  const { clientId, clientSecret, tenantId, subscriptionId } = lab.azure.credentials;
  await t.test('az registers the lab as a cloud and logs in as a service principal', async () => {
    await az('cloud', 'register', '-n', 'hepflow', '--endpoint-resource-manager', lab.azure.endpoint);
    await az('cloud', 'set', '-n', 'hepflow');
    const accounts = (await az(
      'login',
      '--service-principal',
      '-u',
      clientId,
      '-p',
      clientSecret,
      '--tenant',
      tenantId,
    )) as { id: string }[];
    assert.deepEqual(
      accounts.map(({ id }) => id),
      [subscriptionId],
    );
    assert.equal(await az('group', 'exists', '-n', cluster.resourceGroup), true);
    assert.equal(await az('group', 'exists', '-n', 'absent'), false);
  });
}

async function makeVm(t: TestContext, world: World, az: Az, keyFile: string): Promise<Entry> {
  let made: Record<string, string> = {};
  await t.test('step 1: az makes VNet, public IP, security group with its rule, and interface', async () => {
    await az(
      'network',
      'vnet',
      'create',
      ...group,
      '-n',
      'ws-vnet',
      '--address-prefix',
      '192.168.0.0/16',
      '--subnet-name',
      'ws-subnet',
      '--subnet-prefix',
      '192.168.1.0/24',
    );
    await az(
      'network',
      'public-ip',
      'create',
      ...group,
      '-n',
      'ws-ip',
      '--sku',
      'Standard',
      '--allocation-method',
      'Static',
    );
    await az('network', 'nsg', 'create', ...group, '-n', 'ws-nsg');
    const rule = ['--priority', '1000', '--protocol', 'Tcp', '--destination-port-ranges', '22', '--access', 'Allow'];
    await az('network', 'nsg', 'rule', 'create', ...group, '--nsg-name', 'ws-nsg', '-n', 'AllowRuleSSH', ...rule);
    const parts = [
      '--vnet-name',
      'ws-vnet',
      '--subnet',
      'ws-subnet',
      '--public-ip-address',
      'ws-ip',
      '--network-security-group',
      'ws-nsg',
    ];
    await az('network', 'nic', 'create', ...group, '-n', 'ws-nic', ...parts);
  });
  await t.test('step 1: az vm create deploys its template, and the VM lets its user in', async () => {
    const image = ['--image', 'Canonical:ubuntu-24_04-lts:server:latest', '--size', 'Standard_B2ts_v2'];
    const user = ['--admin-username', 'azureuser', '--ssh-key-values', `${keyFile}.pub`];
    made = (await az('vm', 'create', ...group, '-n', 'ws-vm', '--nics', 'ws-nic', ...image, ...user)) as Record<
      string,
      string
    >;
    assert.deepEqual([made['powerState'], made['privateIpAddress']], ['VM running', '192.168.1.4']);
    assert.ok(
      world.lab.azure
        .requests()
        .some(({ method, path }) => method === 'PUT' && /\/Microsoft.Resources\/deployments\/vm_deploy_/.test(path)),
    );
    assert.equal(await awaitSsh(world, entryOf(made, keyFile)), 'ws-vm');
  });
  return entryOf(made, keyFile);
}

const entryOf = (made: Record<string, string>, keyFile: string): Entry => ({
  publicAddress: made['publicIpAddress'] ?? '',
  privateAddress: made['privateIpAddress'] ?? '',
  user: 'azureuser',
  keyFile,
});

async function peer(t: TestContext, az: Az): Promise<void> {
  await t.test('step 2: az finds the AKS VNet and peers both ways until Connected', async () => {
    assert.equal(
      await az('aks', 'show', ...group, '-n', cluster.name, '--query', 'nodeResourceGroup'),
      cluster.nodeResourceGroup,
    );
    const vnets = (await az('network', 'vnet', 'list', ...nodeGroup)) as { id: string }[];
    assert.equal(vnets.length, 1);
    const side = (...remote: string[]): Promise<unknown> =>
      az('network', 'vnet', 'peering', 'create', ...remote, '--allow-vnet-access', '--query', 'peeringState');
    assert.equal(await side(...here, '--remote-vnet', vnets[0]?.id ?? ''), 'Initiated');
    assert.equal(
      await side(...back, '--remote-vnet', resourceId('Microsoft.Network/virtualNetworks', 'ws-vnet')),
      'Connected',
    );
    const states = ['--query', '[peeringState, provisioningState, peeringSyncLevel]'];
    assert.deepEqual(await az('network', 'vnet', 'peering', 'show', ...here, ...states), [
      'Connected',
      'Succeeded',
      'FullyInSync',
    ]);
    const listed = await az(
      'network',
      'vnet',
      'peering',
      'list',
      ...nodeGroup,
      '--vnet-name',
      cluster.vnetName,
      '--query',
      '[].[name, peeringState]',
    );
    assert.deepEqual(listed, [['ws-peering', 'Connected']]);
  });
  await t.test('az sees the effective routes and security rules that lead from the VM to the nodes', async () => {
    const routes = await az(
      'network',
      'nic',
      'show-effective-route-table',
      ...group,
      '-n',
      'ws-nic',
      '--query',
      'value[?nextHopType==`VNetPeering`].addressPrefix[]',
    );
    assert.deepEqual(routes, [addresses.clusterVnet]);
    const rule =
      'value[].effectiveSecurityRules[] | [?ends_with(name, `AllowVnetOutBound`)] | [0].[access, direction, expandedDestinationAddressPrefix]';
    const [access, direction, destinations] = (await az(
      'network',
      'nic',
      'list-effective-nsg',
      ...group,
      '-n',
      'ws-nic',
      '--query',
      rule,
    )) as [string, string, string[]];
    assert.deepEqual([access, direction], ['Allow', 'Outbound']);
    assert.ok(destinations.includes(addresses.clusterVnet), destinations.join());
  });
}

async function cleanUp(t: TestContext, az: Az): Promise<void> {
  const types = async (): Promise<string[]> =>
    ((await az('resource', 'list', ...group, '--query', '[].type')) as string[])
      .map((type) => type.split('/')[1] ?? '')
      .sort();
  let disk = '';
  await t.test(
    'clean-up: a VNet in use is refused with its code; without the peering here, the other side is Disconnected',
    async () => {
      assert.deepEqual(await types(), [
        'disks',
        'managedClusters',
        'networkInterfaces',
        'networkSecurityGroups',
        'publicIPAddresses',
        'virtualMachines',
        'virtualNetworks',
      ]);
      assert.match(
        await az.refused('network', 'vnet', 'delete', ...group, '-n', 'ws-vnet'),
        /InUseSubnetCannotBeDeleted/,
      );
      await az('network', 'vnet', 'peering', 'delete', ...here);
      assert.equal(await az('network', 'vnet', 'peering', 'show', ...back, '--query', 'peeringState'), 'Disconnected');
      await az('network', 'vnet', 'peering', 'delete', ...back);
    },
  );
  await t.test('clean-up: az deletes VM, disk, interface, public IP, security group and VNet', async () => {
    disk = (await az('vm', 'show', ...group, '-n', 'ws-vm', '--query', 'storageProfile.osDisk.name')) as string;
    await az('vm', 'delete', ...group, '-n', 'ws-vm', '--yes');
    await az('disk', 'delete', ...group, '-n', disk, '--yes');
    await az('network', 'nic', 'delete', ...group, '-n', 'ws-nic');
    await az('network', 'public-ip', 'delete', ...group, '-n', 'ws-ip');
    await az('network', 'nsg', 'delete', ...group, '-n', 'ws-nsg');
    await az('network', 'vnet', 'delete', ...group, '-n', 'ws-vnet');
    assert.deepEqual(await types(), ['managedClusters']);
    assert.match(await az.refused('network', 'vnet', 'show', ...group, '-n', 'ws-vnet'), /ResourceNotFound/);
  });
}

async function wholeTemplate(t: TestContext, az: Az, keyFile: string): Promise<void> {
  const own = ['-g', 'ws-own'];
  await t.test(
    'az vm create in a group of its own deploys network and VM by dependsOn; az group delete leaves nothing',
    async () => {
      await az('group', 'create', '-n', 'ws-own', '-l', cluster.location);
      const image = [
        '--image',
        'Canonical:ubuntu-24_04-lts:server:latest',
        '--size',
        'Standard_B2ts_v2',
        '--public-ip-sku',
        'Standard',
        '--nsg-rule',
        'SSH',
      ];
      const user = [
        '--admin-username',
        'azureuser',
        '--ssh-key-values',
        `${keyFile}.pub`,
        '--authentication-type',
        'all',
        '--admin-password',
        'not-A-real-1-secret',
      ];
      const made = (await az('vm', 'create', ...own, '-n', 'whole', ...image, ...user)) as Record<string, string>;
      assert.equal(made['powerState'], 'VM running');
      assert.deepEqual(await az('deployment', 'group', 'list', ...own, '--query', '[].properties.provisioningState'), [
        'Succeeded',
      ]);
      await az('group', 'delete', '-n', 'ws-own', '--yes');
      assert.equal(await az('group', 'exists', '-n', 'ws-own'), false);
    },
  );
}
