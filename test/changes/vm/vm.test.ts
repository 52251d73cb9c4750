import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { createCloudConfig } from '../../../src/changes/vm/cloud-init.ts';
import { failures } from '../../../src/contract/failures.ts';
import { createIds } from '../../../src/ownership/names.ts';
import { until } from '../../../src/step/wait.ts';
import {
  type AzureUnderTest,
  contextOf,
  failureOf,
  runRef,
  startAzureUnderTest,
  toolsOf,
} from '../../support/azure.ts';
import { makeGround, undoAll, vmSettings } from '../../support/azure-steps.ts';
import { findApply, findUndo } from '../../support/changes.ts';
import { deriveKeysOf } from '../../support/keys.ts';

const createVm = findApply('createVm');
const deleteVm = findUndo('deleteVm');
const run = runRef();
const ids = createIds(run);
const vmType = 'Microsoft.Compute/virtualMachines';

async function readyForVm(azure: AzureUnderTest) {
  await makeGround(toolsOf(azure.adapter()), () => contextOf(run));
  return vmSettings;
}

/** Tries until it does not fail with something that passes, as the worker's retries would. */
const patiently = <T>(attempt: () => Promise<T>): Promise<T> =>
  until(contextOf(run, { signal: AbortSignal.timeout(10_000) }), async () => {
    try {
      return await attempt();
    } catch (error) {
      const { code } = await failureOf(Promise.reject(error));
      if (failures[code].retry === 'never') throw error;
      return undefined;
    }
  });

test('a create that was killed goes on in another process from what it saved: one VM, one PUT (W9)', async () => {
  await using azure = await startAzureUnderTest({ durations: { vm: 800 } });
  const input = await readyForVm(azure);
  const kill = new AbortController();
  const killed = contextOf(run, {
    signal: kill.signal,
    onBeat: () => killed.beats.length >= 3 && kill.abort(new Error('killed')),
  });
  await assert.rejects(async () => createVm(input, toolsOf(azure.adapter()), killed), /killed/);
  assert.equal(azure.booted.length, 0, 'it was killed before the VM was there');

  const saved: unknown = JSON.parse(JSON.stringify(killed.beats.at(-1)));
  const vm = await createVm(input, toolsOf(azure.adapter()), contextOf(run, { resume: saved }));
  assert.equal(vm.found, 'Standard_B2ts_v2');
  assert.equal(azure.count('PUT', ids.vm), 1);
  assert.equal(azure.booted.length, 1);
});

test('a create whose saved state was lost finds the VM under way and waits for it: one PUT (W9)', async () => {
  await using azure = await startAzureUnderTest({ durations: { vm: 800 } });
  const input = await readyForVm(azure);
  const kill = new AbortController();
  const killed = contextOf(run, { signal: kill.signal, onBeat: () => kill.abort(new Error('killed')) });
  await assert.rejects(async () => createVm(input, toolsOf(azure.adapter()), killed), /killed/);
  await createVm(input, toolsOf(azure.adapter()), contextOf(run));
  assert.equal(azure.count('PUT', ids.vm), 1);
  assert.equal(azure.booted.length, 1);
});

test('what a create remembers, returns and fails with holds no private key (W7)', async () => {
  await using azure = await startAzureUnderTest();
  const input = await readyForVm(azure);
  azure.lab.faults.add({ kind: 'failOperation', method: 'PUT', type: vmType, code: 'OSProvisioningTimedOut' });
  const context = contextOf(run);
  const failure = await failureOf(createVm(input, toolsOf(azure.adapter()), context));
  azure.lab.faults.add({ kind: 'conflict', method: 'PUT', type: vmType, code: 'QuotaExceeded' });
  const refused = await failureOf(createVm(input, toolsOf(azure.adapter()), context));
  const output = await patiently(() => createVm(input, toolsOf(azure.adapter()), context));
  const { client, host } = toolsOf(azure.adapter()).keysOf(run);
  const deep = { depth: 12, showHidden: true, customInspect: false, maxStringLength: null };
  const everything = `${JSON.stringify([context.beats, output])} ${inspect([failure, refused], deep)}`;
  const cloudInit = Buffer.from(createCloudConfig(host)).toString('base64');
  const secrets = [...client.privateKey.split('\n'), ...host.privateKey.split('\n'), cloudInit.slice(400, 480)].filter(
    (each) => each.length > 20,
  );
  for (const each of secrets) assert.ok(!everything.includes(each));
  assert.doesNotMatch(everything, /PRIVATE KEY|customData|Bearer/);
  assert.deepEqual(output, { found: 'Standard_B2ts_v2' });
});

test('a VM whose creation failed is deleted first, then made again', async () => {
  await using azure = await startAzureUnderTest();
  const input = await readyForVm(azure);
  azure.lab.faults.add({ kind: 'failOperation', method: 'PUT', type: vmType, code: 'OSProvisioningTimedOut' });
  const attempt = () => createVm(input, toolsOf(azure.adapter()), contextOf(run));
  assert.equal((await failureOf(attempt())).code, 'AzureFailed');
  const vm = await patiently(attempt);
  assert.equal(vm.found, 'Standard_B2ts_v2');
  assert.equal(azure.count('DELETE', ids.vm), 1);
});

test('a size that is not available gives way to the next one', async () => {
  await using azure = await startAzureUnderTest();
  const input = await readyForVm(azure);
  azure.lab.faults.add({ kind: 'conflict', method: 'PUT', type: vmType, code: 'SkuNotAvailable' });
  const vm = await createVm(input, toolsOf(azure.adapter()), contextOf(run));
  assert.equal(vm.found, 'Standard_B2ats_v2');
});

test('a size without capacity gives way to the next one, while the interface stays reserved', async () => {
  await using azure = await startAzureUnderTest({ durations: { interfaceReservation: 600 } });
  const input = await readyForVm(azure);
  azure.lab.faults.add({ kind: 'failOperation', method: 'PUT', type: vmType, code: 'AllocationFailed' });
  let resume: unknown;
  const vm = await patiently(() => {
    const remember = (state: unknown): void => {
      if (state !== undefined) resume = structuredClone(state);
    };
    const context = contextOf(run, { resume, onBeat: remember });
    return createVm(input, toolsOf(azure.adapter()), context);
  });
  assert.equal(vm.found, 'Standard_B2ats_v2');
  assert.equal(azure.booted.length, 1);
});

test('when no size is to be had the run is told SkuNotAvailable, which is final', async () => {
  await using azure = await startAzureUnderTest();
  const input = await readyForVm(azure);
  azure.lab.faults.add({ kind: 'conflict', method: 'PUT', type: vmType, code: 'SkuNotAvailable', times: 'always' });
  assert.equal((await failureOf(createVm(input, toolsOf(azure.adapter()), contextOf(run)))).code, 'SkuNotAvailable');
  assert.equal(azure.count('PUT', ids.vm), input.sizes.length);
});

test('a VM that was created with the keys of another secret is refused: WorkerSecretChanged', async () => {
  await using azure = await startAzureUnderTest();
  const input = await readyForVm(azure);
  await createVm(input, toolsOf(azure.adapter()), contextOf(run));
  const other = createHash('sha256').update('another secret').digest();
  const failure = await failureOf(
    createVm(
      input,
      toolsOf(azure.adapter(), ({ runId }) => deriveKeysOf(other, runId)),
      contextOf(run),
    ),
  );
  assert.equal(failure.code, 'WorkerSecretChanged');
});

test('a VM that is still being made is deleted all the same, with its disk, and nothing is left (W2)', async () => {
  await using azure = await startAzureUnderTest({ durations: { vm: 500 } });
  const before = azure.lab.inventory();
  const input = await readyForVm(azure);
  const stop = new AbortController();
  const stopped = contextOf(run, { signal: stop.signal, onBeat: () => stop.abort(new Error('cancelled')) });
  await assert.rejects(async () => createVm(input, toolsOf(azure.adapter()), stopped), /cancelled/);
  const tools = toolsOf(azure.adapter());
  await patiently(async () => deleteVm({ id: ids.vm, osDiskId: ids.osDisk }, tools, contextOf(run)));
  assert.equal(await tools.azure.virtualMachines.get(ids.vm), undefined);
  assert.equal(await tools.azure.disks.get(ids.osDisk), undefined);
  await patiently(async () => undoAll(run, tools, () => contextOf(run)));
  assert.deepEqual(azure.lab.inventory(), before);
});

test('a disk that its VM left behind is deleted, and one without our mark is left alone (W6)', async () => {
  await using azure = await startAzureUnderTest();
  const before = azure.lab.inventory();
  const tools = toolsOf(azure.adapter());
  const input = await readyForVm(azure);
  azure.lab.faults.add({ kind: 'failOperation', method: 'PUT', type: vmType, code: 'OSProvisioningTimedOut' });
  await failureOf(createVm(input, tools, contextOf(run)));
  const other = runRef('ffffffff');
  const foreign = await deleteVm({ id: ids.vm, osDiskId: ids.osDisk }, tools, contextOf(other));
  assert.equal(foreign.outcome, 'conflict');
  await patiently(async () => undoAll(run, tools, () => contextOf(run)));
  assert.deepEqual(azure.lab.inventory(), before);
});
