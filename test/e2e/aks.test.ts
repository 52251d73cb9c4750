/** The whole mission where Calico is as AKS installs it: its storage and no API, as v3.31 and as v3.32 keep it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Flavour } from '../../lab/calico/flavours.ts';
import { cluster } from '../../lab/scope.ts';
import { sweepWorkflowType, taskQueue } from '../../src/contract/messages.ts';
import type { SweepResult } from '../../src/contract/sweep.ts';
import { listDifferences, readState } from '../support/lab-state.ts';
import { startWorld, type World } from './world.ts';
import { awaitEnd, awaitStage, expectAllProved, listVerdicts, startRun, waitUntil } from './world-runs.ts';

const storage = 'crd.projectcalico.org/v1';

async function open(t: TestContext, calico: Flavour): Promise<World> {
  const world = await startWorld({ calico });
  t.after(() => world.stop());
  await world.startWorker();
  return world;
}

test('on AKS-managed Calico a run proves everything, says which API it used, and leaves all as it was', {
  timeout: 300_000,
}, async (t) => {
  const world = await open(t, 'aks');
  const before = await readState(world.lab);
  const { report, failed } = await awaitEnd(await startRun(world, { secondNode: { when: 'always' } }));
  assert.deepEqual(
    [failed, report.outcome, listVerdicts(report)],
    [undefined, 'PASS', expectAllProved({ secondNode: true })],
  );
  assert.deepEqual([report.calico?.api, report.calico?.version], [storage, 'v3.31.7']);
  assert.equal(report.warnings.filter((warning) => warning.includes(`follows ${storage}`)).length, 1);
  assert.deepEqual(listDifferences(before, await readState(world.lab)), {});

  await t.test('doctor has no problem there', async () => {
    const { code, stdout } = await world.hepflow('doctor', '--file', 'examples/run.yaml');
    assert.equal(code, 0, stdout);
    assert.match(stdout, /calico#6412/);
  });
  await t.test('kubectl takes the names that commands by hand have there, and no short ones', async () => {
    for (const plural of ['globalnetworkpolicies', 'hostendpoints', 'felixconfigurations'])
      assert.equal((await world.kubectl('get', `${plural}.crd.projectcalico.org`)).code, 0);
    const patch = ['kubecontrollersconfigurations.crd.projectcalico.org', 'default', '--type=merge', '-p', '{}'];
    assert.equal((await world.kubectl('patch', ...patch)).code, 0);
    assert.notEqual((await world.kubectl('get', 'heps')).code, 0);
  });
  await t.test('what a terminated run left is found by the sweep, and removed', async () => {
    const handle = await startRun(world, { secondNode: { when: 'on-signal', waitMs: 100_000 } });
    await awaitStage(handle, 'waiting');
    await handle.terminate('on purpose');
    const spec = { ...place, olderThanMs: 0 };
    const swept = async (): Promise<SweepResult> =>
      await world.client.workflow.execute(sweepWorkflowType, { taskQueue, workflowId: 'sweep', args: [spec] });
    const { found } = await swept();
    const objects = found.flatMap(({ what }) => (/GlobalNetworkPolicy|autoCreate/.test(what) ? what : []));
    assert.deepEqual(objects, [
      'GlobalNetworkPolicy default.frontend-nodeport-access',
      'autoCreate of KubeControllersConfiguration default',
    ]);
    await waitUntil(
      'all is as it was',
      async () => Object.keys(listDifferences(before, await readState(world.lab))).length === 0,
    );
  });
});
const { subscriptionId, resourceGroup, name } = cluster;
const place = { subscriptionId, resourceGroup, cluster: name };

test('as v3.32 keeps its storage a run proves everything too', { timeout: 300_000 }, async (t) => {
  const world = await open(t, 'aks-3.32');
  const before = await readState(world.lab);
  const { report, failed } = await awaitEnd(await startRun(world, { secondNode: { when: 'never' } }));
  assert.deepEqual(
    [failed, report.outcome, listVerdicts(report)],
    [undefined, 'PASS', expectAllProved({ secondNode: false })],
  );
  assert.deepEqual(listDifferences(before, await readState(world.lab)), {});
});
