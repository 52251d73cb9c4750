import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createIds } from '../../src/ownership/names.ts';
import { resumeFrom } from '../../src/step/lro.ts';
import { contextOf, failureOf, runRef, startAzureUnderTest, toolsOf } from '../support/azure.ts';
import { makeAll, makeGround, networkSettings, undoAll } from '../support/azure-steps.ts';
import { findApply, findUndo } from '../support/changes.ts';

const createNetwork = findApply('createNetwork');
const deleteNetwork = findUndo('deleteNetwork');

test("every step, then every undo, leaves all as it was, with the shipped role's rights alone", async () => {
  await using azure = await startAzureUnderTest();
  const before = azure.lab.inventory();
  const run = runRef();
  const tools = toolsOf(azure.adapter());
  const made = await makeAll(tools, () => contextOf(run));

  assert.match(made.publicIp.facts?.publicAddress ?? '', /^203\.0\.113\.\d+$/);
  assert.match(made.nic.facts?.sourceAddress ?? '', /^192\.168\.1\.\d+$/);
  assert.equal(made.vm.found, 'Standard_B2ts_v2');
  assert.equal(made.far.found, 'Connected, FullyInSync');
  const [boot] = azure.booted;
  assert.deepEqual(boot?.authorizedKeys, [tools.keysOf(run).client.publicKey]);
  assert.match(boot?.cloudConfig ?? '', /^#cloud-config/);
  assert.ok(boot?.cloudConfig.includes(tools.keysOf(run).host.publicKey));
  assert.ok(azure.states.at(-1)?.vnets.some(({ connectedTo }) => connectedTo.length === 1));

  const undone = await undoAll(run, tools, () => contextOf(run));
  assert.deepEqual(
    Object.values(undone).map(({ outcome }) => outcome),
    Array(7).fill('done'),
  );
  assert.equal(azure.destroyed.length, 1);
  assert.deepEqual(azure.lab.inventory(), before);
});

test('a step that runs again finds what it made and writes nothing (W9)', async () => {
  await using azure = await startAzureUnderTest();
  const run = runRef();
  const first = await makeAll(toolsOf(azure.adapter()), () => contextOf(run));
  const inventory = azure.lab.inventory();
  const puts = azure.lab.requests().filter(({ method }) => method === 'PUT').length;
  const second = await makeAll(toolsOf(azure.adapter()), () => contextOf(run));
  assert.deepEqual(second, first);
  assert.deepEqual(azure.lab.inventory(), inventory);
  assert.equal(azure.lab.requests().filter(({ method }) => method === 'PUT').length, puts);
});

test('undoing what never happened is success (W2)', async () => {
  await using azure = await startAzureUnderTest();
  const before = azure.lab.inventory();
  const undone = await undoAll(runRef(), toolsOf(azure.adapter()), () => contextOf(runRef()));
  assert.deepEqual(
    Object.values(undone).map(({ outcome }) => outcome),
    Array(7).fill('nothing'),
  );
  assert.deepEqual(azure.lab.inventory(), before);
});

test('a deletion that was begun goes on in another process, without a second DELETE', async () => {
  await using azure = await startAzureUnderTest({ durations: { networkDelete: 400 } });
  const run = runRef();
  const id = createIds(run).network;
  await createNetwork(networkSettings, toolsOf(azure.adapter()), contextOf(run));
  const kill = new AbortController();
  const killed = contextOf(run, { signal: kill.signal, onBeat: () => kill.abort(new Error('killed')) });
  await assert.rejects(async () => deleteNetwork({ id }, toolsOf(azure.adapter()), killed), /killed/);
  const resumed = await deleteNetwork(
    { id },
    toolsOf(azure.adapter()),
    contextOf(run, { resume: killed.beats.at(-1) }),
  );
  assert.equal(resumed.outcome, 'done');
  assert.equal(azure.count('DELETE', id), 1);
});

test("somebody else's network of the same name stays as it is: NotMine, and a conflict for undo (W6)", async () => {
  await using azure = await startAzureUnderTest();
  const run = runRef();
  const adapter = azure.adapter();
  const foreign = {
    location: 'westeurope',
    tags: { owner: 'somebody' },
    addressSpace: { addressPrefixes: ['172.16.0.0/16'] },
  };
  await adapter.networks.ensure(createIds(run).network, foreign, resumeFrom(contextOf(run)), () => true);
  const inventory = azure.lab.inventory();
  const attempt = createNetwork(networkSettings, toolsOf(adapter), contextOf(run));
  assert.equal((await failureOf(attempt)).code, 'NotMine');
  const undone = await deleteNetwork({ id: createIds(run).network }, toolsOf(adapter), contextOf(run));
  assert.equal(undone.outcome, 'conflict');
  assert.deepEqual(azure.lab.inventory(), inventory);
});

test('throttling with Retry-After becomes Throttled with that time', async () => {
  await using azure = await startAzureUnderTest();
  azure.lab.faults.add({
    kind: 'throttle',
    method: 'PUT',
    type: 'Microsoft.Network/virtualNetworks',
    retryAfterSeconds: 7,
  });
  const attempt = createNetwork(networkSettings, toolsOf(azure.adapter()), contextOf(runRef()));
  const failure = await failureOf(attempt);
  assert.deepEqual([failure.code, failure.retryAfterMs], ['Throttled', 7000]);
});

test('a connection that breaks after Azure took the request leads to no second write', async () => {
  await using azure = await startAzureUnderTest();
  const run = runRef();
  const create = () => createNetwork(networkSettings, toolsOf(azure.adapter()), contextOf(run));
  azure.lab.faults.add({ kind: 'dropAfterAccept', method: 'PUT', type: 'Microsoft.Network/virtualNetworks' });
  assert.equal((await failureOf(create())).code, 'AzureUnavailable');
  await create();
  assert.equal(azure.count('PUT', createIds(run).network), 1);
});

test('an operation that vanishes is decided by looking at the resource', async () => {
  await using azure = await startAzureUnderTest();
  const run = runRef();
  azure.lab.faults.add({ kind: 'loseOperation', method: 'PUT', type: 'Microsoft.Network/virtualNetworks' });
  await createNetwork(networkSettings, toolsOf(azure.adapter()), contextOf(run));
  assert.equal(azure.count('PUT', createIds(run).network), 1);
});

test('a failed creation of an interface is written again by the next try', async () => {
  await using azure = await startAzureUnderTest();
  const run = runRef();
  const tools = toolsOf(azure.adapter());
  azure.lab.faults.add({
    kind: 'failOperation',
    method: 'PUT',
    type: 'Microsoft.Network/networkInterfaces',
    code: 'InternalServerError',
  });
  assert.equal((await failureOf(makeGround(tools, () => contextOf(run)))).code, 'AzureUnavailable');
  const { nic } = await makeGround(tools, () => contextOf(run));
  assert.match(nic.facts?.sourceAddress ?? '', /^192\.168\.1\./);
  assert.deepEqual(await findApply('createInterface')({}, tools, contextOf(run)), nic);
});

test('what is still in use is refused with InUse, which passes', async () => {
  await using azure = await startAzureUnderTest();
  const run = runRef();
  const tools = toolsOf(azure.adapter());
  await makeAll(tools, () => contextOf(run));
  assert.equal(
    (await failureOf(findUndo('deleteInterface')({ id: createIds(run).interface }, tools, contextOf(run)))).code,
    'InUse',
  );
  assert.equal((await failureOf(deleteNetwork({ id: createIds(run).network }, tools, contextOf(run)))).code, 'InUse');
});
