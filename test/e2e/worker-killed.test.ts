import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { failures } from '../../src/contract/failures.ts';
import { labelNode2Signal, sweepWorkflowType, taskQueue } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import type { SweepResult } from '../../src/contract/sweep.ts';
import { startWorld, type WorkerProcess, type World } from './world.ts';
import {
  awaitEnd,
  awaitStage,
  buildSpec,
  expectAllProved,
  listVerdicts,
  queryProgress,
  startRun,
  waitUntil,
} from './world-runs.ts';

const machines = 'Microsoft.Compute/virtualMachines';
let world: World;
let stateBefore: unknown;
let seen = 0;
const workers = new Set<WorkerProcess>();

before(async () => {
  world = await startWorld();
});
after(() => world?.stop());
beforeEach(async () => {
  seen = world.lab.azure.requests().length;
  stateBefore = await world.state();
});
afterEach(async () => {
  world.lab.azure.faults.clear();
  for (const worker of workers) await worker.kill();
  workers.clear();
});

async function startWorker(env: Record<string, string> = {}): Promise<WorkerProcess> {
  const worker = await world.startWorker(env);
  workers.add(worker);
  return worker;
}

/** The VM's creation takes this much longer. */
const slowVm = (delayMs: number): void =>
  world.lab.azure.faults.add({ kind: 'slowPeering', type: machines, method: 'PUT', delayMs });

/** Requests of this test that were sent for a VM itself, with their status; 0: not answered yet. */
const sentForVm = (method: string): number[] =>
  world.lab.azure
    .requests()
    .slice(seen)
    .filter((request) => request.method === method && /\/virtualMachines\/[^/]+$/.test(request.path))
    .map(({ status }) => status);

/** Whether the step has told Temporal how to go on with its operation in Azure. */
async function hasHeartbeaten(handle: WorkflowHandle, step: string): Promise<boolean> {
  const { raw } = await handle.describe();
  const pending = raw.pendingActivities?.find(({ activityType }) => activityType?.name === step);
  return JSON.stringify(
    pending?.heartbeatDetails?.payloads?.map(({ data }) => Buffer.from(data ?? []).toString()) ?? [],
  ).includes('operationLocation');
}

async function isAsBefore(): Promise<void> {
  assert.deepEqual(await world.state(), stateBefore);
}

test('a worker killed while Azure makes the VM is followed by another one that goes on with the same VM (W9)', {
  timeout: 300_000,
}, async () => {
  const first = await startWorker();
  slowVm(4000);
  const handle = await startRun(world, { secondNode: { when: 'always' } });
  await waitUntil(
    'the VM is under way',
    async () => sentForVm('PUT').includes(201) && (await hasHeartbeaten(handle, 'createVm')),
  );
  await first.kill();
  assert.equal((await progressOfPending(handle)).attempt, 1);

  await startWorker();
  const { report, failed } = await awaitEnd(handle);
  assert.equal(failed, undefined);
  assert.equal(report.outcome, 'PASS');
  assert.deepEqual(listVerdicts(report), expectAllProved({ secondNode: true }));
  assert.deepEqual(sentForVm('PUT'), [201]);
  assert.equal(report.steps.find(({ name }) => name === 'createVm')?.attempts, 2);
  assert.deepEqual(report.leftovers, []);
  await isAsBefore();
});

/** The VM's creation as the server sees it while nobody works on it. */
async function progressOfPending(handle: WorkflowHandle): Promise<{ attempt: number }> {
  const { raw } = await handle.describe();
  const pending = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'createVm');
  assert.ok(pending, 'createVm is no longer pending');
  return { attempt: pending.attempt ?? 0 };
}

test('a worker that is told to stop lets its steps end, exits 0, and another one finishes the run', {
  timeout: 300_000,
}, async () => {
  const first = await startWorker();
  slowVm(1500);
  const handle = await startRun(world, { secondNode: { when: 'never' } });
  await waitUntil('the VM is under way', () => sentForVm('PUT').includes(201));
  const toldAt = Date.now();
  const exit = first.terminate();
  await startWorker();
  assert.equal(await exit, 0);
  assert.ok(Date.now() - toldAt < 60_000, `it took ${Date.now() - toldAt} ms`);

  const { report, failed } = await awaitEnd(handle);
  assert.equal(failed, undefined);
  assert.equal(report.outcome, 'PASS');
  assert.deepEqual(listVerdicts(report), expectAllProved({ secondNode: false }));
  assert.deepEqual(sentForVm('PUT'), [201]);
  assert.deepEqual(
    report.steps.filter(({ attempts }) => attempts !== 1).map(({ name }) => name),
    [],
    'a step was cut short',
  );
  await isAsBefore();
});

/** A worker whose secret is not the one of the lab's other workers. */
/**
 * Marks of another secret prove nothing (W14): what the run had made is listed with its commands. A worker that has the
 * secret proves them, and a sweep takes all of it back.
 */
async function isSweptByFirstSecret({ leftovers }: Report, stranger: WorkerProcess): Promise<void> {
  assert.ok(leftovers.length > 5, JSON.stringify(leftovers));
  assert.deepEqual(new Set(leftovers.map(({ reason }) => reason)), new Set(['conflict']));
  assert.ok(leftovers.every(({ command }) => /^(az|kubectl) /.test(command)));
  await stranger.kill();
  await startWorker();
  const { subscriptionId, resourceGroup, cluster } = await buildSpec();
  const sweep = { subscriptionId, resourceGroup, cluster, olderThanMs: 0 };
  const options = { taskQueue, workflowId: `sweep-${randomBytes(4).toString('hex')}`, args: [sweep] };
  const { left } = (await world.client.workflow.execute(sweepWorkflowType, options)) as SweepResult;
  assert.equal(left, 0);
  await isAsBefore();
}

async function startStranger(): Promise<WorkerProcess> {
  const file = join(world.lab.scope.directory, `strange-secret-${randomBytes(4).toString('hex')}`);
  await writeFile(file, randomBytes(32), { mode: 0o600 });
  return startWorker({ HEPFLOW_KEY_SECRET_FILE: file });
}

test('a worker with another secret refuses a VM that was made with the first one, and leaves what it cannot prove', {
  timeout: 300_000,
}, async () => {
  const first = await startWorker();
  slowVm(2000);
  const handle = await startRun(world);
  await waitUntil('the VM is accepted', () => sentForVm('PUT').includes(201));
  await first.kill();

  const stranger = await startStranger();
  const { report, failed } = await awaitEnd(handle);
  assert.equal(failed, 'WorkerSecretChanged');
  assert.equal(report.failure?.step, 'createVm');
  assert.match(report.failure?.remedy ?? '', /HEPFLOW_KEY_SECRET_FILE/);
  assert.deepEqual(sentForVm('PUT'), [201]);
  await isSweptByFirstSecret(report, stranger);
});

test('a worker with another secret cannot enter a VM that is in use, and leaves what it cannot prove', {
  timeout: 300_000,
}, async () => {
  const first = await startWorker();
  const handle = await startRun(world);
  await awaitStage(handle, 'waiting');
  await first.kill();

  const stranger = await startStranger();
  await handle.signal(labelNode2Signal);
  const { report, failed } = await awaitEnd(handle);
  // The host key is derived from the secret as well, and it is looked at first.
  assert.equal(failed, 'SshHostKeyChanged');
  assert.equal(report.failure?.remedy, failures.SshHostKeyChanged.remedy);
  assert.ok(
    report.warnings.some((warning) => /could not be probed/.test(warning)),
    JSON.stringify(report.warnings),
  );
  assert.equal((await queryProgress(handle)).stage, 'over');
  await isSweptByFirstSecret(report, stranger);
});
