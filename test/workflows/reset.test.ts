/** A run that was reset forgets what it did after that event: it looks for its own marks before it ends. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import type Long from 'long';
import { resolveSweep } from '../../src/config/sweep-spec.ts';
import type { UndoEntry } from '../../src/contract/change.ts';
import { labelNode2Signal } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import type { RunIdentity } from '../../src/contract/run.ts';
import type { Activities } from '../../src/contract/steps.ts';
import type { MarkedThing, SweepActivities } from '../../src/contract/sweep.ts';
import { type FakeBehaviour, fakeActivities, type Harness, spec, startHarness } from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness?.close());

const own = (name: string): UndoEntry => ({
  ...{ change: '', undo: 'deletePolicy', input: { name }, subject: name, moment: null },
  command: `kubectl delete globalnetworkpolicy ${name}`,
});

function thing(run: RunIdentity, name: string, change: Partial<MarkedThing> = {}): MarkedThing {
  return {
    ...{ what: name, id: name, runId: run.runId, owner: run.workflowId, runIs: 'alive', resourceGroup: 'g' },
    ...{ firstExecutionRunId: run.firstExecutionRunId, createdAt: null, expiresAt: null, ownership: 'proved' },
    ...{ undo: own(name), ...change },
  };
}

/** A run that waits for the second node, then begins again after its preflight, and ends. */
async function runReset(undo?: FakeBehaviour['undo']): Promise<{ report: Report; undone: string[]; looks: number }> {
  const fakes = fakeActivities(undo === undefined ? {} : { undo });
  let looks = 0;
  const sweeper: SweepActivities = {
    findLeftovers: async ({ run, input }) => {
      looks += 1;
      const others = [
        thing({ ...run, runId: 'ffffffffffffffff' }, 'of-another-run'),
        thing({ ...run, firstExecutionRunId: 'another' }, 'of-another-chain'),
        thing(run, 'not-signed', { ownership: 'unproved' }),
      ];
      const found = [thing(run, 'forgotten'), ...others];
      return { output: { sweep: resolveSweep(input.spec), found, warnings: [] }, attempts: 1 };
    },
  };
  const activities: Activities & SweepActivities = { ...fakes.activities, ...sweeper };
  const report = await harness.run({ activities }, spec, async (handle) => {
    const id = await findReset(handle);
    const { client, nativeConnection } = harness.env;
    const { runId } = await nativeConnection.workflowService.resetWorkflowExecution({
      namespace: client.options.namespace,
      workflowExecution: { workflowId: handle.workflowId },
      reason: 'a test',
      workflowTaskFinishEventId: id,
      requestId: randomUUID(),
    });
    const again = client.workflow.getHandle<() => Promise<Report>>(handle.workflowId, runId);
    await again.signal(labelNode2Signal);
    return again.result();
  });
  const undone = fakes.calls.flatMap(({ step, subject }) => (step === 'undo' ? [subject] : []));
  return { report, undone, looks };
}

/** The first workflow task that ended after preflight, once the run has gone on to a policy. */
async function findReset(handle: WorkflowHandle): Promise<Long> {
  for (;;) {
    const { events = [] } = await handle.fetchHistory();
    const types = events?.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
    if (!types?.includes('applyPolicy')) continue;
    const preflight = events?.findIndex((event) => event.activityTaskCompletedEventAttributes) ?? -1;
    const task = events?.slice(preflight).find((event) => event.workflowTaskCompletedEventAttributes);
    assert.ok(task?.eventId);
    return task.eventId;
  }
}

test('what a run made before a reset, and forgot, is undone by its signed marks alone', async () => {
  const { report, undone, looks } = await runReset();
  assert.equal(looks, 1);
  assert.deepEqual(report.leftovers, []);
  assert.equal(undone.at(-1), 'deletePolicy forgotten');
  assert.ok(!undone.some((subject) => /another|not-signed/.test(subject)), undone.join('; '));
});

test('what was forgotten and cannot be undone is reported with its command', async () => {
  const { report } = await runReset(({ subject }) =>
    subject === 'forgotten' ? { outcome: 'conflict', detail: 'changed by somebody' } : undefined,
  );
  assert.deepEqual(
    report.leftovers.map(({ what, command }) => [what, command]),
    [['deletePolicy forgotten', 'kubectl delete globalnetworkpolicy forgotten']],
  );
});
