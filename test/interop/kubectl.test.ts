/** kubectl, a client that nobody here wrote, does the workshop's steps 3 to 8. The VM comes from a template deployment, sent by plain HTTPS. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { cluster } from '../../lab/scope.ts';
import { startWorld, type World } from '../e2e/world.ts';
import { type Caller, callerOf, deploy, ownerRole, remove, resourceId } from './arm.ts';
import { assertRestored, awaitSsh, type Entry, type Flavour, keyFolder, workshopByKubectl } from './kubectl-steps.ts';
import { names, peeringBetween, vmTemplate } from './vm-template.ts';

const flavours: readonly ['oss' | 'cloud', Flavour][] = [
  ['oss', { tier: 'default', flowLogs: '' }],
  ['cloud', { tier: 'security', flowLogs: 'true' }],
];

for (const [calico, flavour] of flavours) {
  test(`kubectl does the workshop's steps 3 to 8 (Calico ${calico}), and after its clean-up Azure and cluster are as before`, {
    timeout: 240_000,
  }, async (t) => {
    const { keyFile, folder } = await keyFolder(t);
    const world = await startWorld({ calico, roleFile: ownerRole(folder) });
    t.after(() => world.stop());
    const before = await world.state();
    const azure = await callerOf(world.lab);
    const entry = await deployVm(t, world, azure, keyFile);
    await workshopByKubectl(t, world, entry, flavour);
    await removeVm(azure);
    await assertRestored(world, before);
  });
}

const nodeGroup = cluster.nodeResourceGroup;
const [ours, theirs] = [
  resourceId('Microsoft.Network/virtualNetworks', names.network),
  resourceId('Microsoft.Network/virtualNetworks', cluster.vnetName, nodeGroup),
];

async function deployVm(t: TestContext, world: World, azure: Caller, keyFile: string): Promise<Entry> {
  await deploy(azure, cluster.resourceGroup, 'vm', vmTemplate(readFileSync(`${keyFile}.pub`, 'utf8').trim()));
  await deploy(azure, cluster.resourceGroup, 'there', [peeringBetween(names.network, theirs)]);
  await deploy(azure, nodeGroup, 'back', [peeringBetween(cluster.vnetName, ours)]);
  const [ip, nic] = await Promise.all([
    azure.call('GET', resourceId('Microsoft.Network/publicIPAddresses', names.publicIp)),
    azure.call('GET', resourceId('Microsoft.Network/networkInterfaces', names.interface)),
  ]);
  const { ipAddress: publicAddress } = (ip.body as { properties: { ipAddress: string } }).properties;
  const [configuration] = (
    nic.body as { properties: { ipConfigurations: { properties: { privateIPAddress: string } }[] } }
  ).properties.ipConfigurations;
  const entry = {
    publicAddress,
    privateAddress: configuration?.properties.privateIPAddress ?? '',
    user: 'azureuser',
    keyFile,
  };
  await t.test('the VM that a template deployment made, with its network, lets its user in', async () => {
    assert.equal(await awaitSsh(world, entry), names.vm);
  });
  return entry;
}

async function removeVm(azure: Caller): Promise<void> {
  for (const network of [ours, theirs]) await remove(azure, `${network}/virtualNetworkPeerings/probe`);
  await remove(azure, resourceId('Microsoft.Compute/virtualMachines', names.vm));
  await remove(azure, resourceId('Microsoft.Network/networkInterfaces', names.interface));
  await remove(azure, resourceId('Microsoft.Network/publicIPAddresses', names.publicIp));
  await remove(azure, resourceId('Microsoft.Network/networkSecurityGroups', names.securityGroup));
  await remove(azure, ours);
}
