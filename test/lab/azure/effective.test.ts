import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EffectiveRoute } from '@azure/arm-network';
import { cluster } from '../../../lab/scope.ts';
import { type Bench, call, startBench, tokenOf } from './helper.ts';

const group = cluster.resourceGroup;
const { location } = cluster;

/** A VM with a guarded interface, made by the genuine SDK. */
async function makeMachine({ network, compute }: Bench): Promise<string> {
  const { id: groupId = '' } = await network.networkSecurityGroups.createOrUpdate(group, 'nsg', {
    location,
    securityRules: [
      {
        ...{ name: 'ssh', priority: 1000, direction: 'Inbound', access: 'Allow', protocol: 'Tcp' },
        ...{
          sourceAddressPrefix: '*',
          sourcePortRange: '*',
          destinationAddressPrefix: '*',
          destinationPortRange: '22',
        },
      },
    ],
  });
  const { subnets = [] } = await network.virtualNetworks.createOrUpdate(group, 'vnet', {
    location,
    addressSpace: { addressPrefixes: ['192.168.0.0/16'] },
    subnets: [{ name: 'probe', addressPrefix: '192.168.1.0/24' }],
  });
  const { id = '' } = await network.networkInterfaces.createOrUpdate(group, 'nic', {
    location,
    networkSecurityGroup: { id: groupId },
    ipConfigurations: [{ name: 'main', subnet: { id: subnets[0]?.id ?? '' } }],
  });
  await compute.virtualMachines.createOrUpdate(group, 'vm', {
    location,
    hardwareProfile: { vmSize: 'Standard_B1s' },
    storageProfile: {
      imageReference: { publisher: 'Canonical', offer: 'ubuntu-24_04-lts', sku: 'server', version: 'latest' },
      osDisk: { createOption: 'FromImage', deleteOption: 'Delete' },
    },
    osProfile: {
      computerName: 'vm',
      adminUsername: 'azureuser',
      linuxConfiguration: {
        disablePasswordAuthentication: true,
        ssh: {
          publicKeys: [{ path: '/home/azureuser/.ssh/authorized_keys', keyData: `ssh-ed25519 ${'A'.repeat(68)} test` }],
        },
      },
    },
    networkProfile: { networkInterfaces: [{ id }] },
  });
  return id;
}

test('effective rules are answered as Azure does: 202 with both headers, then the groups with custom and default rules, ranges and expanded tags', async (t) => {
  const bench = await startBench(t);
  const id = await makeMachine(bench);
  const { lab, authority } = bench;
  const headers = { authorization: `Bearer ${await tokenOf(lab, authority)}` };
  const asked = await call(lab, authority, 'POST', `${id}/effectiveNetworkSecurityGroups?api-version=2025-01-01`, {
    headers,
  });
  assert.deepEqual([asked.status, asked.body], [202, undefined]);
  const pathOf = (header: string): string => String(asked.headers[header]).slice(lab.endpoint.length);
  assert.match(pathOf('azure-asyncoperation'), /\/providers\/Microsoft\.Network\/locations\/[^/]+\/operations\//);
  let answer = await call(lab, authority, 'GET', pathOf('location'), { headers });
  assert.equal(answer.status, 202, 'it takes a while');
  for (; answer.status === 202; answer = await call(lab, authority, 'GET', pathOf('location'), { headers }))
    await sleep(10);
  assert.equal(answer.status, 200);
  const { value } = answer.body as {
    value: { association: object; effectiveSecurityRules: { name: string; priority: number }[] }[];
  };
  assert.deepEqual(
    value.map(({ association }) => association),
    [{ networkInterface: { id } }],
  );
  const rules = value[0]?.effectiveSecurityRules ?? [];
  assert.deepEqual(
    rules.map(({ name, priority }) => [name, priority]),
    [
      ['securityRules/ssh', 1000],
      ['defaultSecurityRules/AllowVnetInBound', 65_000],
      ['defaultSecurityRules/AllowAzureLoadBalancerInBound', 65_001],
      ['defaultSecurityRules/DenyAllInBound', 65_500],
      ['defaultSecurityRules/AllowVnetOutBound', 65_000],
      ['defaultSecurityRules/AllowInternetOutBound', 65_001],
      ['defaultSecurityRules/DenyAllOutBound', 65_500],
    ],
  );
  assert.deepEqual(
    rules.find(({ name }) => name.endsWith('AllowVnetOutBound')),
    {
      name: 'defaultSecurityRules/AllowVnetOutBound',
      protocol: 'All',
      ...{
        sourcePortRange: '0-65535',
        sourcePortRanges: ['0-65535'],
        destinationPortRange: '0-65535',
        destinationPortRanges: ['0-65535'],
      },
      ...{ sourceAddressPrefix: 'VirtualNetwork', sourceAddressPrefixes: ['VirtualNetwork'] },
      ...{ destinationAddressPrefix: 'VirtualNetwork', destinationAddressPrefixes: ['VirtualNetwork'] },
      expandedSourceAddressPrefix: ['192.168.0.0/16', '168.63.129.16/32'],
      expandedDestinationAddressPrefix: ['192.168.0.0/16', '168.63.129.16/32'],
      ...{ access: 'Allow', priority: 65_000, direction: 'Outbound' },
    },
  );
});

test("without a peering the private ranges lead nowhere, but for the VNet's own", async (t) => {
  const bench = await startBench(t);
  await makeMachine(bench);
  const { value } = await bench.network.networkInterfaces.getEffectiveRouteTable(group, 'nic');
  assert.deepEqual(
    value.map(({ addressPrefix, nextHopType }: EffectiveRoute) => [addressPrefix?.[0], nextHopType]),
    [
      ['192.168.0.0/16', 'VnetLocal'],
      ['0.0.0.0/0', 'Internet'],
      ['10.0.0.0/8', 'None'],
      ['172.16.0.0/12', 'None'],
      ['100.64.0.0/10', 'None'],
    ],
  );
});
