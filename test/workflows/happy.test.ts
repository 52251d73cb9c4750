import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { labelNode2Signal, type Progress, progressQuery, reportQuery } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import { fakeActivities, type Harness, spec, startHarness } from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness?.close());

const budget = { events: 160, bytes: 175_000 };

for (const cached of [true, false]) {
  test(`the mission runs in order and undoes everything last first${cached ? '' : ', replayed on every workflow task'}`, async () => {
    const fakes = fakeActivities();
    const report = await harness.run(
      fakes,
      spec,
      async (handle) => {
        await handle.signal(labelNode2Signal);
        return handle.result();
      },
      { cached },
    );
    assert.equal(report.outcome, 'PASS');
    assert.deepEqual(report.leftovers, []);
    assert.match(report.runId, /^[0-9a-f]{16}$/);
    const order = fakes.calls.map(({ step, subject }) => (subject ? `${step} ${subject}` : step));
    const serial = order.slice(order.indexOf('probe baseline'));
    assert.deepEqual(serial, [
      'probe baseline',
      'labelNode node-a',
      'applyPolicy',
      'probe enforced',
      'labelNode node-b',
      'probe second',
      'undo restoreLabel node-b, deletePolicy frontend-nodeport-access, restoreLabel node-a',
      'probe restored',
      'undo deleteService default/frontend-nodeport, restoreFlowLogs flowLogsEnableHostEndpoint to unset, restoreAutoHostEndpoints autoCreate to Disabled',
      `undo deletePeering on aks-vnet-1, deletePeering on hepflow-${report.runId}-vnet`,
      `undo deleteVm hepflow-${report.runId}-vm, deleteInterface hepflow-${report.runId}-nic, deleteSecurityGroup hepflow-${report.runId}-nsg, deletePublicIp hepflow-${report.runId}-ip, deleteNetwork hepflow-${report.runId}-vnet, releaseCluster lease kube-system/hepflow`,
    ]);
    assert.deepEqual(order.slice(0, 2), ['preflight', 'holdCluster']);
    assert.equal(new Set(order.slice(2, order.indexOf('probe baseline'))).size, 11);
  });
}

test('the lanes run side by side: the cluster is made ready and the peering begun before the VM is', async () => {
  const fakes = fakeActivities({
    before: (step) =>
      step === 'createVm'
        ? waitFor(() =>
            ['peerToCluster', 'exposeNodePort', 'enableFlowLogs', 'enableAutoHostEndpoints'].every((name) =>
              fakes.calls.some((call) => call.step === name),
            ),
          )
        : undefined,
  });
  const report = await harness.run(fakes, { ...spec, secondNode: { when: 'never' } }, (handle) => handle.result());
  assert.equal(report.outcome, 'PASS');
});

test(`a happy run with the second node has at most ${budget.events} events and ${budget.bytes} bytes of history, and a summary on every activity`, async (t) => {
  const { history, bytes = Number.NaN } = await harness.run(fakeActivities(), spec, async (handle) => {
    await handle.signal(labelNode2Signal);
    await handle.result();
    return { history: await handle.fetchHistory(), bytes: (await handle.describe()).historySize };
  });
  const events = history.events ?? [];
  t.diagnostic(`${events.length} events, ${bytes} bytes`);
  assert.ok(events.length <= budget.events, `${events.length} events`);
  assert.ok(bytes <= budget.bytes, `${bytes} bytes`);
  const scheduled = events.filter(({ activityTaskScheduledEventAttributes }) => activityTaskScheduledEventAttributes);
  assert.equal(scheduled.length, 24);
  for (const { userMetadata, activityTaskScheduledEventAttributes: activity } of scheduled)
    assert.ok(userMetadata?.summary, activity?.activityType?.name ?? '');
});

test('the report exists from the first second and is the same by query after the end (W8)', async () => {
  let early: Report | undefined;
  const fakes = fakeActivities({
    before: (step) => (step === 'preflight' ? waitFor(() => early !== undefined) : undefined),
  });
  await harness.run(fakes, { ...spec, secondNode: { when: 'always' } }, async (handle) => {
    early = await handle.query<Report>(reportQuery);
    assert.equal(early.outcome, 'RUNNING');
    assert.deepEqual(
      early.steps.map(({ name, outcome }) => [name, outcome]),
      [['preflight', 'running']],
    );
    const result = await handle.result();
    assert.deepEqual(await handle.query<Report>(reportQuery), result);
    const progress = await handle.query<Progress>(progressQuery);
    assert.equal(progress.stage, 'over');
    assert.equal(progress.waitingFor, '');
  });
});

test('current details show the step table, the grid and the verdicts', async () => {
  await harness.run(fakeActivities(), { ...spec, secondNode: { when: 'always' } }, async (handle) => {
    await handle.result();
    const { currentDetails = '' } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    const lines = currentDetails.split('\n');
    const has = (start: string): boolean => lines.some((line) => line.startsWith(start));
    assert.ok(has('| ✔ done | createVm |'), currentDetails);
    assert.ok(has('| port | phase | expected | observed | verdict |'), currentDetails);
    assert.ok(has('| node-a:30080 | restored | OPEN | OPEN | PASS |'), currentDetails);
    assert.ok(has('| PASS | enforced | node-a:30080 | DROP | DROP |'), currentDetails);
  });
});

test('memo and search attributes tell the outcome', async () => {
  await harness.run(fakeActivities(), { ...spec, secondNode: { when: 'always' } }, async (handle) => {
    await handle.result();
    const { memo, typedSearchAttributes } = await handle.describe();
    assert.equal((memo as { hepflow: { outcome: string } } | undefined)?.hepflow.outcome, 'PASS');
    const found = Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
    assert.deepEqual([found.HepflowCluster, found.HepflowPhase, found.HepflowOutcome], ['cluster', 'over', 'PASS']);
  });
});

test('a namespace without the search attributes gets none', async () => {
  const { site } = await import('./harness.ts');
  await harness.run(
    fakeActivities({ site: { ...site, searchAttributes: false } }),
    { ...spec, secondNode: { when: 'never' } },
    async (handle) => {
      await handle.result();
      const { typedSearchAttributes } = await handle.describe();
      assert.ok(!typedSearchAttributes.getAll().some(({ key }) => key.name.startsWith('Hepflow')));
    },
  );
});

test('every message is described for the Web UI', async () => {
  await harness.run(fakeActivities(), { ...spec, secondNode: { when: 'never' } }, async (handle) => {
    await handle.result();
    const { definition } = await handle.query<{ definition: Record<string, { name: string; description?: string }[]> }>(
      '__temporal_workflow_metadata',
    );
    const own = (kind: string) => (definition[kind] ?? []).filter(({ name }) => name && !name.startsWith('__'));
    const names = (kind: string): string[] => own(kind).map(({ name }) => name);
    assert.deepEqual(names('signalDefinitions').toSorted(), ['finish', 'labelNode2']);
    assert.deepEqual(names('updateDefinitions'), ['labelNode2AndVerify']);
    assert.deepEqual(names('queryDefinitions').toSorted(), ['progress', 'report']);
    for (const kind of ['signalDefinitions', 'updateDefinitions', 'queryDefinitions'])
      for (const { name, description } of own(kind)) assert.ok(description, `${name} has no description`);
  });
});

async function waitFor(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
