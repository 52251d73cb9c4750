import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import {
  finishSignal,
  labelNode2Signal,
  labelNode2Update,
  type Progress,
  progressQuery,
} from '../../src/contract/messages.ts';
import type { Verdict } from '../../src/contract/verdict.ts';
import { failAs, fakeActivities, type Harness, spec, startHarness } from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness?.close());

const probes = (calls: ReturnType<typeof fakeActivities>['calls']) =>
  calls.filter(({ step }) => step === 'probe').map(({ subject }) => subject);

test('the signal labelNode2 during the wait adds the second node; sent twice it does nothing more', async () => {
  const fakes = fakeActivities();
  const report = await harness.run(fakes, spec, async (handle) => {
    await waiting(handle);
    await handle.signal(labelNode2Signal);
    await handle.signal(labelNode2Signal);
    return handle.result();
  });
  assert.deepEqual(probes(fakes.calls), ['baseline', 'enforced', 'second', 'restored']);
  assert.equal(report.steps.find(({ name }) => name === 'awaitSignal')?.outcome, 'done');
});

test('a mistyped signal is told beside the wait, which goes on', async () => {
  await harness.run(fakeActivities(), spec, async (handle) => {
    await waiting(handle);
    await handle.signal('labelnode2');
    const { steps } = await handle.query<Progress>(progressQuery);
    const wait = steps.find(({ name }) => name === 'awaitSignal');
    assert.match(
      wait?.detail ?? '',
      /^until 20.* UTC: signal labelNode2 or finish; nothing waits for signal labelnode2, which came$/,
    );
    await handle.signal(finishSignal);
    await handle.result();
  });
});

test('the update answers with the verdicts of the second node', async () => {
  await harness.run(fakeActivities(), spec, async (handle) => {
    const verdicts = await handle.executeUpdate<Verdict[], []>(labelNode2Update);
    assert.deepEqual([...new Set(verdicts.map(({ phase }) => phase))], ['second']);
    assert.ok(verdicts.every(({ verdict }) => verdict === 'PASS'));
    await handle.result();
  });
});

test('the update is refused with the reason when the spec says never', async () => {
  let refused = false;
  const fakes = fakeActivities({ before: (step) => (step === 'labelNode' ? waitFor(() => refused) : undefined) });
  await harness.run(fakes, { ...spec, secondNode: { when: 'never' } }, async (handle) => {
    while (!fakes.calls.some(({ step }) => step === 'labelNode')) await pause();
    await assert.rejects(
      handle.executeUpdate(labelNode2Update),
      (error: unknown) =>
        error instanceof WorkflowUpdateFailedError && /leaves phase second out/.test(error.cause?.message ?? ''),
    );
    refused = true;
    await handle.result();
  });
});

test('an update that waits while the run fails is answered with the reason', async () => {
  let asked = false;
  const fakes = fakeActivities({
    before: async (step) => {
      if (step !== 'applyPolicy') return;
      await waitFor(() => asked);
      failAs('KubernetesRefused', 'no such tier');
    },
  });
  await harness.run(fakes, spec, async (handle) => {
    const update = handle.startUpdate(labelNode2Update, { waitForStage: 'ACCEPTED' });
    await (await update).workflowId;
    asked = true;
    await assert.rejects((await update).result(), /failed/);
    await assert.rejects(handle.result());
  });
});

test('the signal finish ends the wait without the second node', async () => {
  const fakes = fakeActivities();
  await harness.run(fakes, spec, async (handle) => {
    await waiting(handle);
    await handle.signal(finishSignal);
    return handle.result();
  });
  assert.deepEqual(probes(fakes.calls), ['baseline', 'enforced', 'restored']);
});

test('nobody asks: the wait is bounded, and the run ends without the second node', async () => {
  const fakes = fakeActivities();
  const report = await harness.run(fakes, { ...spec, secondNode: { when: 'on-signal', waitMs: 200 } }, (handle) =>
    handle.result(),
  );
  assert.deepEqual(probes(fakes.calls), ['baseline', 'enforced', 'restored']);
  assert.equal(report.steps.find(({ name }) => name === 'awaitSignal')?.outcome, 'skipped');
});

test('cleanup on-signal waits for finish before the first undo', async () => {
  const fakes = fakeActivities();
  await harness.run(
    fakes,
    { ...spec, secondNode: { when: 'never' }, cleanup: { when: 'on-signal' } },
    async (handle) => {
      await waiting(handle, 'waiting');
      assert.ok(!fakes.calls.some(({ step }) => step === 'undo'));
      await handle.signal(finishSignal);
      await handle.result();
    },
  );
});

async function waiting(
  handle: { query<T>(name: string): Promise<T> },
  phase: Progress['stage'] = 'waiting',
): Promise<void> {
  while ((await handle.query<Progress>(progressQuery)).stage !== phase) await pause();
}
async function waitFor(holds: () => boolean): Promise<void> {
  while (!holds()) await pause();
}
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
