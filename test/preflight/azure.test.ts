import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Azure,
  AzureError,
  type ClusterState,
  type Permission,
  type VnetState,
} from '../../src/adapters/azure/index.ts';
import type { Mission } from '../../src/contract/mission.ts';
import { overlaps } from '../../src/preflight/azure/cidr.ts';
import { inspectAzure } from '../../src/preflight/azure/index.ts';
import { azureRights } from '../../src/preflight/rights.ts';
import { clusterVnetId, startAzureUnderTest, subscriptionId } from '../support/azure.ts';

/** The part of a mission that Azure's preflight reads. */
const missionOf = (
  more: { resourceGroup?: string; cluster?: string; vmGroup?: string; addressSpace?: string } = {},
): Mission =>
  ({
    subscriptionId,
    resourceGroup: more.resourceGroup ?? 'hepflow-lab',
    cluster: more.cluster ?? 'lab',
    vm: { resourceGroup: more.vmGroup ?? 'hepflow-lab', addressSpace: more.addressSpace ?? '192.168.0.0/16' },
  }) as Mission;

test('the lab cluster passes with the rights of the shipped role, and nothing is changed (W1)', async () => {
  await using azure = await startAzureUnderTest();
  const { problems, site, warnings } = await inspectAzure(missionOf(), { azure: azure.adapter() });
  assert.deepEqual([problems, warnings], [[], []]);
  const group = `/subscriptions/${subscriptionId}/resourceGroups/hepflow-lab`;
  assert.deepEqual(site, {
    location: 'westeurope',
    clusterResourceId: `${group.replace('resourceGroups', 'resourcegroups')}/providers/Microsoft.ContainerService/managedClusters/lab`,
    nodeResourceGroup: 'MC_hepflow-lab_lab_westeurope',
    kubernetesVersion: '1.35.4',
    clusterVnetId,
    clusterAddressSpaces: ['10.240.0.0/16'],
  });
  assert.deepEqual(
    new Set(
      azure.lab
        .requests()
        .filter(({ path }) => path.startsWith('/subscriptions'))
        .map(({ method }) => method),
    ),
    new Set(['GET']),
  );
});

test('missing groups, each with its field, are listed at once', async () => {
  await using azure = await startAzureUnderTest();
  const { problems, site } = await inspectAzure(missionOf({ resourceGroup: 'nowhere', vmGroup: 'nor-there' }), {
    azure: azure.adapter(),
  });
  assert.deepEqual(
    problems.map(({ code, field }) => [code, field]),
    [
      ['ResourceGroupNotFound', 'resourceGroup'],
      ['ResourceGroupNotFound', 'vm.resourceGroup'],
    ],
  );
  assert.equal(site, undefined);
});

test('a missing cluster is ClusterNotFound', async () => {
  await using azure = await startAzureUnderTest();
  const { problems } = await inspectAzure(missionOf({ cluster: 'other' }), { azure: azure.adapter() });
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['ClusterNotFound'],
  );
});

test('a subscription that this credential does not know is told once, as that', async () => {
  await using azure = await startAzureUnderTest();
  const unknown = { ...missionOf({ vmGroup: 'other' }), subscriptionId: '99999999-0000-4000-8000-000000000000' };
  const { problems } = await inspectAzure(unknown, { azure: azure.adapter() });
  assert.deepEqual(
    problems.map(({ code, field }) => [code, field]),
    [['SubscriptionNotFound', 'subscriptionId']],
  );
  assert.match(problems[0]?.remedy ?? '', /az account list/);
});

test("an address space within the cluster's is VnetOverlap, with both values", async () => {
  await using azure = await startAzureUnderTest();
  const { problems } = await inspectAzure(missionOf({ addressSpace: '10.240.7.0/24' }), { azure: azure.adapter() });
  assert.deepEqual(
    problems.map(({ code, field }) => [code, field]),
    [['VnetOverlap', 'vm.addressSpace']],
  );
  assert.match(problems[0]?.message ?? '', /10\.240\.7\.0\/24 overlaps 10\.240\.0\.0\/16/);
});

test('kubeconfig of the cluster user is read as text', async () => {
  await using azure = await startAzureUnderTest();
  assert.match(
    await azure.adapter().clusters.userKubeconfig({ subscriptionId, resourceGroup: 'hepflow-lab', name: 'lab' }),
    /^apiVersion: v1/,
  );
});

const cluster: ClusterState = {
  id: '/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerService/managedClusters/c',
  location: 'westeurope',
  kubernetesVersion: '1.35.4',
  nodeResourceGroup: 'MC_g_c',
  restrictionLevel: 'Unrestricted',
  subnetIds: [],
  podCidrs: [],
  serviceCidrs: [],
  powerState: 'Running',
  networkPolicy: 'calico',
  networkDataplane: 'azure',
  privateApiServer: false,
  provisioningState: 'Succeeded',
  authorizedRanges: [],
  usesEntra: false,
  usesAzureRbac: false,
};
const vnetIn = (group: string, name: string, more: Partial<VnetState> = {}): VnetState => ({
  id: `/subscriptions/s/resourceGroups/${group}/providers/Microsoft.Network/virtualNetworks/${name}`,
  tags: {},
  provisioningState: 'Succeeded',
  addressSpaces: ['10.224.0.0/12'],
  subnetIds: [],
  peerings: [],
  ...more,
});

interface Told {
  readonly cluster?: Partial<ClusterState>;
  readonly vnets?: readonly VnetState[];
  readonly permissions?: (scopeId: string) => readonly Permission[];
  readonly groupExists?: () => Promise<boolean>;
}

/** An Azure that tells what the lab's cannot. */
const telling = ({
  cluster: more = {},
  vnets = [vnetIn('MC_g_c', 'aks-vnet')],
  permissions = () => [{ actions: ['*'], notActions: [] }],
  groupExists = async () => true,
}: Told): Pick<{ azure: Azure }, 'azure'> => ({
  azure: {
    groupExists,
    permissions: async (scopeId: string) => permissions(scopeId),
    locks: async () => [],
    clusters: { get: async () => ({ ...cluster, ...more }), userKubeconfig: async () => '' },
    networks: {
      get: async (id: string) => vnets.find((each) => each.id === id),
      list: async ({ resourceGroup }: { resourceGroup: string }) =>
        vnets.filter(({ id }) => id.includes(`/${resourceGroup}/`)),
    },
  } as unknown as Azure,
});

const codes = async (told: Told, mission = missionOf()) =>
  (await inspectAzure(mission, telling(told))).problems.map(({ code }) => code);

describe('which VNet the nodes are in', () => {
  const own = vnetIn('net', 'byo', { addressSpaces: ['10.1.0.0/16'] });
  const managed = vnetIn('MC_g_c', 'aks-vnet');
  const rows: readonly [string, Told, string | undefined, readonly string[]][] = [
    ['the one VNet of the node resource group', { vnets: [managed] }, managed.id, []],
    [
      'the VNet of the subnet that an agent pool names, wherever it is',
      { cluster: { subnetIds: [`${own.id}/subnets/nodes`] }, vnets: [own, managed] },
      own.id,
      [],
    ],
    [
      'unknown, when a named subnet is in no VNet that exists',
      { cluster: { subnetIds: [`${own.id}/subnets/nodes`] }, vnets: [managed] },
      undefined,
      ['ClusterVnetUnknown'],
    ],
    [
      'unknown, when the node resource group holds two',
      { vnets: [managed, vnetIn('MC_g_c', 'second')] },
      undefined,
      ['ClusterVnetUnknown'],
    ],
    ['unknown, when it holds none', { vnets: [] }, undefined, ['ClusterVnetUnknown']],
  ];
  for (const [name, told, id, problems] of rows) {
    test(name, async () => {
      const seen = await inspectAzure(missionOf(), telling(told));
      assert.equal(seen.site?.clusterVnetId, id);
      assert.deepEqual(
        seen.problems.map(({ code }) => code),
        problems,
      );
    });
  }
});

test('a cluster that AKS changes now is a warning, and who reaches its API server is told', async () => {
  const warningsOf = async (more: Partial<ClusterState>) =>
    (await inspectAzure(missionOf(), telling({ cluster: more }))).warnings;
  assert.match((await warningsOf({ provisioningState: 'Upgrading' })).join(), /AKS is Upgrading the cluster c: nodes/);
  assert.match((await warningsOf({ provisioningState: 'Failed' })).join(), /last operation .* ended as Failed/);
  const access = { authorizedRanges: ['203.0.113.0/24'], usesEntra: true, usesAzureRbac: true };
  const { warnings, findings } = await inspectAzure(missionOf(), telling({ cluster: access }));
  assert.deepEqual(warnings, []);
  const told = findings.filter(({ topic, level }) => topic === 'apiAccess' && level === 'info');
  assert.match(told[0]?.reason ?? '', /only from 203\.0\.113\.0\/24/);
  assert.match(told[1]?.reason ?? '', /Microsoft Entra ID .* role assignments in Azure say/);
});

test('lockdown is a problem for a VNet in the node resource group, not for one of our own', async () => {
  const own = vnetIn('net', 'byo');
  assert.deepEqual(await codes({ cluster: { restrictionLevel: 'ReadOnly' } }), ['NodeGroupLocked']);
  assert.deepEqual(
    await codes({ cluster: { restrictionLevel: 'ReadOnly', subnetIds: [`${own.id}/subnets/n`] }, vnets: [own] }),
    [],
  );
});

test("a VNet that is peered with the cluster's may not overlap either", async () => {
  const peering = {
    id: 'p',
    tags: {},
    provisioningState: 'Succeeded',
    remoteVnetId: '/hub',
    peeringState: 'Connected',
    syncLevel: 'FullyInSync',
    remoteAddressSpaces: ['192.168.0.0/20'],
  };
  const { problems } = await inspectAzure(
    missionOf(),
    telling({ vnets: [vnetIn('MC_g_c', 'aks-vnet', { peerings: [peering] })] }),
  );
  assert.deepEqual(
    problems.map(({ code }) => code),
    ['VnetOverlap'],
  );
  assert.match(problems[0]?.message ?? '', /\/hub/);
});

test('an overlap with a pod or service range is a warning', async () => {
  const { problems, warnings } = await inspectAzure(
    missionOf(),
    telling({ cluster: { podCidrs: ['192.168.0.0/16'] } }),
  );
  assert.deepEqual([problems.length, warnings.length], [0, 1]);
});

test('every right that is missing is named, at the scope where it is missing', async () => {
  const lacking = [
    'Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write',
    'Microsoft.Compute/virtualMachines/delete',
  ];
  const actions = azureRights.map(({ action }) => action).filter((action) => !lacking.includes(action));
  const { problems } = await inspectAzure(missionOf(), telling({ permissions: () => [{ actions, notActions: [] }] }));
  assert.deepEqual([...new Set(problems.map(({ code }) => code))], ['MissingRights']);
  assert.equal(problems.length, 3, 'the peering on both VNets, the VM in its group');
  for (const action of lacking) assert.ok(problems.some(({ message }) => message.includes(action)));
});

test('rights on the resource alone are enough where they are needed on the resource', async () => {
  const inGroup = azureRights
    .map(({ action }) => action)
    .filter((action) => !action.includes('peer') && !action.includes('Peering'));
  const own = vnetIn('net', 'byo');
  const told: Told = {
    cluster: { subnetIds: [`${own.id}/subnets/n`] },
    vnets: [own],
    permissions: (scope) => [
      { actions: scope === own.id || !scope.includes('/net') ? ['*'] : inGroup, notActions: [] },
    ],
  };
  assert.deepEqual(await codes(told), []);
});

test('lockdown, overlap and missing rights are told together', async () => {
  const told: Told = {
    cluster: { restrictionLevel: 'ReadOnly' },
    permissions: (scope) => (scope.includes('MC_') ? [] : [{ actions: ['*'], notActions: [] }]),
  };
  assert.deepEqual(
    new Set(await codes(told, missionOf({ addressSpace: '10.230.0.0/16' }))),
    new Set(['NodeGroupLocked', 'VnetOverlap', 'MissingRights']),
  );
});

test('a refused read is MissingRights; an Azure that cannot be asked is thrown', async () => {
  const failing = (code: string, status: number) => () =>
    Promise.reject(new AzureError({ code, status, operation: 'read resource group g', message: 'no' }));
  assert.ok((await codes({ groupExists: failing('AuthorizationFailed', 403) })).includes('MissingRights'));
  await assert.rejects(codes({ groupExists: failing('TooManyRequests', 429) }), AzureError);
});

for (const [one, other, shared] of [
  ['10.0.0.0/8', '10.240.0.0/16', true],
  ['10.240.0.0/16', '10.0.0.0/8', true],
  ['192.168.0.0/16', '192.169.0.0/16', false],
  ['192.168.1.0/24', '192.168.0.0/23', true],
  ['192.168.0.0/16', 'fd00::/8', false],
  ['fd00::/8', 'fd12:3456::/32', true],
] as const) {
  test(`${one} and ${other} ${shared ? 'overlap' : 'are apart'}`, () => assert.equal(overlaps(one, other), shared));
}
