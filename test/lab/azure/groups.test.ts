import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { cluster } from '../../../lab/scope.ts';
import {
  all,
  call,
  clusterVnetId,
  createNetworkParts,
  createVnet,
  group,
  idOf,
  nodeGroup,
  peer,
  poll,
  refusal,
  startBench,
  tags,
  tokenOf,
  vmBody,
} from './helper.ts';

test('the preloaded cluster can be read, with its node group, its VNet and a user kubeconfig', async (t) => {
  const { aks, network } = await startBench(t);
  const found = await aks.managedClusters.get(group, cluster.name);
  assert.equal(found.kubernetesVersion, '1.35.4');
  assert.equal(found.nodeResourceGroup, nodeGroup);
  assert.deepEqual([found.networkProfile?.networkPlugin, found.networkProfile?.networkPolicy], ['azure', 'calico']);
  assert.ok(found.agentPoolProfiles?.every((pool) => pool.vnetSubnetID === undefined));
  const credentials = await aks.managedClusters.listClusterUserCredentials(group, cluster.name);
  assert.equal(Buffer.from(credentials.kubeconfigs?.[0]?.value ?? '').toString(), 'apiVersion: v1\nkind: Config\n');
  const vnets = await all(network.virtualNetworks.list(nodeGroup));
  assert.deepEqual(
    vnets.map((vnet) => [vnet.id, vnet.addressSpace?.addressPrefixes, vnet.subnets?.map((subnet) => subnet.name)]),
    [[clusterVnetId, ['10.240.0.0/16'], ['aks-subnet']]],
  );
  assert.deepEqual(
    (await all(aks.managedClusters.list())).map((each) => each.name),
    [cluster.name],
  );
});

test('resource groups can be made, found in any case of letters, listed and deleted with all that is in them', async (t) => {
  const { lab, resources, network, effects, compute } = await startBench(t);
  const before = lab.inventory();
  await resources.resourceGroups.createOrUpdate('Own', { location: cluster.location, tags });
  assert.equal((await resources.resourceGroups.get('OWN')).name, 'Own');
  assert.equal((await resources.resourceGroups.checkExistence('own')).body, true);
  assert.equal((await resources.resourceGroups.checkExistence('absent')).body, false);
  assert.ok((await all(resources.resourceGroups.list())).some((each) => each.name === 'Own'));
  await network.virtualNetworks.createOrUpdate(
    'own',
    'Net',
    {
      location: cluster.location,
      tags,
      addressSpace: { addressPrefixes: ['172.16.0.0/16'] },
      subnets: [{ name: 's', addressPrefix: '172.16.0.0/24' }],
    },
    poll,
  );
  const subnet = { id: idOf('Microsoft.Network/virtualNetworks', 'NET/subnets/S', 'OWN') };
  await network.networkInterfaces.createOrUpdate(
    'own',
    'nic',
    { location: cluster.location, ipConfigurations: [{ name: 'primary', subnet }] },
    poll,
  );
  const body = vmBody();
  await compute.virtualMachines.createOrUpdate(
    'own',
    'vm',
    {
      ...body,
      networkProfile: { networkInterfaces: [{ id: idOf('Microsoft.Network/networkInterfaces', 'nic', 'own') }] },
    },
    poll,
  );
  assert.equal(
    (await network.virtualNetworks.get('OWN', 'net')).id,
    idOf('Microsoft.Network/virtualNetworks', 'Net', 'Own'),
    'the case of creation is kept',
  );
  await resources.resourceGroups.delete('own', poll);
  assert.equal((await refusal(resources.resourceGroups.get('own'))).code, 'ResourceGroupNotFound');
  assert.deepEqual(lab.inventory(), before);
  assert.equal(effects.destroyed.length, 1);
});

test('lists and filters find tagged resources; peerings, subnets and rules are never among them', async (t) => {
  const bench = await startBench(t);
  const { resources, network } = bench;
  await createNetworkParts(bench);
  await peer(bench);
  const typesOf = async (filter?: string): Promise<unknown> =>
    (await all(resources.resources.listByResourceGroup(group, filter === undefined ? {} : { filter })))
      .map((each) => each.type)
      .sort();
  const tagged = [
    'Microsoft.Network/networkInterfaces',
    'Microsoft.Network/networkSecurityGroups',
    'Microsoft.Network/publicIPAddresses',
    'Microsoft.Network/virtualNetworks',
  ];
  assert.deepEqual(await typesOf("tagName eq 'hepflow-run' and tagValue eq 'r1'"), tagged);
  assert.deepEqual(await typesOf(), ['Microsoft.ContainerService/ManagedClusters', ...tagged]);
  const elsewhere = await all(resources.resources.list({ filter: `resourceGroup eq '${nodeGroup}'` }));
  assert.deepEqual(
    elsewhere.map((each) => each.id),
    [clusterVnetId],
  );
  assert.equal(
    (await refusal(all(resources.resources.list({ filter: 'substringof(name)' })))).code,
    'InvalidFilterInQueryString',
  );
  assert.deepEqual(
    (await all(network.virtualNetworkPeerings.list(nodeGroup, cluster.vnetName))).map((each) => each.name),
    ['hepflow-r1'],
  );
  assert.equal((await all(network.virtualNetworks.listAll())).length, 2);
});

test('a VNet may be written again without losing its peering, but not shrunk under an interface', async (t) => {
  const bench = await startBench(t);
  await createNetworkParts(bench);
  await peer(bench);
  await createVnet(bench.network);
  assert.equal((await bench.network.virtualNetworkPeerings.get(group, 'vnet', 'hepflow-r1')).peeringState, 'Connected');
  assert.equal(
    (await refusal(createVnet(bench.network, 'vnet', '192.168.0.0/16', '192.168.9.0/24'))).code,
    'InUseSubnetCannotBeDeleted',
  );
});

test('a DELETE can be followed by its Location as well, which ends in 204', async (t) => {
  const { lab, authority, network } = await startBench(t);
  await createVnet(network);
  const headers = { authorization: `Bearer ${await tokenOf(lab, authority)}` };
  const deletion = await call(
    lab,
    authority,
    'DELETE',
    `${idOf('Microsoft.Network/virtualNetworks', 'VNET', group.toUpperCase())}?api-version=2024-05-01`,
    {
      headers,
    },
  );
  assert.equal(deletion.status, 202);
  assert.match(String(deletion.headers['azure-asyncoperation']), new RegExp(`^${lab.endpoint}/subscriptions/`));
  const location = new URL(String(deletion.headers['location']));
  const follow = (): ReturnType<typeof call> =>
    call(lab, authority, 'GET', `${location.pathname}${location.search}`, { headers });
  assert.equal((await follow()).status, 202);
  const deadline = Date.now() + 5000;
  while ((await follow()).status !== 204) assert.ok(Date.now() < deadline);
});

test('the cloud describes itself, and what it does not serve is a 404 in the form of ARM', async (t) => {
  const { lab, authority } = await startBench(t);
  const metadata = (await call(lab, authority, 'GET', '/metadata/endpoints?api-version=2022-09-01')).body as {
    resourceManager: string;
    authentication: { loginEndpoint: string };
  };
  assert.equal(metadata.resourceManager, lab.endpoint);
  assert.equal(metadata.authentication.loginEndpoint, `${lab.endpoint}/adfs`);
  const unknown = await call(lab, authority, 'GET', `${idOf('Microsoft.Storage/storageAccounts', 'x')}?api-version=1`, {
    headers: { authorization: `Bearer ${await tokenOf(lab, authority)}` },
  });
  assert.deepEqual(
    [unknown.status, (unknown.body as { error: { code: string } }).error.code],
    [404, 'InvalidResourceType'],
  );
});

test('at the pace of Azure polls carry Retry-After, in tests they do not', async (t) => {
  for (const pace of ['azure', 'fast'] as const) {
    const directory = mkdtempSync(join(tmpdir(), 'hepflow-pace-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const bench = await startBench(t, {
      scope: { id: 'pace1', directory, logs: join(directory, 'logs'), pace, calico: 'oss' },
    });
    const poller = bench.network.virtualNetworks.createOrUpdate(group, 'vnet', {
      location: cluster.location,
      addressSpace: { addressPrefixes: ['192.168.0.0/16'] },
    });
    await poller.submitted();
    const { operationLocation } = (
      JSON.parse(await poller.serialize()) as { state: { config: { operationLocation: string } } }
    ).state.config;
    const { pathname, search } = new URL(operationLocation);
    const answer = await call(bench.lab, bench.authority, 'GET', `${pathname}${search}`, {
      headers: { authorization: `Bearer ${await tokenOf(bench.lab, bench.authority)}` },
    });
    assert.deepEqual(
      [answer.status, (answer.body as { status: string }).status, answer.headers['retry-after']],
      [200, 'InProgress', pace === 'azure' ? '1' : undefined],
    );
  }
});
