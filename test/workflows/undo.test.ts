import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { reportQuery } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import type { UndoInput } from '../../src/contract/steps.ts';
import { type FakeBehaviour, failAs, fakeActivities, type Harness, spec, startHarness } from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness?.close());

const always = { ...spec, secondNode: { when: 'always' } };

/** Which undo belongs to which step; the test's own list, so that a step without its undo is noticed. */
const undoOf: Readonly<Record<string, string>> = {
  holdCluster: 'releaseCluster',
  createNetwork: 'deleteNetwork',
  createPublicIp: 'deletePublicIp',
  createSecurityGroup: 'deleteSecurityGroup',
  createInterface: 'deleteInterface',
  createVm: 'deleteVm',
  peerToCluster: 'deletePeering',
  peerFromCluster: 'deletePeering',
  enableAutoHostEndpoints: 'restoreAutoHostEndpoints',
  enableFlowLogs: 'restoreFlowLogs',
  exposeNodePort: 'deleteService',
  labelNode: 'restoreLabel',
  applyPolicy: 'deletePolicy',
};
const steps: readonly string[] = ['preflight', ...Object.keys(undoOf), 'awaitSsh', 'probe'];

/** Runs to the end, expecting failure; gives the report that the failure carries. */
async function failingRun(
  behaviour: FakeBehaviour,
  input: object = always,
): Promise<{ report: Report; type: string | null | undefined; calls: ReturnType<typeof fakeActivities>['calls'] }> {
  const fakes = fakeActivities(behaviour);
  const error = await harness.run(fakes, input, (handle) =>
    handle.result().then(
      () => assert.fail('the run succeeded'),
      (error: unknown) => error,
    ),
  );
  assert.ok(error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure, String(error));
  return { report: error.cause.details?.[0] as Report, type: error.cause.type, calls: fakes.calls };
}

/** Every attempted step must have been undone, and nothing but the steps that the run began: one may be cancelled between its record and its first attempt. */
function assertUndoneExactly(calls: ReturnType<typeof fakeActivities>['calls'], report: Report): void {
  const attempted = calls.filter(({ step }) => step !== 'undo').flatMap(({ step }) => undoOf[step] ?? []);
  const begun = report.steps.flatMap(({ name }) => undoOf[name] ?? []);
  const undone = calls
    .filter(({ step }) => step === 'undo')
    .flatMap(({ input }) => (input as UndoInput).entries.map(({ undo }) => undo));
  assert.deepEqual(undone.toSorted(), begun.toSorted());
  for (const undo of attempted) assert.ok(undone.includes(undo), `${undo} is missing`);
}

describe('a failure at each step undoes what was attempted, the failed step included (W2), and is reported', {
  concurrency: 4,
}, () => {
  for (const failing of steps) {
    test(failing, async () => {
      const { report, type, calls } = await failingRun({
        before: (step) => (step === failing ? failAs('AzureRefused', 'refused on purpose') : undefined),
      });
      assert.equal(type, 'AzureRefused');
      assert.equal(report.outcome, 'ERROR');
      assert.equal(report.failure?.code, 'AzureRefused');
      assert.equal(report.failure?.step, failing);
      assert.equal(report.failure?.message, 'refused on purpose');
      assert.ok(report.steps.some(({ name, outcome }) => name === failing && outcome === 'failed'));
      assert.deepEqual(report.leftovers, []);
      assertUndoneExactly(calls, report);
    });
  }
});

describe('a cancellation at each step undoes what was attempted, and the run ends as cancelled', {
  concurrency: 4,
}, () => {
  for (const interrupted of steps) {
    test(interrupted, async () => {
      const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
      const fakes = fakeActivities({
        before: async (step) => {
          if (step !== interrupted) return;
          reach();
          await untilCancelled();
        },
      });
      const report = await harness.run(fakes, always, async (handle) => {
        await reached;
        await handle.cancel();
        const error = await handle.result().then(
          () => assert.fail('the run succeeded'),
          (error: unknown) => error,
        );
        assert.ok(error instanceof WorkflowFailedError && error.cause instanceof CancelledFailure, String(error));
        const report = await handle.query<Report>(reportQuery);
        assert.equal(report.outcome, 'CANCELLED');
        assert.deepEqual(report.leftovers, []);
        assert.ok(report.steps.some(({ name, outcome }) => name === interrupted && outcome === 'cancelled'));
        return report;
      });
      assertUndoneExactly(fakes.calls, report);
    });
  }
});

test('a lane that fails waits for the VM create of the other lane to stop before anything is undone (W5)', async () => {
  let creating = false;
  let undoneWhileCreating = false;
  const { promise: started, resolve: start } = Promise.withResolvers<void>();
  const { calls, report } = await failingRun({
    before: async (step) => {
      if (step === 'createVm') {
        creating = true;
        start();
        try {
          await untilCancelled();
        } finally {
          await new Promise((resolve) => setTimeout(resolve, 300)); // Azure goes on for a while after the request to stop
          creating = false;
        }
      }
      if (step === 'exposeNodePort') {
        await started;
        failAs('NodePortTaken');
      }
      if (step === 'undo') undoneWhileCreating ||= creating;
    },
  });
  assert.equal(undoneWhileCreating, false);
  assertUndoneExactly(calls, report);
});

test('a transient failure is tried again, and the attempts are in the report', async () => {
  const fakes = fakeActivities({
    before: (step, _input, attempt) => (step === 'createPublicIp' && attempt === 1 ? failAs('Throttled') : undefined),
  });
  const report = await harness.run(fakes, { ...always, secondNode: { when: 'never' } }, (handle) => handle.result());
  assert.equal(report.steps.find(({ name }) => name === 'createPublicIp')?.attempts, 2);
  assert.equal(fakes.calls.filter(({ step }) => step === 'createPublicIp').length, 2);
});

test('a failed undo does not stop the others, does not hide the first failure, and is listed with the command that removes it (W5)', async () => {
  const { report, calls } = await failingRun({
    before: (step) => (step === 'applyPolicy' ? failAs('KubernetesRefused', 'first failure') : undefined),
    undo: ({ undo }) =>
      undo === 'deletePublicIp'
        ? { outcome: 'failed', code: 'ScopeLocked', detail: 'locked by CanNotDelete' }
        : undefined,
  });
  assert.equal(report.failure?.message, 'first failure');
  assert.equal(report.leftovers.length, 1);
  assert.match(report.leftovers[0]?.command ?? '', /^az network public-ip delete --ids \/subscriptions\/.*-ip$/);
  assert.match(report.leftovers[0]?.why ?? '', /locked by CanNotDelete/);
  assertUndoneExactly(calls, report);
});

test('an undo that may succeed later is tried again until it does', async () => {
  let tries = 0;
  const fakes = fakeActivities({
    undo: ({ undo }) =>
      undo === 'deleteInterface' && ++tries < 3
        ? { outcome: 'failed', retryable: true, code: 'InUse', detail: 'still attached' }
        : undefined,
  });
  const report = await harness.run(fakes, { ...always, secondNode: { when: 'never' } }, (handle) => handle.result());
  assert.deepEqual(report.leftovers, []);
  assert.equal(report.steps.find(({ name }) => name === 'deleteInterface')?.attempts, 3);
});

test('what somebody else changed meanwhile is left alone and reported (W3)', async () => {
  const fakes = fakeActivities({
    undo: ({ undo }) =>
      undo === 'restoreAutoHostEndpoints'
        ? { outcome: 'conflict', detail: 'holds Disabled, the run wrote Enabled' }
        : undefined,
  });
  const report = await harness.run(fakes, { ...always, secondNode: { when: 'never' } }, (handle) => handle.result());
  assert.equal(report.outcome, 'PASS');
  assert.match(report.leftovers[0]?.why ?? '', /holds Disabled/);
  assert.match(report.leftovers[0]?.command ?? '', /kubectl patch kubecontrollersconfiguration default --type=merge/);
});

test('what the run made and somebody took away before its undo is a warning; what it never made is none (W13)', async () => {
  const absent = { outcome: 'nothing', detail: 'it did not exist', isAbsent: true } as const;
  const { report } = await failingRun({
    before: (step) => (step === 'createVm' ? failAs('AzureRefused') : undefined),
    undo: ({ undo }) => (undo === 'deleteVm' || undo === 'deleteNetwork' ? absent : undefined),
  });
  const told = report.warnings.filter((warning) => warning.startsWith('Somebody took away what this run had made'));
  assert.deepEqual(told, ['Somebody took away what this run had made: deleteNetwork: it did not exist']);
});

test('cleanup on-success keeps everything after a failure and lists it with its commands', async () => {
  const { report, calls } = await failingRun(
    { before: (step) => (step === 'applyPolicy' ? failAs('KubernetesRefused') : undefined) },
    { ...always, cleanup: { when: 'on-success' } },
  );
  assert.deepEqual(
    calls.filter(({ step }) => step === 'undo').map(({ subject }) => subject),
    ['releaseCluster lease kube-system/hepflow'], // a run that is over holds nothing
  );
  assert.equal(report.leftovers.length, 12);
  for (const { command } of report.leftovers) assert.match(command, /^(az|kubectl) /);
});

test('a red baseline ends the run before any policy (W1)', async () => {
  const { asExpected } = await import('./harness.ts');
  const { report, calls } = await failingRun({
    evidence: (input) =>
      asExpected(input, (connection) =>
        connection.target.endsWith(':30080') && connection.target.startsWith('node-b')
          ? { ...connection, outcome: 'DROP', syns: 3 }
          : connection,
      ),
  });
  assert.equal(report.failure?.code, 'BaselineRed');
  assert.ok(!calls.some(({ step }) => step === 'applyPolicy' || step === 'labelNode'));
  assertUndoneExactly(calls, report);
});

test('a deny that does not bite is a FAIL with everything undone, not an error', async () => {
  const { asExpected } = await import('./harness.ts');
  const fakes = fakeActivities({
    evidence: (input) =>
      asExpected(input, (connection) =>
        connection.outcome === 'DROP' ? { ...connection, outcome: 'OPEN', syns: 1 } : connection,
      ),
  });
  const report = await harness.run(fakes, always, (handle) => handle.result());
  assert.equal(report.outcome, 'FAIL');
  assert.deepEqual(report.leftovers, []);
  assertUndoneExactly(fakes.calls, report);
});

test('garbage as input fails with InvalidInput and every problem, and never hangs', async () => {
  for (const garbage of [null, 42, 'x', [], {}, { subscriptionId: 1, nonsense: true }]) {
    const { report, type } = await failingRun({}, garbage as object);
    assert.equal(type, 'InvalidInput');
    for (const { field, message, remedy } of report.failure?.problems ?? [])
      assert.ok(`${field} ${message}`.trim() && remedy, `a problem of ${JSON.stringify(garbage)} says nothing`);
    assert.ok((report.failure?.problems.length ?? 0) > 0, JSON.stringify(garbage));
  }
});

async function untilCancelled(): Promise<never> {
  const { Context } = await import('@temporalio/activity');
  const beat = setInterval(() => Context.current().heartbeat(), 50);
  try {
    return (await Context.current().cancelled) as never;
  } finally {
    clearInterval(beat);
  }
}
