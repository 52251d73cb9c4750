/** A region, a family's quota or an image may refuse a size: the next one is tried, and all refusals are told. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { VmInput } from '../../src/changes/vm/body.ts';
import { contextOf, failureOf, runRef, startAzureUnderTest, toolsOf } from '../support/azure.ts';
import { makeGround, vmSettings } from '../support/azure-steps.ts';
import { findApply } from '../support/changes.ts';

type Region = Parameters<Awaited<ReturnType<typeof startAzureUnderTest>>['lab']['changeRegion']>[0];

async function makeVm(region: Region, sizes: readonly string[] = vmSettings.sizes, resume?: unknown) {
  await using azure = await startAzureUnderTest();
  azure.lab.changeRegion(region);
  const tools = toolsOf(azure.adapter());
  const context = () => contextOf(runRef(), { resume });
  await makeGround(tools, context);
  const input = { ...vmSettings, sizes } satisfies VmInput;
  const made = findApply('createVm')(input, tools, context());
  const failure = await made.then(
    () => undefined,
    () => failureOf(made),
  );
  const found = failure === undefined ? (await made).found : undefined;
  return { found, failure, puts: azure.count('PUT', '-vm') };
}

describe('the next size is tried where', () => {
  for (const [why, region, sizes] of [
    ['the region does not offer the first one', { sizes: ['Standard_B2ats_v2', 'Standard_B1s'] }, undefined],
    ['the quota of its family is used up', { familyCores: { standardBsv2Family: 0 } }, undefined],
    ['it cannot boot an image of the second generation', {}, ['Standard_A1_v2', 'Standard_B2ats_v2']],
  ] as const)
    test(why, async () => {
      const { found, puts } = await makeVm(region, sizes);
      assert.deepEqual([found, puts], ['Standard_B2ats_v2', 2]);
    });
});

test('each for its own reason, all sizes refused are told with the reason of each', async () => {
  const { failure, puts } = await makeVm({
    sizes: ['Standard_B2ats_v2', 'Standard_B1s'],
    familyCores: { standardBasv2Family: 1, standardBSFamily: 0 },
  });
  assert.equal(puts, 3);
  assert.equal(failure?.code, 'QuotaExceeded');
  const told = failure?.message.split(' · ') ?? [];
  assert.match(told[0] ?? '', /Standard_B1s: .* exceeding approved standardBSFamily Cores quota.*Current Limit: 0/);
  assert.match(told[1] ?? '', /^Standard_B2ts_v2: InvalidParameter: The requested VM size Standard_B2ts_v2 is not/);
  assert.match(told[2] ?? '', /^Standard_B2ats_v2: OperationNotAllowed: .*standardBasv2Family/);
});

test('a size that another worker was refused is told as that', async () => {
  const id = `/subscriptions/${runRef().subscriptionId}/resourceGroups/${runRef().resourceGroup}/providers/Microsoft.Compute/virtualMachines/hepflow-${runRef().runId}-vm`;
  const resume = { verb: 'PUT', id, variant: 'Standard_B1s', config: {} };
  const { failure, puts } = await makeVm({ sizes: [] }, vmSettings.sizes, resume);
  assert.deepEqual([failure?.code, puts], ['SkuNotAvailable', 1]);
  assert.match(failure?.message ?? '', /Standard_B2ts_v2: refused in an earlier try/);
});
