/** Policies that require tags are met by vm.tags, on everything that a run makes; hepflow's own marks stay its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveMission } from '../../src/config/run-spec.ts';
import type { RunRef } from '../../src/contract/run.ts';
import { createTags } from '../../src/ownership/marks.ts';
import { createIds } from '../../src/ownership/names.ts';
import { azureVm } from '../../src/vantage/azure-vm/index.ts';
import { clusterVnetId, contextOf, runRef, startAzureUnderTest, subscriptionId, toolsOf } from '../support/azure.ts';
import { undoAll } from '../support/azure-steps.ts';
import { draftChange, findApply } from '../support/changes.ts';

const tags = { 'cost-center': '4711', Team: 'Netze & Söhne', empty: '' };
const spec = { subscriptionId, resourceGroup: 'hepflow-lab', cluster: 'lab' };

/** The changes that a vantage with these tags plans. */
function planChanges(run: RunRef, own: Readonly<Record<string, string>>) {
  const mission = resolveMission({ ...spec, vm: { tags: own } });
  const site = { clusterVnetId } as Parameters<typeof azureVm.plan>[2]['site'];
  const { lanes } = azureVm.plan('vm', { kind: 'azureVm', ...mission.vm }, { run, site });
  return lanes.flatMap(({ parts }) => parts).flatMap(({ what }) => ('kind' in what ? [what] : []));
}

test('everything that carries tags carries those of the spec and of the run', async () => {
  await using azure = await startAzureUnderTest();
  const before = azure.lab.inventory();
  const run = runRef();
  const tools = toolsOf(azure.adapter());
  for (const change of planChanges(run, tags)) {
    const { step, input } = draftChange(change, run, { clusterVnetId });
    await findApply(step)(input, tools, contextOf(run));
  }
  const { network, publicIp, securityGroup, interface: nic, vm, osDisk } = createIds(run);
  for (const id of [network, publicIp, securityGroup, nic, vm, osDisk])
    assert.deepEqual(
      (await azure.byHand('GET', id))?.['tags'],
      { ...tags, ...createTags(run, id === osDisk ? vm : id, tools.signer) },
      id,
    );
  await undoAll(run, tools, () => contextOf(run));
  assert.deepEqual(azure.lab.inventory(), before);
});

test('without tags of its own a plan is as it was', () => {
  assert.ok(!JSON.stringify(planChanges(runRef(), {})).includes('tags'));
});
