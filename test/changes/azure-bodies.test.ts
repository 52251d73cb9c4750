import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  interfaceBody,
  networkBody,
  peeringBody,
  publicIpBody,
  securityGroupBody,
} from '../../src/changes/azure-bodies.ts';
import { missingActions, rights } from '../../src/changes/azure-rights.ts';
import { vmBody } from '../../src/changes/vm/body.ts';
import type { RunRef } from '../../src/contract/steps.ts';

const run: RunRef = {
  runId: '0badcafe',
  workflowId: 'hepflow-lab-0badcafe',
  startedAt: '2026-10-01T10:00:00.000Z',
  subscriptionId: 's',
  resourceGroup: 'g',
  location: 'westeurope',
  cluster: { subscriptionId: 's', resourceGroup: 'g', name: 'c' },
};
const vmInput = {
  interfaceId: '/nic',
  sizes: ['Standard_B2ts_v2'],
  image: { publisher: 'Canonical', offer: 'ubuntu-24_04-lts', sku: 'server', version: 'latest' },
  adminUser: 'azureuser',
};
const keys = { clientPublicKey: 'ssh-ed25519 AAAA client', cloudConfig: '#cloud-config\n{}\n' };

test('everything that can carry tags carries the run id (W6)', () => {
  const bodies = [
    networkBody(run, { addressSpace: '192.168.0.0/16', subnet: '192.168.1.0/24' }),
    publicIpBody(run),
    securityGroupBody(run, { allowedSshSources: ['*'] }),
    interfaceBody(run, { subnetId: '/s', publicIpId: '/p', securityGroupId: '/g' }),
    vmBody(run, vmInput, 'Standard_B2ts_v2', keys),
  ];
  for (const { tags, location } of bodies) {
    assert.equal(tags['hepflow-run'], '0badcafe');
    assert.equal(tags['expires-at'], '2026-10-02T10:00:00.000Z');
    assert.equal(location, 'westeurope');
  }
});

test('the subnet has no default outbound access', () => {
  const [subnet] = networkBody(run, { addressSpace: '192.168.0.0/16', subnet: '192.168.1.0/24' }).subnets;
  assert.deepEqual(subnet, { name: 'probe', addressPrefix: '192.168.1.0/24', defaultOutboundAccess: false });
});

test('the public address is a static Standard one', () => {
  const body = publicIpBody(run);
  assert.deepEqual(
    [body.sku.name, body.publicIPAllocationMethod, body.publicIPAddressVersion],
    ['Standard', 'Static', 'IPv4'],
  );
});

for (const [allowed, field] of [
  [['*'], { sourceAddressPrefix: '*' }],
  [['198.51.100.0/24', '*'], { sourceAddressPrefix: '*' }],
  [['198.51.100.0/24'], { sourceAddressPrefix: '198.51.100.0/24' }],
  [['198.51.100.0/24', '203.0.113.7/32'], { sourceAddressPrefixes: ['198.51.100.0/24', '203.0.113.7/32'] }],
] as const) {
  test(`AllowRuleSSH for ${allowed.join(' and ')} is tcp 22 with priority 1000 from ${JSON.stringify(field)}`, () => {
    const [rule] = securityGroupBody(run, { allowedSshSources: allowed }).securityRules;
    assert.deepEqual(rule, {
      name: 'AllowRuleSSH',
      priority: 1000,
      direction: 'Inbound',
      access: 'Allow',
      protocol: 'Tcp',
      ...field,
      sourcePortRange: '*',
      destinationAddressPrefix: '*',
      destinationPortRange: '22',
    });
  });
}

test('the VM is Trusted Launch, key-only, keeps its interface and takes its named disk with it', () => {
  const body = vmBody(run, vmInput, 'Standard_B2ats_v2', keys);
  assert.equal(body.hardwareProfile.vmSize, 'Standard_B2ats_v2');
  assert.deepEqual(body.securityProfile, {
    securityType: 'TrustedLaunch',
    uefiSettings: { secureBootEnabled: true, vTpmEnabled: true },
  });
  assert.equal(body.storageProfile.osDisk.name, 'hepflow-0badcafe-osdisk');
  assert.equal(body.storageProfile.osDisk.deleteOption, 'Delete');
  assert.deepEqual(body.networkProfile.networkInterfaces, [{ id: '/nic', primary: true, deleteOption: 'Detach' }]);
  assert.equal(body.osProfile.linuxConfiguration.disablePasswordAuthentication, true);
  assert.equal(Buffer.from(body.osProfile.customData, 'base64').toString(), keys.cloudConfig);
  assert.deepEqual(body.diagnosticsProfile, { bootDiagnostics: { enabled: true } });
});

test('a peering lets the two VNets talk and forwards nothing', () => {
  assert.deepEqual(peeringBody('/vnet'), {
    remoteVirtualNetwork: { id: '/vnet' },
    allowVirtualNetworkAccess: true,
    allowForwardedTraffic: false,
    allowGatewayTransit: false,
    useRemoteGateways: false,
  });
});

test('deploy/azure-role.json grants exactly the actions of the table, and no wildcard', () => {
  const role = JSON.parse(readFileSync(new URL('../../deploy/azure-role.json', import.meta.url), 'utf8')) as Record<
    string,
    string[]
  >;
  assert.deepEqual([...(role['Actions'] ?? [])].sort(), rights.map(({ action }) => action).sort());
  assert.deepEqual([role['NotActions'], role['DataActions'], role['NotDataActions']], [[], [], []]);
  assert.doesNotMatch((role['Actions'] ?? []).join(), /\*/);
});

const exact = rights.map(({ action }) => action);

test('a credential with the shipped role misses nothing anywhere', () => {
  for (const scope of ['group', 'cluster', 'clusterNetwork'] as const)
    assert.deepEqual(missingActions(scope, [{ actions: exact, notActions: [] }]), []);
});

test('a Contributor misses nothing, whatever it may not assign', () => {
  const contributor = {
    actions: ['*'],
    notActions: ['Microsoft.Authorization/*/Write', 'Microsoft.Authorization/*/Delete'],
  };
  assert.deepEqual(missingActions('group', [contributor]), []);
});

test('a Reader misses writes, deletes and joins, and only those', () => {
  const missing = missingActions('clusterNetwork', [{ actions: ['*/read'], notActions: [] }]);
  assert.deepEqual(missing, [
    'Microsoft.Network/virtualNetworks/peer/action',
    'Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write',
    'Microsoft.Network/virtualNetworks/virtualNetworkPeerings/delete',
  ]);
});

test("one assignment's notActions do not take from another one", () => {
  const withoutVms = { actions: ['*'], notActions: ['Microsoft.Compute/virtualMachines/*'] };
  const vms = { actions: ['microsoft.compute/virtualmachines/*'], notActions: [] };
  assert.deepEqual(missingActions('group', [withoutVms]).length, 3);
  assert.deepEqual(missingActions('group', [withoutVms, vms]), []);
});

test('without any assignment everything is missing', () => {
  assert.deepEqual(
    missingActions('cluster', []),
    rights.filter(({ at }) => at.includes('cluster')).map(({ action }) => action),
  );
});
