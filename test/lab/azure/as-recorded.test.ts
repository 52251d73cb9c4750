/** The stand-in Azure answers as recordings of Azure do, where clients could be led astray by less. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cluster } from '../../../lab/scope.ts';
import { contextOf, runRef, startAzureUnderTest, toolsOf } from '../../support/azure.ts';
import { makeAll } from '../../support/azure-steps.ts';
import { all, call, createNetworkParts, createVnet, group, startBench, tokenOf } from './helper.ts';

const version = 'api-version=2025-05-01';

test('lists come in pages, with an empty one after a full one; a client that follows them sees all', async (t) => {
  const { lab, authority, network } = await startBench(t);
  for (const name of ['one', 'two']) await createVnet(network, name);
  const headers = { authorization: `Bearer ${await tokenOf(lab, authority)}` };
  const groupId = `/subscriptions/${cluster.subscriptionId}/resourceGroups/${group}`;
  const path = `${groupId}/providers/Microsoft.Network/virtualNetworks?${version}`;
  const first = (await call(lab, authority, 'GET', path, { headers })).body as { value: object[]; nextLink: string };
  assert.equal(first.value.length, 2);
  assert.match(first.nextLink, /[?&]%24skiptoken=/);
  const next = first.nextLink.slice(lab.endpoint.length);
  assert.deepEqual((await call(lab, authority, 'GET', next, { headers })).body, { value: [] });
  assert.deepEqual((await all(network.virtualNetworks.list(group))).map(({ name }) => name).sort(), ['one', 'two']);
});

test('an interface is there when its PUT answers; a security group has six rules by default', async (t) => {
  const bench = await startBench(t);
  await createNetworkParts(bench);
  const { lab, authority, network } = bench;
  const headers = { authorization: `Bearer ${await tokenOf(lab, authority)}`, 'content-type': 'application/json' };
  const nic = await network.networkInterfaces.get(group, 'nic');
  const raw = (await call(lab, authority, 'GET', `${nic.id}?${version}`, { headers })).body as object;
  const put = await call(lab, authority, 'PUT', `${nic.id}?${version}`, { headers, body: JSON.stringify(raw) });
  assert.equal((put.body as { properties: { provisioningState: string } }).properties.provisioningState, 'Succeeded');
  assert.deepEqual([put.headers['azure-asyncoperation'], put.headers['location']], [undefined, undefined]);
  const { defaultSecurityRules } = await network.networkSecurityGroups.get(group, 'nsg');
  assert.deepEqual(
    defaultSecurityRules?.map(({ priority, provisioningState }) => [priority, provisioningState]),
    [...[65_000, 65_001, 65_500, 65_000, 65_001, 65_500].map((priority) => [priority, 'Succeeded'])],
  );
  const missing = await call(
    lab,
    authority,
    'GET',
    `${nic.id?.replace('networkInterfaces/nic', 'virtualNetworks/vnet')}/subnets/x?${version}`,
    { headers },
  );
  const { error } = missing.body as { error: { code: string; message: string; details: object[] } };
  assert.deepEqual([missing.status, error.code, error.details], [404, 'NotFound', []]);
  assert.match(error.message, /^Resource .*\/subnets\/x was not found/);
});

test('AKS writes its id and its type in its own way, and hepflow runs all the same', async () => {
  await using azure = await startAzureUnderTest();
  const found = await azure.adapter().clusters.get({
    ...{ subscriptionId: cluster.subscriptionId, resourceGroup: cluster.resourceGroup, name: cluster.name },
  });
  assert.match(found?.id ?? '', /\/resourcegroups\//);
  await makeAll(toolsOf(azure.adapter()), () => contextOf(runRef()));
  const polls = azure.lab.requests().filter(({ path }) => path.includes('/locations/'));
  assert.ok(polls.length > 0);
});
