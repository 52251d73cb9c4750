/** Whatever is thrown between the first change and the end, the run undoes what it did and ends with a report. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { labelNode2Update } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import type { Activities, UndoInput } from '../../src/contract/steps.ts';
import { createObservation } from '../support/observation.ts';
import { asExpected, fakeActivities, type Harness, spec, startHarness } from '../workflows/harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness?.close());

type Fakes = ReturnType<typeof fakeActivities>;

/** The report that the run ends with, in its result or in its failure. */
async function runToEnd({ activities }: Pick<Fakes, 'activities'>): Promise<Report> {
  const input = { ...spec, secondNode: { when: 'always' } };
  return await harness.run({ activities }, input, (handle) =>
    handle.result().catch((error: unknown) => {
      assert.ok(error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure, String(error));
      return error.cause.details?.[0] as Report;
    }),
  );
}

/** Everything that was changed was asked to be undone, the lease last. */
function assertUndone({ calls }: Pick<Fakes, 'calls'>, changes: readonly string[]): void {
  const undone = calls
    .filter(({ step }) => step === 'undo')
    .flatMap(({ input }) => (input as UndoInput).entries.map(({ undo }) => undo));
  for (const change of changes) assert.ok(undone.includes(change), `${change} is missing in ${undone.join(', ')}`);
  assert.equal(undone.at(-1), 'releaseCluster');
}

const lanes = ['deleteNetwork', 'deletePublicIp', 'deleteInterface', 'deleteVm', 'deletePeering'];
const rules = ['deletePolicy', 'restoreLabel'];

describe('a run ends with everything undone', { concurrency: 4, timeout: 90_000 }, () => {
  const hostile = { ...createObservation({}), slots: 1e9, tracks: {} };
  const misshapen: readonly (readonly [string, object])[] = [
    ['an observation of too many slots', { observation: hostile }],
    ['connections that are none', { connections: [null] }],
    ['backends that are none', { backends: null }],
  ];
  for (const [what, change] of misshapen)
    test(`when evidence cannot be judged: ${what}`, async () => {
      const fakes = fakeActivities({
        evidence: (input) => ({ ...asExpected(input), ...(input.observed && change) }),
      });
      const report = await runToEnd(fakes);
      assert.deepEqual([report.outcome, report.failure?.code, report.failure?.step], ['ERROR', 'Unexpected', 'judge']);
      assert.match(report.failure?.message ?? '', /^What vm saw in phase \w+ could not be judged: /);
      assert.ok(report.verdicts.length > 0, 'the baseline was judged');
      assert.deepEqual(report.leftovers, []);
      assertUndone(fakes, [...lanes, ...rules]);
    });

  test('when a step answers nothing that could be shown', async () => {
    const { activities, calls } = fakeActivities();
    const silent = { ...activities, labelNode: async () => ({ output: {}, attempts: 1 }) } as unknown as Activities;
    const report = await runToEnd({ activities: silent });
    assert.deepEqual(report.leftovers, []);
    assertUndone({ calls }, [...lanes, ...rules]);
  });

  test('when its plan cannot be told, and the report has the rest', async () => {
    const { activities, calls } = fakeActivities();
    const preflight = async (call: Parameters<Activities['preflight']>[0]) => {
      const { output, attempts } = await activities.preflight(call);
      return { output: { ...output, plan: { ...output.plan, phases: undefined } }, attempts };
    };
    const report = await runToEnd({ activities: { ...activities, preflight } as unknown as Activities });
    assert.deepEqual([report.outcome, report.failure?.code, report.scenario], ['ERROR', 'Unexpected', null]);
    assert.ok(report.steps.some(({ name, outcome }) => name === 'createVm' && outcome === 'done'));
    assert.match(report.warnings.join(), /The report lacks what was planned and seen: /);
    assertUndone({ calls }, lanes);
  });

  for (const phases of [undefined, null, 'all', [null]])
    test(`when somebody waits for a phase of a plan whose phases are ${JSON.stringify(phases)}`, async () => {
      const { activities, calls } = fakeActivities();
      const asked = Promise.withResolvers<void>();
      const preflight = async (call: Parameters<Activities['preflight']>[0]) => {
        const { output, attempts } = await activities.preflight(call);
        await asked.promise;
        return { output: { ...output, plan: { ...output.plan, phases } }, attempts };
      };
      const misplanned = { activities: { ...activities, preflight } as unknown as Activities };
      const answer = await harness.run(misplanned, spec, async (handle) => {
        const update = await handle.startUpdate(labelNode2Update, { waitForStage: 'ACCEPTED' });
        asked.resolve();
        const refused = await update.result().catch((error: unknown) => error);
        await assert.rejects(handle.result(), WorkflowFailedError);
        return refused;
      });
      assert.ok(answer instanceof WorkflowUpdateFailedError, String(answer));
      assertUndone({ calls }, lanes);
    });

  test('but for what an undo gave no outcome of, which is listed with its command', async () => {
    const { activities, calls } = fakeActivities();
    const undo: Activities['undo'] = async (call) => {
      const { output, attempts } = await activities.undo(call);
      return { output: output.slice(1), attempts };
    };
    const report = await runToEnd({ activities: { ...activities, undo } as unknown as Activities });
    assert.ok(report.leftovers.length > 0);
    for (const { command, why } of report.leftovers)
      assert.match(`${command} ${why}`, /^(az|kubectl) .* The undo gave no outcome\.$/);
    assertUndone({ calls }, [...lanes, ...rules]);
  });
});
