/**
 * Undo on the real lab: after every run, however it ended, Azure, the cluster, the namespaces and the VM's processes
 * are as they were before.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { Lab } from '../../lab/lab.ts';
import { cluster } from '../../lab/scope.ts';
import { finishSignal, type Progress, progressQuery, reportQuery } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import { listDifferences } from '../support/lab-state.ts';
import { findUndo, listStepUses, type StepName } from '../support/steps.ts';
import { type Order, refusal } from '../support/worker-under-test/messages.ts';
import { middles } from './middles.ts';
import { type OrderedWorld, startOrderedWorld, waitUntil } from './ordered-world.ts';

/** Uses that a run can fail or be cancelled in: the last probe comes after the undo. */
const uses = listStepUses().filter(({ step, nth }) => step !== 'probe' || nth < 4);

const spec = JSON.parse(readFileSync(new URL('../../examples/run.json', import.meta.url), 'utf8')) as {
  readonly label: { readonly key: string };
};
const always = { ...spec, secondNode: { when: 'always' } };
const onSignal = { ...spec, secondNode: { when: 'on-signal', waitMs: 60_000 } };
const { key: label } = spec.label;
const [firstNode] = cluster.nodeNames;
const configuration = '/apis/projectcalico.org/v3/kubecontrollersconfigurations/default';
const hostEndpoints = '/apis/projectcalico.org/v3/hostendpoints';
const policies = '/apis/projectcalico.org/v3/globalnetworkpolicies';

let world: OrderedWorld;
before(async () => {
  world = await startOrderedWorld((lab) => labelFirstNode(lab, 'prior'));
});
after(() => world?.stop());

const labelFirstNode = ({ cluster: { api } }: Lab, value: string): Promise<unknown> =>
  api.call('PATCH', `/api/v1/nodes/${firstNode}`, { metadata: { labels: { [label]: value } } });
const setAutoCreate = (autoCreate: string | null): Promise<unknown> =>
  world.lab.cluster.api.call('PATCH', configuration, {
    spec: { controllers: { node: { hostEndpoint: { autoCreate } } } },
  });

const succeed = (handle: WorkflowHandle): Promise<Report> => handle.result() as Promise<Report>;
const nothing: Order = { act: 'nothing' };

/** What a run that does not succeed ends with. */
async function endOf(handle: WorkflowHandle): Promise<Error | undefined> {
  const error = await handle.result().then(
    () => assert.fail('the run succeeded'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof WorkflowFailedError, String(error));
  return error.cause;
}

test('a success with the second node leaves everything as it was, the prior value of a label included', async (t) => {
  const report = await world.run(t, always, nothing, succeed);
  assert.equal(report.outcome, 'PASS', report.summary);
  assert.deepEqual(report.leftovers, []);
  assert.equal(report.calico?.hostEndpointFlowLogs, 'enabled');
  await world.assertAsBefore();
});

/** A run in which a step fails for good; gives the report that the failure carries, which names that failure first. */
async function failing(t: TestContext, step: StepName, nth: number, at: 'before' | 'after'): Promise<Report> {
  const cause = await world.run(t, always, { act: 'fail', step, nth, at }, endOf);
  assert.ok(cause instanceof ApplicationFailure, String(cause));
  assert.equal(cause.type, 'AzureRefused', cause.message);
  const report = cause.details?.[0] as Report;
  const { code, step: failed, message } = report.failure ?? {};
  assert.deepEqual({ code, failed, message }, { code: 'AzureRefused', failed: step, message: refusal });
  assert.equal(report.outcome, 'ERROR');
  return report;
}

/** What the undo of a step found. Of several uses, the last is undone first. */
const foundBy = (report: Report, step: StepName): string =>
  report.steps.find(({ name }) => name === findUndo(step))?.detail ?? '';

describe('a run names the failure first, and has undone everything (W2, W5), when it fails after the effect of', () => {
  for (const { step, nth, title } of uses) {
    test(title, async (t) => {
      const report = await failing(t, step, nth, 'after');
      assert.deepEqual(report.leftovers, []);
      if (findUndo(step) !== undefined) assert.match(foundBy(report, step), / gone| again/);
      await world.assertAsBefore();
    });
  }
});

describe('a run has nothing to undo of the step, which is no failure (W2), when it fails before the effect of', () => {
  for (const step of ['createVm', 'exposeNodePort', 'labelNode'] as const) {
    test(step, async (t) => {
      const report = await failing(t, step, 1, 'before');
      assert.deepEqual(report.leftovers, []);
      assert.match(foundBy(report, step), /did not exist|does not exist|did not change/);
      await world.assertAsBefore();
    });
  }
});

describe('a run ends as cancelled, and has undone everything (W2, W5), when it is cancelled in the middle of', () => {
  for (const { step, nth, title } of uses) {
    test(title, async (t) => {
      const middle = step === 'probe' && nth === 1 ? undefined : middles[step];
      const stopped = world.worker.stopped();
      const cancelled = world.worker.cancelled();
      const report = await world.run(t, always, { act: 'hold', step, nth }, async (handle) => {
        await Promise.race([stopped, handle.result()]);
        await middle?.slowDown?.(world.lab, world.vm);
        world.worker.goOn();
        if (middle !== undefined) await waitUntil(() => middle.isReached(world.lab, world.vm), handle);
        await handle.cancel();
        const cause = await endOf(handle);
        assert.ok(cause instanceof CancelledFailure, String(cause));
        return await handle.query<Report>(reportQuery);
      });
      if (middle !== undefined) assert.equal(await cancelled, 'at work');
      assert.equal(report.outcome, 'CANCELLED');
      assert.equal(report.failure, null);
      assert.ok(report.steps.some(({ name, outcome }) => name === step && outcome === 'cancelled'));
      assert.deepEqual(report.leftovers, []);
      await world.assertAsBefore();
    });
  }
});

test('automatic host endpoints that were enabled before stay enabled, and are the same objects', async (t) => {
  await setAutoCreate('Enabled');
  await waitUntil(
    async () =>
      (await hostEndpointIds()).length === cluster.nodeNames.length && (await runningAutoCreate()) === 'Enabled',
  );
  const [state, ids] = [await world.state(), await hostEndpointIds()];
  const report = await world.run(t, always, nothing, succeed);
  assert.equal(report.outcome, 'PASS', report.summary);
  assert.deepEqual(report.leftovers, []);
  await world.assertAsBefore(state);
  assert.deepEqual(await hostEndpointIds(), ids);

  await setAutoCreate('Disabled');
  await waitUntil(async () => (await hostEndpointIds()).length === 0 && (await runningAutoCreate()) === 'Disabled');
  await world.assertAsBefore();
});

async function hostEndpointIds(): Promise<readonly string[]> {
  const { items } = await world.lab.cluster.api.read<{
    readonly items: readonly { readonly metadata: { readonly uid: string } }[];
  }>(hostEndpoints);
  return items.map(({ metadata }) => metadata.uid).toSorted();
}

async function runningAutoCreate(): Promise<string | undefined> {
  const { status } = await world.lab.cluster.api.read<{
    status?: { runningConfig?: { controllers?: { node?: { hostEndpoint?: { autoCreate?: string } } } } };
  }>(configuration);
  return status?.runningConfig?.controllers?.node?.hostEndpoint?.autoCreate;
}

describe('while the run waits for the second node, somebody else', () => {
  /** Runs to the wait, lets somebody meddle, and ends the run. */
  const meddledWith = (t: TestContext, meddle: () => Promise<unknown>): Promise<Report> =>
    world.run(t, onSignal, nothing, async (handle) => {
      await waitUntil(async () => (await handle.query<Progress>(progressQuery)).stage === 'waiting', handle);
      await meddle();
      await handle.signal(finishSignal);
      return await succeed(handle);
    });

  /** By hand, what the report says. */
  const obey = (command: string): Promise<unknown> =>
    promisify(execFile)('sh', ['-c', command], {
      env: {
        ...process.env,
        ...world.lab.environment,
        PATH: `${world.lab.environment['HEPFLOW_LAB_TOOLS']}:${process.env['PATH']}`,
      },
    });

  test('changes the label: it is left alone, and reported with both values and a command (W3)', async (t) => {
    const state = await world.state();
    const report = await meddledWith(t, () => labelFirstNode(world.lab, 'theirs'));
    assert.equal(report.leftovers.length, 1);
    const [{ what, why, command } = { what: '', why: '', command: '' }] = report.leftovers;
    assert.equal(what, `restoreLabel ${firstNode}`);
    assert.match(why, /is theirs, this run wrote test \(before it: prior\); left alone/);
    const place = ` › cluster › v1 Node /${firstNode} › metadata › labels › ${label}`;
    assert.deepEqual(listDifferences(state, await world.state())[place], { before: 'prior', after: 'theirs' });
    await obey(command);
    await world.assertAsBefore();
  });

  test('changes autoCreate: it is left alone, and reported with both values and a command (W3)', async (t) => {
    await setAutoCreate(null);
    const state = await world.state();
    const report = await meddledWith(t, () => setAutoCreate('Disabled'));
    assert.equal(report.leftovers.length, 1);
    const [{ what, why, command } = { what: '', why: '', command: '' }] = report.leftovers;
    assert.equal(what, 'restoreAutoHostEndpoints autoCreate to unset');
    assert.match(why, /is Disabled, this run wrote Enabled \(before it: absent\); left alone/);
    await obey(command);
    await world.assertAsBefore(state);
    await setAutoCreate('Disabled');
    await world.assertAsBefore();
  });

  test('deletes the policy and sets autoCreate back: neither is a leftover', async (t) => {
    const report = await meddledWith(t, async () => {
      await world.lab.cluster.api.call('DELETE', `${policies}/frontend-nodeport-access`);
      await setAutoCreate('Disabled');
    });
    assert.deepEqual(report.leftovers, []);
    const undone = report.steps.find(({ name }) => name === 'deletePolicy');
    assert.equal(undone?.outcome, 'done');
    assert.match(undone?.detail ?? '', /does not exist/);
    await world.assertAsBefore();
  });
});
