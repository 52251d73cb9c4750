import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { cluster } from '../../../lab/scope.ts';
import {
  all,
  askToken,
  call,
  createNetworkParts,
  createVnet,
  group,
  nodeGroup,
  peer,
  peerFromVm,
  poll,
  refusal,
  startBench,
  tokenOf,
  vmBody,
} from './helper.ts';

test('without a token, with a foreign or a broken one, every ARM call is a 401', async (t) => {
  const { lab, authority } = await startBench(t);
  const path = '/subscriptions?api-version=2022-12-01';
  const codeOf = async (authorization?: string): Promise<unknown> => {
    const { status, body } = await call(
      lab,
      authority,
      'GET',
      path,
      authorization === undefined ? {} : { headers: { authorization } },
    );
    return [status, (body as { error: { code: string } }).error.code];
  };
  assert.deepEqual(await codeOf(), [401, 'AuthenticationFailed']);
  assert.deepEqual(await codeOf('Bearer not-a-token'), [401, 'InvalidAuthenticationToken']);
  const [head, body] = (await tokenOf(lab, authority)).split('.');
  assert.deepEqual(await codeOf(`Bearer ${head}.${body}.${'A'.repeat(342)}`), [401, 'InvalidAuthenticationToken']);
  const other = await startBench(t);
  assert.deepEqual(await codeOf(`Bearer ${await tokenOf(other.lab, other.authority)}`), [
    401,
    'InvalidAuthenticationToken',
  ]);
});

test('an api-version is required, and any will do', async (t) => {
  const { lab, authority } = await startBench(t);
  const headers = { authorization: `Bearer ${await tokenOf(lab, authority)}` };
  const without = await call(lab, authority, 'GET', '/subscriptions', { headers });
  assert.deepEqual(
    [without.status, (without.body as { error: { code: string } }).error.code],
    [400, 'MissingApiVersionParameter'],
  );
  assert.equal((await call(lab, authority, 'GET', '/subscriptions?api-version=2019-11-01', { headers })).status, 200);
});

test('the stand-in Entra tells a wrong secret, an unknown client and an unknown tenant apart', async (t) => {
  const { lab, authority } = await startBench(t);
  const answer = async (changed: Record<string, string>, path?: string): Promise<unknown> => {
    const { status, body } = await askToken(lab, authority, changed, path);
    const { error, error_codes: codes } = body as { error: string; error_codes: number[] };
    return [status, error, codes];
  };
  assert.deepEqual(await answer({ client_secret: 'wrong' }), [401, 'invalid_client', [7000215]]);
  assert.deepEqual(await answer({ client_id: 'unknown' }), [400, 'unauthorized_client', [700016]]);
  assert.deepEqual(await answer({}, '/00000000-0000-0000-0000-000000000000/oauth2/v2.0/token'), [
    400,
    'invalid_request',
    [90002],
  ]);
  const adfs = await askToken(lab, authority, {}, '/adfs/oauth2/token');
  assert.equal(adfs.status, 200);
  const claims = JSON.parse(
    Buffer.from((adfs.body as { access_token: string }).access_token.split('.')[1] ?? '', 'base64url').toString(),
  ) as Record<string, unknown>;
  assert.equal(claims['tid'], lab.credentials.tenantId);
  assert.equal(claims['appid'], lab.credentials.clientId);
  assert.ok(typeof claims['oid'] === 'string' && Number(claims['exp']) > Date.now() / 1000);
});

const identityProgram = `
import { ClientSecretCredential, DefaultAzureCredential } from '@azure/identity';
const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: id, AZURE_CLIENT_SECRET: secret, AZURE_AUTHORITY_HOST: authorityHost, SCOPE: scope } = process.env;
const options = { disableInstanceDiscovery: true };
const direct = await new ClientSecretCredential(tenant, id, secret, { ...options, authorityHost }).getToken(scope);
const found = await new DefaultAzureCredential(options).getToken(scope);
const wrong = await new ClientSecretCredential(tenant, id, 'wrong', { ...options, authorityHost }).getToken(scope).then(() => 'a token', (error) => error.message);
console.log(JSON.stringify({ direct: direct.token, found: found.token, wrong }));
`;

test('the genuine identity package gets tokens that ARM accepts, by ClientSecretCredential and DefaultAzureCredential', async (t) => {
  const { lab, authority } = await startBench(t);
  const { tenantId, clientId, clientSecret } = lab.credentials;
  const env = {
    ...process.env,
    NODE_EXTRA_CA_CERTS: authority.caFile,
    AZURE_TENANT_ID: tenantId,
    AZURE_CLIENT_ID: clientId,
    AZURE_CLIENT_SECRET: clientSecret,
    AZURE_AUTHORITY_HOST: lab.authorityHost,
    SCOPE: `${lab.endpoint}/.default`,
  };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', identityProgram], {
    env,
    cwd: join(import.meta.dirname, '../../..'),
  });
  const { direct, found, wrong } = JSON.parse(stdout) as Record<string, string>;
  for (const token of [direct, found]) {
    const answer = await call(lab, authority, 'GET', '/subscriptions?api-version=2022-12-01', {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(answer.status, 200);
  }
  assert.match(wrong ?? '', /invalid_client/);
});

test('with a role file, what it does not list is refused: the action itself, and the right on a linked resource', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'hepflow-role-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const roleFile = join(directory, 'role.json');
  const role = {
    actions: [
      'Microsoft.Network/*/read',
      'Microsoft.Network/*/write',
      'Microsoft.Network/*/delete',
      'Microsoft.Authorization/permissions/read',
    ],
    notActions: ['microsoft.network/virtualnetworks/DELETE'],
  };
  writeFileSync(roleFile, JSON.stringify({ Name: 'test', Actions: role.actions, NotActions: role.notActions }));
  const bench = await startBench(t, { roleFile });
  const { network, compute, authorization, aks } = bench;
  await createVnet(network);
  for (const attempt of [
    () => network.virtualNetworks.delete(group, 'vnet', poll).submitted(),
    () => compute.virtualMachines.get(group, 'vm'),
    () => aks.managedClusters.listClusterUserCredentials(group, cluster.name),
  ]) {
    const { code, status } = await refusal(attempt());
    assert.deepEqual([code, status], ['AuthorizationFailed', 403]);
  }
  for (const attempt of [() => createNetworkParts(bench), () => peerFromVm(network)]) {
    const { code, status } = await refusal(attempt());
    assert.deepEqual([code, status], ['LinkedAuthorizationFailed', 403]);
  }
  const permissions = await all(authorization.permissions.listForResourceGroup(group));
  const onVnet = await all(
    authorization.permissions.listForResource(group, 'Microsoft.Network', '', 'virtualNetworks', 'vnet'),
  );
  assert.deepEqual(onVnet[0]?.actions, role.actions);
  const onSubnet = await refusal(
    all(
      authorization.permissions.listForResource(
        group,
        'Microsoft.Network',
        'virtualNetworks/vnet',
        'subnets',
        'absent',
      ),
    ),
  );
  assert.equal(onSubnet.status, 404);
  assert.deepEqual(
    permissions.map(({ actions, notActions }) => ({ actions, notActions })),
    [role],
  );
});

test('the shipped role is enough for the whole life of a probe VM', async (t) => {
  const bench = await startBench(t, { roleFile: join(import.meta.dirname, '../../../deploy/azure-role.json') });
  const { lab, network, compute } = bench;
  const before = lab.inventory();
  await createNetworkParts(bench);
  await compute.virtualMachines.createOrUpdate(group, 'vm', vmBody(), poll);
  await peer(bench);
  await network.virtualNetworkPeerings.delete(nodeGroup, cluster.vnetName, 'hepflow-r1', poll);
  await network.virtualNetworkPeerings.delete(group, 'vnet', 'hepflow-r1', poll);
  await compute.virtualMachines.delete(group, 'vm', poll);
  await network.networkInterfaces.delete(group, 'nic', poll);
  await network.publicIPAddresses.delete(group, 'ip', poll);
  await network.networkSecurityGroups.delete(group, 'nsg', poll);
  await network.virtualNetworks.delete(group, 'vnet', poll);
  assert.deepEqual(lab.inventory(), before);
});
