/** A report that verifies against Temporal is the one that its run left there, whatever else has the run's name. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Context } from '@temporalio/activity';
import type { WorkflowHandle } from '@temporalio/client';
import { compareHistory } from '../../src/audit/history.ts';
import { auditReport, isVerified } from '../../src/audit/report.ts';
import { readRunHistory } from '../../src/cli/run-history.ts';
import { reportQuery, workflowType } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import { sealReport } from '../../src/evidence/report-seal.ts';
import { inflate } from '../audit/forge.ts';
import { waitUntil } from '../e2e/ordered-world.ts';
import { asExpected, failAs, fakeActivities, type Harness, spec, startHarness } from '../workflows/harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness?.close());

type Run = WorkflowHandle<() => Promise<Report>>;
const always = { ...spec, secondNode: { when: 'always' } };

const listProblems = async (report: Report): Promise<readonly string[]> =>
  compareHistory(report, await readRunHistory(harness.env.client, report), workflowType).problems;

/** The report of a run that is over, as the query gives it. */
const finish = (behaviour: Parameters<typeof fakeActivities>[0], act: (handle: Run) => unknown = () => {}) =>
  harness.run(fakeActivities(behaviour), always, async (handle) => {
    await act(handle);
    await handle.result().catch(() => {});
    return await handle.query<Report>(reportQuery);
  });

/** As somebody would who may start workflows: the name is the run's, and so is what a start request can say. */
const impersonate = (report: Report, type: string) =>
  harness.env.client.workflow.start(type, {
    ...{ workflowId: report.workflowId, taskQueue: 'nobody', args: [spec] },
    memo: { hepflow: { runId: report.runId, reportSeal: report.seal?.sha256 } },
  });

/** The report with what no evidence shows rewritten, and sealed anew. */
const moveAway = (report: Report): Report =>
  sealReport({ ...report, cluster: report.cluster && { ...report.cluster, id: '/subscriptions/payments-prod' } });

test('the reports of runs that passed, failed or were cancelled are those of their histories, and moved ones are not', {
  timeout: 300_000,
}, async () => {
  const passed = await finish({});
  const failed = await finish({ before: (step) => void (step === 'createVm' && failAs('QuotaExceeded')) });
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const hang = async (step: string): Promise<void> => {
    if (step !== 'applyPolicy') return;
    reach();
    const beat = setInterval(() => Context.current().heartbeat(), 50);
    await Context.current().cancelled.finally(() => clearInterval(beat));
  };
  const cancelled = await finish({ before: hang }, (handle) => reached.then(() => handle.cancel()));
  assert.deepEqual([passed.outcome, failed.outcome, cancelled.outcome], ['PASS', 'ERROR', 'CANCELLED']);
  for (const report of [passed, failed, cancelled]) {
    assert.deepEqual(await listProblems(report), [], report.outcome);
    const moved = moveAway(report);
    assert.ok(isVerified(auditReport(moved)), 'it agrees with itself');
    const [problem] = await listProblems(moved);
    assert.match(problem ?? '', /cluster\.id is|names the seal/);
  }
});

test('a workflow of the same name, whatever its memo, makes no forgery true and no report of the run untrue', {
  timeout: 300_000,
}, async () => {
  const report = await finish({});
  for (const type of ['nobodyServesThis', workflowType]) {
    const stranger = await impersonate(report, type);
    assert.deepEqual(await listProblems(report), [], 'its own history counts');
    const elsewhere = sealReport({ ...report, firstExecutionRunId: stranger.firstExecutionRunId });
    assert.match((await listProblems(elsewhere)).join(), type === workflowType ? /is still open/ : /nobodyServesThis/);
    const nowhere = sealReport({ ...report, firstExecutionRunId: crypto.randomUUID() });
    assert.match((await listProblems(nowhere)).join(), /is of type nobodyServesThis|began as run/);
    await stranger.terminate();
    assert.match((await listProblems(elsewhere)).join(), /nobodyServesThis|The run left no report: event 3/);
  }
});

test('a run that was terminated has its evidence in what its probes gave, and left no report', {
  timeout: 300_000,
}, async () => {
  const fakes = fakeActivities();
  const early = await harness.run(fakes, spec, async (handle) => {
    await waitUntil(async () => (await handle.query<Report>(reportQuery)).stage === 'waiting');
    const report = await handle.query<Report>(reportQuery);
    assert.match((await listProblems(report)).join(), /is still open/);
    await handle.terminate();
    return report;
  });
  assert.deepEqual(
    early.evidence.map(({ phase }) => phase),
    ['baseline', 'enforced'],
  );
  assert.ok(isVerified(auditReport(early)));
  assert.deepEqual(await listProblems(early), []);
  const [first, second] = early.evidence;
  assert.ok(first && second);
  assert.match((await listProblems({ ...early, evidence: [second, first] })).join(), /phase is "enforced"/);
  const pass = sealReport({ ...early, outcome: 'PASS' });
  assert.match((await listProblems(pass)).join(), /The run left no report: event \d+ \(WorkflowExecutionTerminated\)/);
});

test('a run whose probes saw megabytes ends with what it proved, less than 1 MB, and its history holds that report', {
  timeout: 300_000,
}, async () => {
  const report = await finish({ evidence: (input) => inflate(asExpected(input), 2000) });
  assert.equal(report.outcome, 'PASS');
  assert.ok(report.evidence.some(({ dropped }) => dropped));
  assert.ok(Buffer.byteLength(JSON.stringify(report)) < 1_000_000);
  assert.ok(!isVerified(auditReport(report)), 'by itself');
  assert.ok(isVerified(auditReport(report, { isTied: true })));
  assert.deepEqual(await listProblems(report), []);
  const history = await readRunHistory(harness.env.client, report);
  const ended = { ...history, end: { event: 'event 9 (End)', left: undefined }, memo: null };
  const running: Report = { ...report, outcome: 'RUNNING', seal: null };
  assert.deepEqual(compareHistory(running, ended, workflowType).problems, [], 'the seals of dropped evidence count');
});
