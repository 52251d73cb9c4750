/** One run per cluster at a time, on the real lab. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { labelNode2Signal } from '../../src/contract/messages.ts';
import { WorkerUnderTest } from '../support/worker-under-test/worker.ts';
import { startWorld, type World } from './world.ts';
import { awaitEnd, awaitStage, type End, expectAllProved, listVerdicts, startRun, waitUntil } from './world-runs.ts';

interface Lease {
  readonly spec: { readonly holderIdentity: string; readonly acquireTime: string };
}

let world: World;
let worker: WorkerUnderTest;
let pristine: unknown;
before(async () => {
  world = await startWorld();
  worker = await WorkerUnderTest.start(world.lab.environment);
  pristine = await world.state();
});
after(async () => {
  await worker?.kill();
  await world?.stop();
});
afterEach(async () => {
  assert.deepEqual(await world.state(), pristine);
  assert.equal(await leaseNow(), undefined); // states are compared without leases
});

async function leaseNow(): Promise<Lease | undefined> {
  const { items } = await world.lab.cluster.api.read<{ items: readonly (Lease & { metadata: { name: string } })[] }>(
    '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases',
  );
  return items.find(({ metadata }) => metadata.name === 'hepflow');
}

const identityOf = async (handle: WorkflowHandle): Promise<string> => {
  const { workflowId, runId } = await handle.describe();
  return `default/${workflowId}/${runId}`;
};

function assertPassed({ failed, report }: End, secondNode: boolean): void {
  assert.equal(failed, undefined, report.summary);
  assert.equal(report.outcome, 'PASS', report.summary);
  assert.deepEqual(listVerdicts(report), expectAllProved({ secondNode }));
  assert.deepEqual(report.leftovers, []);
}

test('a second run is refused with the holder of the cluster, and changes nothing; the first goes on', {
  timeout: 180_000,
}, async () => {
  const first = await startRun(world);
  await awaitStage(first, 'waiting');
  const lease = await leaseNow();
  assert.equal(lease?.spec.holderIdentity, await identityOf(first));
  const stateOfFirst = await world.state();

  const { failed, report } = await awaitEnd(await startRun(world));
  assert.equal(failed, 'PreflightFailed');
  const [held, ...more] = report.failure?.problems ?? [];
  assert.deepEqual([held?.code, more], ['ClusterHeld', []], 'nothing that only follows from it');
  for (const told of [first.workflowId, lease?.spec.acquireTime ?? '?', 'is under way'])
    assert.ok(held?.message.includes(told), held?.message);
  assert.match(held?.remedy ?? '', /hepflow cancel/);
  assert.deepEqual(
    report.steps.map(({ name }) => name),
    ['preflight'],
  );
  assert.deepEqual(await world.state(), stateOfFirst);
  assert.deepEqual(await leaseNow(), lease);

  await first.signal(labelNode2Signal);
  assertPassed(await awaitEnd(first), true);
});

test('of two runs started at once one proves everything, and the other changes nothing', {
  timeout: 180_000,
}, async () => {
  const handles = await Promise.all([
    startRun(world, { secondNode: { when: 'never' } }),
    startRun(world, { secondNode: { when: 'never' } }),
  ]);
  const ends = await Promise.all(handles.map(awaitEnd));
  const [winner, loser] = ends.toSorted((a, b) => Number(a.failed !== undefined) - Number(b.failed !== undefined));
  assert.ok(winner && loser);
  assertPassed(winner, false);
  assert.ok(
    loser.failed === 'ClusterHeld' || loser.report.failure?.problems.some(({ code }) => code === 'ClusterHeld'),
    loser.report.summary,
  );
  assert.ok(loser.report.summary.includes(winner.report.workflowId), loser.report.summary);
  for (const { name } of loser.report.steps)
    assert.ok(['preflight', 'holdCluster', 'releaseCluster'].includes(name), name);
});

test('what a terminated run holds is taken over by the next one, whose report says so', {
  timeout: 180_000,
}, async () => {
  await worker.order({ act: 'hold', step: 'holdCluster', nth: 1 });
  const stopped = worker.stopped();
  const terminated = await startRun(world);
  await stopped;
  const cancelled = worker.cancelled();
  worker.goOn();
  await waitUntil('the run holds the cluster', async () => (await leaseNow()) !== undefined);
  const identity = await identityOf(terminated);
  await terminated.terminate('test');
  await cancelled;
  assert.equal((await leaseNow())?.spec.holderIdentity, identity);

  await worker.order({ act: 'nothing' });
  const end = await awaitEnd(await startRun(world, { secondNode: { when: 'never' } }));
  assertPassed(end, false);
  assert.ok(
    end.report.warnings.some((warning) => warning.includes(identity) && /took over/.test(warning)),
    end.report.warnings.join(' '),
  );
});
