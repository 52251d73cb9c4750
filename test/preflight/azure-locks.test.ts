/** Management locks let everything be made and nothing be removed: preflight looks for them. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { AzureError } from '../../src/adapters/azure/index.ts';
import type { Mission } from '../../src/contract/mission.ts';
import { inspectAzure } from '../../src/preflight/azure/index.ts';
import { inspectLocks } from '../../src/preflight/azure/locks.ts';
import { startFakeArm } from '../adapters/azure/fake-arm.ts';
import {
  clusterRef,
  clusterVnetId,
  contextOf,
  failureOf,
  runRef,
  startAzureUnderTest,
  subscriptionId,
  toolsOf,
} from '../support/azure.ts';
import { makeAll, undoAll } from '../support/azure-steps.ts';

const subscription = `/subscriptions/${subscriptionId}`;
const clusterGroup = `${subscription}/resourceGroups/${clusterRef.resourceGroup}`;
const nodeGroup = clusterVnetId.replace(/\/providers\/.*/, '');
const clusterId = `${clusterGroup}/providers/Microsoft.ContainerService/managedClusters/${clusterRef.name}`;

const mission = {
  ...{ subscriptionId, resourceGroup: clusterRef.resourceGroup, cluster: clusterRef.name },
  vm: { resourceGroup: clusterRef.resourceGroup, addressSpace: '192.168.0.0/16' },
} as Mission;

describe('a lock at or above what a run makes is a problem before anything is made', () => {
  const rows: readonly (readonly [string, 'CanNotDelete' | 'ReadOnly', readonly [string, RegExp][]])[] = [
    [nodeGroup, 'CanNotDelete', [['cluster', /removing its peering on the VNet of the nodes/]]],
    [clusterVnetId, 'CanNotDelete', [['cluster', /removing its peering/]]],
    [nodeGroup, 'ReadOnly', [['cluster', /making its peering/]]],
    [clusterGroup, 'CanNotDelete', [['vm.resourceGroup', /removing the probe VM and its network/]]],
    [
      subscription,
      'CanNotDelete',
      [
        ['vm.resourceGroup', /removing the probe VM/],
        ['cluster', /removing its peering/],
      ],
    ],
  ];
  for (const [scope, level, expected] of rows)
    test(`${level} on ${scope.split('/').slice(3).join('/') || 'the subscription'}`, async () => {
      await using azure = await startAzureUnderTest();
      azure.lab.lock(scope, level, 'keep');
      const { problems } = await inspectAzure(mission, { azure: azure.adapter() });
      assert.deepEqual(
        problems.map(({ code, field }) => [code, field]),
        expected.map(([field]) => ['ScopeLocked', field]),
      );
      for (const [n, [, says]] of expected.entries()) {
        const { message = '', remedy = '' } = problems[n] ?? {};
        assert.match(message, says);
        assert.ok(message.includes(`The lock keep (${level}) on ${scope}`), message);
        assert.ok(
          remedy.includes(`az lock delete --ids ${scope}/providers/Microsoft.Authorization/locks/keep`),
          remedy,
        );
      }
    });
});

test('a lock on something else in the group is not in the way, and a ReadOnly one on the cluster is a warning', async () => {
  await using azure = await startAzureUnderTest();
  azure.lab.lock(clusterId, 'CanNotDelete');
  azure.lab.lock(`${nodeGroup}/providers/Microsoft.Network/loadBalancers/kubernetes`, 'CanNotDelete');
  const harmless = await inspectAzure(mission, { azure: azure.adapter() });
  assert.deepEqual([harmless.problems, harmless.warnings], [[], []]);
  azure.lab.lock(clusterId, 'ReadOnly');
  const { problems, warnings } = await inspectAzure(mission, { azure: azure.adapter() });
  assert.deepEqual([problems, warnings.length], [[], 1]);
  assert.match(warnings[0] ?? '', /may keep Azure from giving the kubeconfig/);
  assert.equal((await failureOf(azure.adapter().clusters.userKubeconfig(clusterRef))).code, 'ScopeLocked');
});

test('the emulator as Azure: below CanNotDelete everything is made, and nothing removed until the lock is off', async () => {
  await using azure = await startAzureUnderTest();
  const before = azure.lab.inventory();
  const tools = toolsOf(azure.adapter());
  const unlock = azure.lab.lock(nodeGroup, 'CanNotDelete');
  await makeAll(tools, () => contextOf(runRef()));
  const failure = await failureOf(undoAll(runRef(), tools, () => contextOf(runRef())));
  assert.equal(failure.code, 'ScopeLocked');
  assert.match(failure.message, /cannot perform delete operation because following scope\(s\) are locked: '.*MC_/);
  unlock();
  await undoAll(runRef(), tools, () => contextOf(runRef()));
  assert.deepEqual(azure.lab.inventory(), before);
});

test('who may not read locks is told so, and is not refused', async (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-locks-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const role = JSON.parse(readFileSync(join(import.meta.dirname, '../../deploy/azure-role.json'), 'utf8')) as {
    Actions: string[];
  };
  const roleFile = join(folder, 'role.json');
  writeFileSync(roleFile, JSON.stringify({ ...role, Actions: role.Actions.filter((each) => !/locks/.test(each)) }));
  await using azure = await startAzureUnderTest({ roleFile });
  azure.lab.lock(nodeGroup, 'CanNotDelete');
  const { problems, findings } = await inspectAzure(mission, { azure: azure.adapter() });
  assert.deepEqual(problems, []);
  const told = findings.filter(({ topic }) => topic === 'locks');
  assert.deepEqual(new Set(told.map(({ level }) => level)), new Set(['info']));
  assert.match(told[0]?.remedy ?? '', /Microsoft\.Authorization\/locks\/read/);
});

test('a list of locks is read to its last page, and one that cannot be had now is no finding', async () => {
  await using arm = await startFakeArm();
  const lock = (scope: string, name: string) => ({
    id: `${scope}/providers/Microsoft.Authorization/locks/${name}`,
    ...{ name, type: 'Microsoft.Authorization/locks', properties: { level: 'CanNotDelete' } },
  });
  const group = '/subscriptions/s/resourceGroups/g';
  const scopes = [{ id: group, made: 'the VM', field: 'vm.resourceGroup' }];
  const nextLink = `${arm.endpoint}${group}/providers/Microsoft.Authorization/next?%24skiptoken=5ZBB%2ffz%2f%2b`;
  arm.answer(({ path }) => ({
    status: 200,
    body: path.endsWith('/next') ? { value: [lock('/subscriptions/S', 'inherited')] } : { value: [], nextLink },
  }));
  const [problem] = await inspectLocks(scopes, { azure: arm.azure() });
  assert.deepEqual([problem?.level, problem?.code], ['problem', 'ScopeLocked']);
  assert.match(problem?.reason ?? '', /The lock inherited \(CanNotDelete\) on \/subscriptions\/S would/);
  arm.answer(() => ({ status: 429, body: { error: { code: 'TooManyRequests', message: 'later' } } }));
  await assert.rejects(inspectLocks(scopes, { azure: arm.azure() }), AzureError);
});
