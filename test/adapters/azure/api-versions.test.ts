/** Clouds that do not serve the newest versions of Azure's APIs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPipelineRequest } from '@azure/core-rest-pipeline';
import { pinApiVersions, sovereignApiVersions } from '../../../src/adapters/azure/api-versions.ts';
import { sovereignApiVersions as apiVersions } from '../../../src/adapters/azure/index.ts';
import type { Mission } from '../../../src/contract/mission.ts';
import { inspectAzure } from '../../../src/preflight/azure/index.ts';
import { contextOf, runRef, startAzureUnderTest, subscriptionId, toolsOf } from '../../support/azure.ts';
import { makeAll, undoAll } from '../../support/azure-steps.ts';

/** As recorded of China in March 2026. */
const newestApi = {
  'Microsoft.Network': '2025-05-01',
  'Microsoft.Compute': '2025-04-01',
  'Microsoft.Compute/disks': '2025-01-02',
  'Microsoft.ContainerService': '2025-02-01',
};
const mission = {
  ...{ subscriptionId, resourceGroup: 'hepflow-lab', cluster: 'lab' },
  vm: { resourceGroup: 'hepflow-lab', addressSpace: '192.168.0.0/16' },
} as Mission;

test('with the versions of sovereign clouds preflight, a whole run and its undo pass there', async () => {
  await using azure = await startAzureUnderTest();
  azure.lab.changeRegion({ newestApi });
  const before = azure.lab.inventory();
  const tools = toolsOf(azure.adapter({ apiVersions }));
  assert.deepEqual((await inspectAzure(mission, tools)).problems, []);
  await makeAll(tools, () => contextOf(runRef()));
  await undoAll(runRef(), tools, () => contextOf(runRef()));
  assert.deepEqual(azure.lab.inventory(), before);
});

test('with those of the packages preflight says that the cloud does not serve them, and names which it does', async () => {
  await using azure = await startAzureUnderTest();
  azure.lab.changeRegion({ newestApi });
  const { problems } = await inspectAzure(mission, { azure: azure.adapter() });
  assert.deepEqual(
    problems.map(({ code, field }) => [code, field]),
    [['ApiNotServed', 'cluster']],
  );
  assert.match(problems[0]?.message ?? '', /for type 'managedClusters'.* supported api-versions are '2025-02-01'/);
});

const group = 'https://arm/subscriptions/s/resourceGroups/g';
for (const [url, pinned] of [
  [`${group}?api-version=2025-11-01`, `${group}?api-version=2021-04-01`],
  [
    `${group}/providers/Microsoft.Compute/disks/d?x=1&api-version=2026-03-02`,
    `${group}/providers/Microsoft.Compute/disks/d?x=1&api-version=2025-01-02`,
  ],
  [
    `${group}/providers/microsoft.compute/virtualMachines/v?api-version=2026-04-01`,
    `${group}/providers/microsoft.compute/virtualMachines/v?api-version=2025-04-01`,
  ],
  [
    `${group}/providers/Microsoft.Network/virtualNetworks/v/providers/Microsoft.Authorization/locks?api-version=1`,
    null,
  ],
  ['https://arm/subscriptions/s/providers/Microsoft.Network/locations/l/operations/o?api-version=1&t=2&s=3', null],
] as const)
  test(`${url.slice(11)} ${pinned === null ? 'keeps its version' : 'asks for the pinned version'}`, async () => {
    const request = createPipelineRequest({ url });
    const next = () => Promise.reject(new Error('not sent'));
    await assert.rejects(pinApiVersions(sovereignApiVersions).sendRequest(request, next));
    assert.equal(request.url, pinned ?? url);
  });
