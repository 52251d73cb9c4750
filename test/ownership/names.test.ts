import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIds, createPeeringId, readLastName } from '../../src/ownership/names.ts';
import { sampleRun as run } from '../support/sample-run.ts';

const group = '/subscriptions/s/resourceGroups/g/providers';

test('every id of a run is known from its run id, before anything is created', () => {
  assert.deepEqual(createIds(run), {
    network: `${group}/Microsoft.Network/virtualNetworks/hepflow-0a1b2c3d-vnet`,
    subnet: `${group}/Microsoft.Network/virtualNetworks/hepflow-0a1b2c3d-vnet/subnets/probe`,
    publicIp: `${group}/Microsoft.Network/publicIPAddresses/hepflow-0a1b2c3d-ip`,
    securityGroup: `${group}/Microsoft.Network/networkSecurityGroups/hepflow-0a1b2c3d-nsg`,
    interface: `${group}/Microsoft.Network/networkInterfaces/hepflow-0a1b2c3d-nic`,
    vm: `${group}/Microsoft.Compute/virtualMachines/hepflow-0a1b2c3d-vm`,
    osDisk: `${group}/Microsoft.Compute/disks/hepflow-0a1b2c3d-osdisk`,
  });
});

test('a peering has the run in its name, on whichever VNet it is', () => {
  assert.equal(createPeeringId('/their/vnet', run.runId), '/their/vnet/virtualNetworkPeerings/hepflow-0a1b2c3d');
  assert.equal(readLastName(createPeeringId('/their/vnet', run.runId)), 'hepflow-0a1b2c3d');
  assert.equal(readLastName('name'), 'name');
});
