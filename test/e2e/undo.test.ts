/** Undo on the real lab: after every run, however it ended, Azure, the cluster, the namespaces and the VM's processes are as they were before. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { type Lab, startLab } from '../../lab/lab.ts';
import { cluster } from '../../lab/scope.ts';
import { finishSignal, type Progress, progressQuery, reportQuery, taskQueue, workflowType } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import type { StepName } from '../../src/contract/steps.ts';
import { middles, processesOutside } from './faulty-middles.ts';
import { type Order, refusal } from './faulty-orders.ts';
import { type FaultyWorker, startFaultyWorker } from './faulty-process.ts';
import { descendants, differences, type State, stateOf } from './faulty-state.ts';

/** Every step, with what tells its uses apart. The compiler notices a step that is missing. */
const uses: Record<StepName, readonly string[]> = {
  preflight: [''],
  createNetwork: [''],
  createPublicIp: [''],
  createSecurityGroup: [''],
  createInterface: [''],
  createVm: [''],
  awaitSsh: [''],
  peerToCluster: [''],
  peerFromCluster: [''],
  enableAutoHostEndpoints: [''],
  enableFlowLogs: [''],
  exposeNodePort: [''],
  labelNode: ['of the first node', 'of the second node'],
  applyPolicy: [''],
  probe: ['of the baseline', 'under the policy', 'with both nodes labelled'],
};
const rows = (Object.keys(uses) as StepName[]).flatMap((step) =>
  uses[step].map((which, index) => ({ step, nth: index + 1, title: `${step} ${which}`.trim() })),
);

const spec = JSON.parse(readFileSync(new URL('../../examples/run.json', import.meta.url), 'utf8')) as { readonly label: { readonly key: string } };
const always = { ...spec, secondNode: { when: 'always' } };
const onSignal = { ...spec, secondNode: { when: 'on-signal', waitMs: 60_000 } };
const { key: label } = spec.label;
const [firstNode] = cluster.nodeNames;
const configuration = '/apis/projectcalico.org/v3/kubecontrollersconfigurations/default';
const hostEndpoints = '/apis/projectcalico.org/v3/hostendpoints';
const policies = '/apis/projectcalico.org/v3/globalnetworkpolicies';

let lab: Lab;
let connection: Connection;
let client: Client;
let worker: FaultyWorker;
/** Network namespaces, by inode, of a lab without a VM. */
let withoutVm: ReadonlySet<string>;
let pristine: State;

before(async () => {
  lab = await startLab({ ui: false, calico: 'cloud' });
  connection = await Connection.connect({ address: lab.temporal.address });
  client = new Client({ connection, namespace: lab.temporal.namespace });
  await labelFirstNode('prior');
  worker = await startFaultyWorker(lab.environment);
  withoutVm = new Set((await descendants()).map(({ network }) => network));
  pristine = await stateOf(lab);
});

after(async () => {
  await worker?.stop();
  await connection?.close();
  await lab?.stop();
});

const patch = (path: string, body: object): Promise<unknown> => lab.cluster.api.call('PATCH', path, body);
const labelFirstNode = (value: string | null): Promise<unknown> => patch(`/api/v1/nodes/${firstNode}`, { metadata: { labels: { [label]: value } } });
const setAutoCreate = (autoCreate: string | null): Promise<unknown> =>
  patch(configuration, { spec: { controllers: { node: { hostEndpoint: { autoCreate } } } } });
const vm = (): Promise<Awaited<ReturnType<typeof processesOutside>>> => processesOutside(withoutVm);

async function assertAsBefore(state: State = pristine): Promise<void> {
  assert.deepEqual(differences(state, await stateOf(lab)), {});
  assert.deepEqual(await vm(), []);
}

/** Polls a condition; a run that ends meanwhile will never fulfil it. */
async function until(holds: () => Promise<boolean> | boolean, handle?: WorkflowHandle): Promise<void> {
  let over = '';
  void handle?.result().then(
    () => (over = 'the run succeeded'),
    (error: unknown) => (over = `the run ended: ${String(error)}`),
  );
  for (const deadline = Date.now() + 60_000; !(await holds()); await sleep(20)) {
    assert.equal(over, '');
    assert.ok(Date.now() < deadline, 'not within 60 s');
  }
}

let runs = 0;
/** A run of the mission, with its duration among the test's diagnostics. */
async function run<T>(t: TestContext, input: object, order: Order, follow: (handle: WorkflowHandle) => Promise<T>): Promise<T> {
  await worker.order(order);
  const startedAt = performance.now();
  runs += 1;
  const handle = await client.workflow.start(workflowType, { taskQueue, workflowId: `undo-${runs}`, args: [input], workflowExecutionTimeout: '2 minutes' });
  try {
    return await follow(handle);
  } finally {
    lab.azure.faults.clear();
    t.diagnostic(`run of ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  }
}

const succeed = (handle: WorkflowHandle): Promise<Report> => handle.result() as Promise<Report>;
const nothing: Order = { forget: true };

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
  const report = await run(t, always, nothing, succeed);
  assert.equal(report.outcome, 'PASS', report.summary);
  assert.deepEqual(report.leftovers, []);
  assert.equal(report.calico?.hostEndpointFlowLogs, 'enabled');
  await assertAsBefore();
});

describe('a failure after the effect of a step: the failed run names it first, and has undone all of it (W2, W5)', () => {
  for (const { step, nth, title } of rows) {
    test(title, async (t) => {
      const cause = await run(t, always, { fail: { step, nth }, when: 'after' }, endOf);
      assert.ok(cause instanceof ApplicationFailure, String(cause));
      assert.equal(cause.type, 'AzureRefused', cause.message);
      const report = cause.details?.[0] as Report;
      assert.equal(report.outcome, 'ERROR');
      assert.deepEqual(
        { code: report.failure?.code, step: report.failure?.step, message: report.failure?.message },
        { code: 'AzureRefused', step, message: refusal },
      );
      assert.deepEqual(report.leftovers, []);
      await assertAsBefore();
    });
  }
});

describe('a cancellation during a step: the run ends as cancelled, and has undone all of it (W2, W5)', () => {
  for (const { step, nth, title } of rows) {
    test(title, async (t) => {
      const middle = step === 'probe' && nth === 1 ? undefined : middles[step];
      const begun = worker.begun();
      const ended = worker.ended();
      const report = await run(t, always, { hold: { step, nth } }, async (handle) => {
        await Promise.race([begun, handle.result()]);
        await middle?.slowDown?.(lab, vm);
        worker.go();
        if (middle !== undefined) await until(() => middle.isReached(lab, vm), handle);
        await handle.cancel();
        const cause = await endOf(handle);
        assert.ok(cause instanceof CancelledFailure, String(cause));
        return await handle.query<Report>(reportQuery);
      });
      if (middle !== undefined) assert.equal(await ended, 'at work');
      assert.equal(report.outcome, 'CANCELLED');
      assert.equal(report.failure, null);
      assert.ok(report.steps.some(({ name, outcome }) => name === step && outcome === 'cancelled'));
      assert.deepEqual(report.leftovers, []);
      await assertAsBefore();
    });
  }
});

test('automatic host endpoints that were enabled before stay enabled, and are the same objects', async (t) => {
  await setAutoCreate('Enabled');
  await until(async () => (await hostEndpointIds()).length === cluster.nodeNames.length && (await runningAutoCreate()) === 'Enabled');
  const [state, ids] = [await stateOf(lab), await hostEndpointIds()];
  const report = await run(t, always, nothing, succeed);
  assert.equal(report.outcome, 'PASS', report.summary);
  assert.deepEqual(report.leftovers, []);
  await assertAsBefore(state);
  assert.deepEqual(await hostEndpointIds(), ids);

  await setAutoCreate('Disabled');
  await until(async () => (await hostEndpointIds()).length === 0 && (await runningAutoCreate()) === 'Disabled');
  await assertAsBefore();
});

async function hostEndpointIds(): Promise<readonly string[]> {
  const { items } = await lab.cluster.api.read<{ readonly items: readonly { readonly metadata: { readonly uid: string } }[] }>(hostEndpoints);
  return items.map(({ metadata }) => metadata.uid).toSorted();
}

async function runningAutoCreate(): Promise<string | undefined> {
  const { status } = await lab.cluster.api.read<{ status?: { runningConfig?: { controllers?: { node?: { hostEndpoint?: { autoCreate?: string } } } } } }>(
    configuration,
  );
  return status?.runningConfig?.controllers?.node?.hostEndpoint?.autoCreate;
}

describe('what somebody else changes while the run waits for the second node', () => {
  /** Runs to the wait, lets somebody meddle, and ends the run. */
  const meddledWith = (t: TestContext, meddle: () => Promise<unknown>): Promise<Report> =>
    run(t, onSignal, nothing, async (handle) => {
      await until(async () => (await handle.query<Progress>(progressQuery)).phase === 'awaiting-second-node', handle);
      await meddle();
      await handle.signal(finishSignal);
      return await succeed(handle);
    });

  /** By hand, what the report says. */
  const obey = (command: string): Promise<unknown> =>
    promisify(execFile)('sh', ['-c', command], {
      env: { ...process.env, ...lab.environment, PATH: `${lab.environment['HEPFLOW_LAB_TOOLS']}:${process.env['PATH']}` },
    });

  test('a label value of theirs is left alone, and reported with both values and the command that restores it (W3)', async (t) => {
    const report = await meddledWith(t, () => labelFirstNode('theirs'));
    assert.equal(report.leftovers.length, 1);
    const [{ what, why, command } = { what: '', why: '', command: '' }] = report.leftovers;
    assert.equal(what, `restoreLabel ${firstNode}`);
    assert.match(why, /is theirs, this run wrote test \(before it: prior\); left alone/);
    const place = ` › cluster › v1 Node /${firstNode} › metadata › labels › ${label}`;
    assert.deepEqual(differences(pristine, await stateOf(lab))[place], { before: 'prior', after: 'theirs' });
    await obey(command);
    await assertAsBefore();
  });

  test('an autoCreate of theirs is left alone, and reported with both values and the command that restores it (W3)', async (t) => {
    await setAutoCreate(null);
    const state = await stateOf(lab);
    const report = await meddledWith(t, () => setAutoCreate('Disabled'));
    assert.equal(report.leftovers.length, 1);
    const [{ what, why, command } = { what: '', why: '', command: '' }] = report.leftovers;
    assert.equal(what, 'restoreAutoHostEndpoints autoCreate to unset');
    assert.match(why, /is Disabled, this run wrote Enabled \(before it: absent\); left alone/);
    await obey(command);
    await assertAsBefore(state);
    await setAutoCreate('Disabled');
    await assertAsBefore();
  });

  test('a policy that they deleted and an autoCreate that they set back are no leftovers', async (t) => {
    const report = await meddledWith(t, async () => {
      await lab.cluster.api.call('DELETE', `${policies}/frontend-nodeport-access`);
      await setAutoCreate('Disabled');
    });
    assert.deepEqual(report.leftovers, []);
    const undone = report.steps.find(({ name }) => name === 'deletePolicy');
    assert.equal(undone?.outcome, 'done');
    assert.match(undone?.detail ?? '', /does not exist/);
    await assertAsBefore();
  });
});
