import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WorkerStatus } from '@temporalio/worker';
import { serveHealth } from '../../src/worker/health.ts';

const status = (runState: WorkerStatus['runState']) =>
  ({ runState, numInFlightActivities: 2, numInFlightWorkflowActivations: 1 }) as WorkerStatus;

test('health is 200 while the worker polls, and 503 from the moment it drains', async () => {
  let state: WorkerStatus['runState'] = 'RUNNING';
  const health = await serveHealth('127.0.0.1:0', () => status(state));
  try {
    const polling = await fetch(`http://${health.address}/healthz`);
    assert.equal(polling.status, 200);
    assert.deepEqual(await polling.json(), { healthy: true, state: 'RUNNING', activities: 2, workflowTasks: 1 });
    state = 'DRAINING';
    const draining = await fetch(`http://${health.address}/healthz`);
    assert.equal(draining.status, 503);
    assert.equal(((await draining.json()) as { state: string }).state, 'DRAINING');
    assert.equal((await fetch(`http://${health.address}/other`)).status, 404);
  } finally {
    await health.close();
  }
});

test('an address that is taken is refused, not ignored', async () => {
  const first = await serveHealth('127.0.0.1:0', () => status('RUNNING'));
  try {
    await assert.rejects(
      serveHealth(first.address, () => status('RUNNING')),
      /EADDRINUSE/,
    );
  } finally {
    await first.close();
  }
});
