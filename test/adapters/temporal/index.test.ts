/** Judged by a real Temporal server with the real workflow. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Connection, type WorkflowHandle } from '@temporalio/client';
import { createTemporal, type Temporal } from '../../../src/adapters/temporal/index.ts';
import { type Progress, progressQuery, workflowType } from '../../../src/contract/messages.ts';
import { fakeActivities, type Harness, spec, startHarness } from '../../workflows/harness.ts';

const hourMs = 60 * 60 * 1000;
const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * hourMs);
const now = hoursAgo(0);

let harness: Harness;
let temporal: Temporal;
before(async () => {
  harness = await startHarness();
  temporal = createTemporal({
    connection: harness.env.nativeConnection,
    namespace: 'default',
    requestTimeoutMs: 10_000,
  });
});
after(() => harness?.close());

const waitingForNode2 = async (handle: WorkflowHandle): Promise<void> => {
  while ((await handle.query<Progress>(progressQuery)).stage !== 'waiting')
    await new Promise((resolve) => setTimeout(resolve, 20));
};

test('a run is not over while it waits, nor when a reset goes on with it, but is when it was terminated', async () => {
  await harness.run(fakeActivities(), { ...spec, secondNode: { when: 'on-signal' } }, async (handle) => {
    await waitingForNode2(handle as unknown as WorkflowHandle);
    const { workflowId, runId } = await handle.describe();
    assert.equal(await temporal.isOver(workflowId, runId, now), false);

    const { events } = await handle.fetchHistory();
    const lastTask = events?.findLast(({ workflowTaskCompletedEventAttributes: task }) => task)?.eventId;
    assert.ok(lastTask);
    const execution = { workflowId, runId };
    const reset = {
      namespace: 'default',
      workflowExecution: execution,
      reason: 'test',
      workflowTaskFinishEventId: lastTask,
      requestId: randomUUID(),
    };
    const { runId: next } = await harness.env.connection.workflowService.resetWorkflowExecution(reset);
    assert.notEqual(next, runId);
    assert.equal((await harness.env.client.workflow.getHandle(workflowId, runId).describe()).status.name, 'TERMINATED');
    assert.equal(await temporal.isOver(workflowId, runId, hoursAgo(1000)), false, 'the reset run goes on');

    await harness.env.client.workflow.getHandle(workflowId).terminate('test');
    assert.equal(await temporal.isOver(workflowId, runId, now), true);
  });
});

test('of a run whose workflow task fails again and again it is told why; not of one that waits, or has no worker', async () => {
  await harness.run(fakeActivities(), { ...spec, secondNode: { when: 'on-signal' } }, async (handle) => {
    await waitingForNode2(handle as unknown as WorkflowHandle);
    const { workflowId, runId, taskQueue } = await handle.describe();
    assert.equal(await temporal.findTrouble(workflowId, runId), undefined);

    const { client } = harness.env;
    const stuck = await client.workflow.start('nobodyKnowsThis', { taskQueue, workflowId: `stuck-${randomUUID()}` });
    let trouble: string | undefined;
    while (trouble === undefined) trouble = await temporal.findTrouble(stuck.workflowId, stuck.firstExecutionRunId);
    assert.match(trouble, /^its workflow task has failed \d+ times in a row \(.*nobodyKnowsThis/);
    assert.equal(await temporal.isOver(stuck.workflowId, stuck.firstExecutionRunId, now), false);
    await stuck.terminate();

    const lonely = await client.workflow.start(workflowType, {
      taskQueue: 'nobody',
      workflowId: `lonely-${randomUUID()}`,
    });
    assert.equal(await temporal.findTrouble(lonely.workflowId, lonely.firstExecutionRunId), undefined);
    await lonely.terminate();
    await client.workflow.getHandle(workflowId).terminate();
  });
});

test('a run is over when a later run has its workflow id', async () => {
  const { client } = harness.env;
  const start = { taskQueue: 'nobody', workflowId: `again-${randomUUID()}`, args: [spec] };
  const first = await client.workflow.start(workflowType, start);
  await client.workflow.getHandle(start.workflowId).terminate();
  const second = await client.workflow.start(workflowType, start);
  assert.equal(await temporal.isOver(start.workflowId, first.firstExecutionRunId, now), true);
  assert.equal(await temporal.isOver(start.workflowId, second.firstExecutionRunId, now), false);
  await client.workflow.getHandle(start.workflowId).terminate();
});

test('an unknown run is over only when it is older than all that Temporal may have forgotten', async () => {
  assert.equal(await temporal.isOver('nobody', randomUUID(), now), 'unknown');
  assert.equal(await temporal.isOver('nobody', randomUUID(), hoursAgo(20)), 'unknown');
  assert.equal(await temporal.isOver('nobody', randomUUID(), hoursAgo(24 * 40)), true);
});

test('nothing is known of a run id that cannot be one, nor when Temporal does not answer', async () => {
  assert.equal(await temporal.isOver('nobody', 'not a run id', now), 'unknown');
  const nowhere = Connection.lazy({ address: '127.0.0.1:1', connectTimeout: 500 });
  try {
    const unreachable = createTemporal({ connection: nowhere, namespace: 'default', requestTimeoutMs: 1000 });
    assert.equal(await unreachable.isOver('nobody', randomUUID(), hoursAgo(24 * 40)), 'unknown');
  } finally {
    await nowhere.close();
  }
});
