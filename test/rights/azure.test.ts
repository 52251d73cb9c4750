/**
 * The Azure roles of deploy/, one action at a time: preflight misses each that is taken away, and a whole run asks for
 * each that is there.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { cluster } from '../../lab/scope.ts';
import type { RightScope } from '../../src/changes/rights.ts';
import { createVmBody } from '../../src/changes/vm/body.ts';
import type { Mission } from '../../src/contract/mission.ts';
import type { RunRef } from '../../src/contract/run.ts';
import { createIds } from '../../src/ownership/names.ts';
import { inspectAzure } from '../../src/preflight/azure/index.ts';
import { azureRights } from '../../src/preflight/rights.ts';
import { findWitnesses } from '../../src/vantage/index.ts';
import {
  clusterVnetId,
  contextOf,
  failureOf,
  runRef,
  startAzureUnderTest,
  subscriptionId,
  toolsOf,
} from '../support/azure.ts';
import { locateWay, makeAll, makeGround, undoAll, vmSettings } from '../support/azure-steps.ts';

interface RoleFile {
  readonly Actions: readonly string[];
}
const deploy = join(import.meta.dirname, '../../deploy');
const read = (file: string): RoleFile => JSON.parse(readFileSync(join(deploy, file), 'utf8')) as RoleFile;

const folder = mkdtempSync(join(tmpdir(), 'hepflow-rights-'));
after(() => rmSync(folder, { recursive: true }));

/** The path of a copy of a shipped role without one action. */
function roleWithout(file: string, action: string): string {
  const role = read(file);
  const path = join(folder, `${file}-without-${action.replaceAll('/', '_')}`);
  writeFileSync(path, JSON.stringify({ ...role, Actions: role.Actions.filter((each) => each !== action) }));
  return path;
}

/** The probe VM in the cluster's own group, as by default, or in another one. */
const mission = {
  ...{ subscriptionId, resourceGroup: cluster.resourceGroup, cluster: cluster.name },
  vm: { resourceGroup: cluster.resourceGroup, addressSpace: '192.168.0.0/16' },
} as Mission;

const neededByRuns = new Set(azureRights.filter(({ only }) => only === undefined).map(({ action }) => action));

describe('a role without one action of deploy/azure-role.json is refused by preflight, which names the action', () => {
  const all = read('azure-role.json').Actions;
  const here = all.filter((action) => neededByRuns.has(action));
  assert.ok(here.length > 25);
  for (const action of here) {
    test(action, async () => {
      await using azure = await startAzureUnderTest({ roleFile: roleWithout('azure-role.json', action) });
      const { problems } = await inspectAzure(mission, { azure: azure.adapter() });
      assert.ok(problems.length > 0);
      for (const { code, message, remedy } of problems) {
        assert.equal(code, 'MissingRights', message);
        assert.ok(message.includes(action), message);
        assert.match(remedy, /deploy\/azure-role\.json/);
      }
      assert.ok(
        azure.lab.requests().every(({ method, path }) => method === 'GET' || path.endsWith('/token')),
        'nothing was changed (W1)',
      );
    });
  }
  for (const action of all.filter((each) => !neededByRuns.has(each) && each !== 'Microsoft.Authorization/locks/read')) {
    const loss = action.startsWith('Microsoft.Compute/') ? 'cannot follow its operations' : 'will lack that witness';
    test(`without ${action} a run ${loss}: preflight warns, and does not refuse`, async () => {
      await using azure = await startAzureUnderTest({ roleFile: roleWithout('azure-role.json', action) });
      const { problems, warnings } = await inspectAzure(mission, { azure: azure.adapter() });
      assert.deepEqual(problems, []);
      assert.ok(
        warnings.some((each) => each.includes(action) && each.includes(loss)),
        warnings.join('\n'),
      );
    });
  }
});

/** The narrower roles, and what each is assigned to: the node resource group stands for its VNet, as AKS made it. */
const narrow: Readonly<Record<RightScope, { readonly file: string; readonly scope: string }>> = {
  group: {
    file: 'azure-role-existing-group.json',
    scope: `/subscriptions/${subscriptionId}/resourceGroups/${cluster.resourceGroup}`,
  },
  cluster: {
    file: 'azure-role-cluster.json',
    scope: `/subscriptions/${subscriptionId}/resourceGroups/${cluster.resourceGroup}`,
  },
  clusterNetwork: {
    file: 'azure-role-cluster-network.json',
    scope: `/subscriptions/${subscriptionId}/resourceGroups/${cluster.nodeResourceGroup}`,
  },
};
const scopes = Object.keys(narrow) as RightScope[];
const assigned = (change: (file: string) => string = (file) => join(deploy, file)) =>
  scopes.map((at) => ({ scope: narrow[at].scope, roleFile: change(narrow[at].file) }));

for (const at of scopes) {
  test(`deploy/${narrow[at].file} grants exactly what the table lists for ${at}`, () => {
    const listed = azureRights.filter((right) => right.at.includes(at)).map(({ action }) => action);
    assert.deepEqual(read(narrow[at].file).Actions.toSorted(), listed.toSorted());
  });
}

describe('the three narrower roles, each where it belongs', () => {
  test('are enough for preflight, a whole run and its undo', async () => {
    await using azure = await startAzureUnderTest({ assignments: assigned() });
    const before = azure.lab.inventory();
    const tools = toolsOf(azure.adapter());
    assert.deepEqual((await inspectAzure(mission, tools)).problems, []);
    await makeAll(tools, () => contextOf(runRef()));
    await undoAll(runRef(), tools, () => contextOf(runRef()));
    assert.deepEqual(azure.lab.inventory(), before);
  });

  test('let hepflow make nothing in the node resource group but peerings', async () => {
    await using azure = await startAzureUnderTest({ assignments: assigned() });
    const run = { ...runRef(), resourceGroup: cluster.nodeResourceGroup };
    assert.equal((await failureOf(makeAll(toolsOf(azure.adapter()), () => contextOf(run)))).code, 'Forbidden');
    const elsewhere = { ...mission, vm: { ...mission.vm, resourceGroup: cluster.nodeResourceGroup } };
    const { problems } = await inspectAzure(elsewhere, { azure: azure.adapter() });
    assert.deepEqual(
      problems.map(({ code, field }) => [code, field]),
      [['MissingRights', 'vm.resourceGroup']],
    );
  });

  test('the peering role on the VNet alone cannot follow operations: preflight warns, and a run looks itself', async () => {
    const assignments = assigned().map((each, at) =>
      scopes[at] === 'clusterNetwork' ? { ...each, scope: clusterVnetId } : each,
    );
    await using azure = await startAzureUnderTest({ assignments });
    const adapter = azure.adapter();
    const get = async (...asked: Parameters<typeof adapter.clusters.get>) => {
      const found = await adapter.clusters.get(...asked);
      return found && { ...found, subnetIds: [`${clusterVnetId}/subnets/aks-subnet`] };
    };
    const tools = toolsOf({ ...adapter, clusters: { ...adapter.clusters, get } });
    const before = azure.lab.inventory();
    const { problems, warnings } = await inspectAzure(mission, tools);
    assert.deepEqual(problems, []);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0] ?? '',
      /operations\/read and .*operationResults\/read on .*looks at what it makes instead/,
    );
    await makeAll(tools, () => contextOf(runRef()));
    await undoAll(runRef(), tools, () => contextOf(runRef()));
    assert.deepEqual(azure.lab.inventory(), before);
    const refused = azure.lab.requests().filter(({ path, status }) => path.includes('/locations/') && status === 403);
    assert.ok(refused.length >= 2, 'neither the peering nor its removal could be followed');
  });

  for (const at of ['clusterNetwork'] as const) {
    for (const action of read(narrow[at].file).Actions) {
      test(`without ${action} in ${narrow[at].file} preflight names it`, async () => {
        const assignments = assigned((file) =>
          file === narrow[at].file ? roleWithout(file, action) : join(deploy, file),
        );
        await using azure = await startAzureUnderTest({ assignments });
        const { problems, warnings } = await inspectAzure(mission, { azure: azure.adapter() });
        const told = action.includes('/locations/') ? warnings : problems.map(({ message }) => message);
        if (action.includes('/locks/')) return assert.deepEqual([problems, warnings], [[], []]);
        assert.ok(told.length > 0);
        for (const message of told) assert.ok(message.includes(action), message);
      });
    }
  }
});

/** The run's VM in Azure's own form, whose disk stays when it goes. */
function createOutlivedVm(run: RunRef): object {
  const keys = { clientPublicKey: 'ssh-ed25519 AAAA', cloudConfig: '#cloud-config\n' };
  const { location, storageProfile, hardwareProfile, osProfile, networkProfile } = createVmBody(
    run,
    vmSettings,
    'Standard_B2ts_v2',
    keys,
  );
  const osDisk = { ...storageProfile.osDisk, deleteOption: 'Detach' };
  const [nic] = networkProfile.networkInterfaces;
  return {
    location,
    properties: {
      ...{ hardwareProfile, osProfile, storageProfile: { ...storageProfile, osDisk } },
      networkProfile: { networkInterfaces: [{ id: nic?.id }] },
    },
  };
}

for (const [what, file] of [
  ['is followed by its own right', join(deploy, 'azure-role.json')],
  ['is proved without it', roleWithout('azure-role.json', 'Microsoft.Compute/locations/diskOperations/read')],
] as const) {
  test(`the deletion of a disk that outlived its VM ${what}`, async () => {
    await using azure = await startAzureUnderTest({ roleFile: file });
    const tools = toolsOf(azure.adapter());
    await makeGround(tools, () => contextOf(runRef()));
    const { vm, osDisk } = createIds(runRef());
    await azure.byHand('PUT', vm, createOutlivedVm(runRef()));
    await azure.byHand('DELETE', vm);
    assert.ok(azure.lab.creations().includes(osDisk));
    const lro = { signal: new AbortController().signal, save: () => {} };
    assert.equal(await tools.azure.disks.remove(osDisk, lro, () => true), 'removed');
    const polls = azure.lab.requests().filter(({ path }) => path.includes('/DiskOperations/'));
    assert.ok(polls.length > 0);
    assert.deepEqual(new Set(polls.map(({ status }) => status)), new Set([what.includes('without') ? 403 : 200]));
  });
}

/** What Azure asks for and the emulator does not, with the reason. */
const unasked: Readonly<Record<string, string>> = {
  'Microsoft.Compute/disks/write':
    "Azure makes the OS disk with the caller's right while it makes the VM; the emulator makes it by itself",
  'Microsoft.Compute/disks/delete':
    'only the disk that an unfinished VM left behind is deleted by itself; any other goes with its VM',
  'Microsoft.Compute/locations/diskOperations/read': 'only the deletion of such a disk is followed there',
};

test('every action of deploy/azure-role.json is asked for by a whole run, and nothing else is', async () => {
  await using azure = await startAzureUnderTest();
  const tools = toolsOf(azure.adapter());
  await inspectAzure(mission, tools);
  await tools.azure.clusters.userKubeconfig({
    subscriptionId,
    resourceGroup: cluster.resourceGroup,
    name: cluster.name,
  });
  await makeAll(tools, () => contextOf(runRef()));
  const witnesses = findWitnesses('azureVm') ?? assert.fail('nobody knows the way from a VM');
  await witnesses(locateWay(runRef()), [], tools, contextOf(runRef())).finish();
  await undoAll(runRef(), tools, () => contextOf(runRef()));
  const asked = new Set(azure.lab.actionsAsked().map((action) => action.toLowerCase()));
  const granted = read('azure-role.json').Actions;
  assert.deepEqual(
    granted.filter((action) => !asked.has(action.toLowerCase())).toSorted(),
    Object.keys(unasked).toSorted(),
  );
  assert.deepEqual(
    [...asked].filter((action) => !granted.some((each) => each.toLowerCase() === action)),
    [],
  );
});
