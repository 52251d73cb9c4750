/** One run per cluster at a time, as the workflow sees it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { Report } from '../../src/contract/report.ts';
import type { ChangeInput, UndoInput } from '../../src/contract/steps.ts';
import { failAs, fakeActivities, type Harness, spec, startHarness } from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness?.close());

const never = { ...spec, secondNode: { when: 'never' } };

test('a run that finds the cluster held ends with ClusterHeld, having attempted nothing but to hold it (W1)', async () => {
  const fakes = fakeActivities({
    before: (step) => (step === 'holdCluster' ? failAs('ClusterHeld', 'held by run 12345678 since noon') : undefined),
  });
  const error = await harness.run(fakes, never, (handle) => handle.result().catch((error: unknown) => error));
  assert.ok(error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure, String(error));
  assert.equal(error.cause.type, 'ClusterHeld');
  const report = error.cause.details?.[0] as Report;
  assert.match(report.summary, /held by run 12345678 since noon/);
  assert.match(report.failure?.remedy ?? '', /hepflow cancel/);
  assert.deepEqual(
    fakes.calls.map(({ step, subject }) => `${step} ${subject}`.trim()),
    ['preflight', 'holdCluster', 'undo releaseCluster lease kube-system/hepflow'],
  );
});

test('the holder names Temporal namespace, workflow and first run; it is the same when holding, when releasing and in preflight', async () => {
  const fakes = fakeActivities();
  const expected = await harness.run(fakes, never, async (handle) => {
    await handle.result();
    const { workflowId, raw } = await handle.describe();
    return `default/${workflowId}/${raw.workflowExecutionInfo?.firstRunId}`;
  });
  const holders = fakes.calls.flatMap(({ step, input }) => {
    const given =
      step === 'undo'
        ? (input as UndoInput).entries.find(({ undo }) => undo === 'releaseCluster')?.input
        : step === 'holdCluster'
          ? (input as ChangeInput).change
          : (input as object);
    return given !== undefined && 'holder' in given ? [given.holder] : [];
  });
  assert.deepEqual(holders, [expected, expected, expected]);
});

test('whom a run took the cluster over from is a warning of its report', async () => {
  const report = await harness.run(fakeActivities({ takenOverFrom: 'default/gone/1' }), never, (handle) =>
    handle.result(),
  );
  assert.equal(report.outcome, 'PASS');
  assert.equal(
    report.warnings.filter((warning) => /still held by default\/gone\/1.*took over/.test(warning)).length,
    1,
  );
});
