import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { cluster } from '../../../lab/scope.ts';
import { type Answer, all, type Bench, call, idOf, startBench, tokenOf } from './helper.ts';

const vnets = 'Microsoft.Network/virtualNetworks';
const vnet = (name: string, space: string, rest: object = {}): object => ({
  type: vnets,
  apiVersion: '2025-01-01',
  name,
  location: cluster.location,
  properties: { addressSpace: { addressPrefixes: [space] }, dhcpOptions: null },
  ...rest,
});
const peering = (rest: object = {}): object => ({
  type: `${vnets}/virtualNetworkPeerings`,
  apiVersion: '2025-01-01',
  name: 'a/to-b',
  dependsOn: [idOf(vnets, 'a'), `${vnets}/b`],
  properties: { remoteVirtualNetwork: { id: idOf(vnets, 'b') } },
  ...rest,
});

interface Client {
  send(method: string, path: string, body?: object): Promise<Answer>;
  deploy(resources: readonly object[], rest?: { parameters?: object; values?: object }): Promise<Answer>;
  /** The operation's last word. */
  end(answer: Answer): Promise<{ status: string; error?: { code: string; details: { code: string }[] } }>;
}

async function clientOf({ lab, authority }: Bench): Promise<Client> {
  const headers = { authorization: `Bearer ${await tokenOf(lab, authority)}`, 'content-type': 'application/json' };
  const send: Client['send'] = (method, path, body) =>
    call(lab, authority, method, path.includes('?') ? path : `${path}?api-version=2025-04-01`, {
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
  return {
    send,
    deploy: (resources, { parameters = {}, values = {} } = {}) => {
      const template = { contentVersion: '1.0.0.0', parameters, variables: {}, resources, outputs: {} };
      return send('PUT', idOf('Microsoft.Resources/deployments', 'd'), {
        properties: { mode: 'Incremental', template, parameters: values },
      });
    },
    end: async ({ headers: answered }) => {
      const poll = new URL(String(answered['azure-asyncoperation']));
      for (;;) {
        const { status, body } = await send('GET', poll.pathname + poll.search);
        assert.equal(status, 200);
        if ((body as { status: string }).status !== 'Running') return body as { status: string };
        await sleep(20);
      }
    },
  };
}

const codeOf = ({ status, body }: Answer): [number, string] => [
  status,
  (body as { error: { code: string } }).error.code,
];

test('a deployment makes its resources in the order of dependsOn, however they are listed, and is no resource itself', async (t) => {
  const bench = await startBench(t);
  const { deploy, end, send } = await clientOf(bench);
  const parameters = { space: { type: 'string' }, size: { type: 'secureString', defaultValue: 'unused' } };
  const put = await deploy([peering(), vnet('a', "[parameters('SPACE')]"), vnet('b', '10.2.0.0/16')], {
    parameters,
    values: { space: { value: '10.1.0.0/16' } },
  });
  assert.equal(put.status, 201);
  assert.deepEqual(await end(put), { status: 'Succeeded' });
  const { properties } = (await send('GET', idOf('Microsoft.Resources/deployments', 'D'))).body as {
    properties: { provisioningState: string; outputResources: object[] };
  };
  assert.deepEqual([properties.provisioningState, properties.outputResources.length], ['Succeeded', 3]);
  assert.deepEqual(
    (await bench.network.virtualNetworks.get(cluster.resourceGroup, 'a')).addressSpace?.addressPrefixes,
    ['10.1.0.0/16'],
  );
  const listed = await all(bench.resources.resources.listByResourceGroup(cluster.resourceGroup));
  assert.deepEqual(listed.map(({ type }) => type?.split('/')[1]).sort(), [
    'ManagedClusters',
    'virtualNetworks',
    'virtualNetworks',
  ]);
});

test('a deployment one of whose resources is refused fails with the reason in its details; what was made before stays', async (t) => {
  const bench = await startBench(t);
  const { deploy, end } = await clientOf(bench);
  const { status, error } = await end(await deploy([vnet('a', '10.1.0.0/16'), vnet('b', '10.1.0.0/24'), peering()]));
  assert.deepEqual(
    [status, error?.code, error?.details.map(({ code }) => code)],
    ['Failed', 'DeploymentFailed', ['VnetAddressSpacesOverlap']],
  );
  assert.equal((await bench.network.virtualNetworks.get(cluster.resourceGroup, 'a')).provisioningState, 'Succeeded');
});

test('a fault befalls a resource of a deployment as it does its own PUT', async (t) => {
  const bench = await startBench(t);
  bench.lab.faults.add({ kind: 'failOperation', method: 'PUT', type: vnets, name: 'a', code: 'AllocationFailed' });
  const { deploy, end } = await clientOf(bench);
  const { error } = await end(await deploy([vnet('a', '10.1.0.0/16')]));
  assert.deepEqual([error?.code, error?.details[0]?.code], ['DeploymentFailed', 'AllocationFailed']);
});

test('a template that cannot be deployed is refused before anything is made', async (t) => {
  const bench = await startBench(t);
  const { deploy } = await clientOf(bench);
  const before = bench.lab.inventory();
  const a = (rest: object): object => vnet('a', '10.1.0.0/16', rest);
  const refusals: [object[], [number, string]][] = [
    [[a({ dependsOn: ['absent'] })], [400, 'InvalidTemplate']],
    [
      [a({ dependsOn: ['b'] }), vnet('b', '10.2.0.0/16', { dependsOn: ['a'] })],
      [400, 'InvalidTemplate'],
    ],
    [
      [a({}), a({})],
      [400, 'InvalidTemplate'],
    ],
    [[a({ tags: { x: "[concat('a', 'b')]" } })], [400, 'InvalidTemplate']],
    [[a({ tags: { x: "[parameters('absent')]" } })], [400, 'InvalidTemplate']],
    [[a({ name: 'a/b' })], [400, 'InvalidTemplate']],
    [[a({ type: 'Microsoft.Storage/storageAccounts' })], [404, 'InvalidResourceType']],
    [[{ type: vnets, name: 'a' }], [400, 'InvalidRequestContent']],
  ];
  for (const [resources, refusal] of refusals)
    assert.deepEqual(codeOf(await deploy(resources)), refusal, JSON.stringify(resources));
  assert.deepEqual(bench.lab.inventory(), before);
});

test('a deployment needs the right to write each of its resources, and the right to deploy', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-role-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const codes: unknown[] = [];
  for (const actions of [['Microsoft.Resources/deployments/*'], [`${vnets}/*`]]) {
    const roleFile = join(folder, 'role.json');
    writeFileSync(roleFile, JSON.stringify({ Actions: actions, NotActions: [] }));
    codes.push(codeOf(await (await clientOf(await startBench(t, { roleFile }))).deploy([vnet('a', '10.1.0.0/16')])));
  }
  assert.deepEqual(codes, [
    [403, 'AuthorizationFailed'],
    [403, 'AuthorizationFailed'],
  ]);
});

test('asked to wait by its pace, a client is told so by the first answer too: Azure CLI waits 30 s otherwise', async (t) => {
  const scope = { id: 'test1', directory: tmpdir(), logs: tmpdir(), pace: 'azure', calico: 'oss' } as const;
  const { deploy, send } = await clientOf(await startBench(t, { scope }));
  assert.equal((await deploy([])).headers['retry-after'], '1');
  const {
    type: _type,
    name: _name,
    apiVersion: _version,
    ...body
  } = vnet('a', '10.1.0.0/16') as Record<string, unknown>;
  assert.equal((await send('PUT', idOf(vnets, 'a'), body)).headers['retry-after'], '1');
});
