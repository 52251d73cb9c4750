import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseExitCode } from '../../src/cli/exit-code.ts';
import { type FollowOptions, followWorkflow } from '../../src/cli/follow.ts';
import type { ProgressView } from '../../src/cli/progress-view.ts';
import { renderReport } from '../../src/cli/report-forms.ts';
import { type AnyReport, fetchReport, readReport, recoverReport } from '../../src/cli/run-report.ts';
import { readSweepResult } from '../../src/cli/sweep-result.ts';
import type { RunHandle } from '../../src/cli/temporal.ts';
import { type Progress, progressQuery, reportQuery } from '../../src/contract/messages.ts';
import type { Report } from '../../src/contract/report.ts';
import { passed } from '../report/runs.ts';

const report = (change: Partial<Report> = {}): Report => ({ ...passed, ...change });
const progress = (count: number): Progress => ({
  runId: 'x',
  stage: 'provisioning',
  waitingFor: '',
  steps: report().steps.slice(0, count),
});

/** A run of which the test decides what it answers. */
function stub(
  answers: Partial<Record<string, () => unknown>>,
  result: Promise<unknown>,
  describe: Partial<Awaited<ReturnType<RunHandle['describe']>>> = {},
): RunHandle {
  return {
    workflowId: 'hepflow-x',
    query: async (name) => {
      const answer = answers[name];
      if (answer === undefined) throw Object.assign(new Error(`no ${name}`), { name: 'QueryNotRegisteredError' });
      return answer();
    },
    result: () => result,
    describe: async () => ({ status: { name: 'FAILED' }, ...describe }),
  };
}

function recorder(): ProgressView & { shown: number[]; notes: string[]; ended: boolean } {
  const view = { shown: [] as number[], notes: [] as string[], ended: false };
  return Object.assign(view, {
    show: (seen: Progress) => void view.shown.push(seen.steps.length),
    note: (line: string) => void view.notes.push(line),
    prompt: () => {},
    end: () => {
      view.ended = true;
    },
  });
}
const never = new AbortController().signal;
const options = (view: ProgressView, signal = never): FollowOptions<AnyReport> => ({
  ...{ view, taskQueue: 'hepflow', signal, pollMs: 5 },
  readResult: readReport,
});
const follow = (handle: RunHandle, view: ProgressView, signal = never) =>
  followWorkflow(handle, { ...options(view, signal), recover: (error) => recoverReport(handle, error) });
const failed = (cause: object): Error =>
  Object.assign(new Error('Workflow execution failed', { cause }), { name: 'WorkflowFailedError' });

test('progress is shown until the end, the last state too, and the result is the report', async () => {
  const view = recorder();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let looks = 0;
  const handle = stub(
    {
      [progressQuery]: () => {
        looks += 1;
        if (looks === 3) resolve(report());
        return progress(Math.min(looks, 3));
      },
    },
    promise,
  );
  const end = await follow(handle, view);
  assert.deepEqual(end, { kind: 'over', result: report() });
  assert.equal(view.shown.at(-1), 3);
  assert.deepEqual([view.shown[0], view.ended], [1, true]);
});

test('a run that knows no query yet is waited for without a word; a server that is away is noted', async () => {
  const early = recorder();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  setTimeout(() => resolve(report()), 40);
  await follow(stub({}, promise), early);
  assert.deepEqual(early.notes, []);

  const away = recorder();
  const slow = new Promise((ready) => setTimeout(() => ready(report()), 40));
  const refuse = (): never => {
    throw new Error('14 UNAVAILABLE');
  };
  await follow(stub({ [progressQuery]: refuse }, slow), away);
  assert.match(away.notes[0] ?? '', /UNAVAILABLE/);
});

test('Ctrl-C detaches at once, whatever the run does', async () => {
  const interrupt = new AbortController();
  const view = recorder();
  setTimeout(() => interrupt.abort(), 20);
  assert.deepEqual(
    await follow(stub({ [progressQuery]: () => new Promise(() => {}) }, new Promise(() => {})), view, interrupt.signal),
    {
      kind: 'detached',
    },
  );
  assert.equal(view.ended, true);
});

test("a failed run's report comes from the failure's first detail", async () => {
  const error = failed({ details: [report({ outcome: 'ERROR' })] });
  const end = await follow(stub({}, Promise.reject(error)), recorder());
  assert.equal(end.kind === 'over' && end.result.outcome, 'ERROR');
});

test("a cancelled run's report comes from the query, which a worker answers for closed runs", async () => {
  const handle = stub({ [reportQuery]: () => report({ outcome: 'CANCELLED' }) }, Promise.reject(failed({})));
  const end = await follow(handle, recorder());
  assert.equal(end.kind === 'over' && end.result.outcome, 'CANCELLED');
  assert.equal((await fetchReport(handle))?.outcome, 'CANCELLED');
});

test('without a worker the memo tells at least the outcome, and without a memo the status', async () => {
  const memo = { hepflow: { runId: 'x', outcome: 'CANCELLED', summary: 'The run was cancelled.', leftovers: 0 } };
  const end = await follow(stub({}, Promise.reject(failed({})), { memo }), recorder());
  assert.deepEqual(end, {
    ...{ kind: 'over-without-result', status: 'FAILED' },
    message: 'CANCELLED: The run was cancelled.',
  });
  const bare = await follow(
    stub({}, Promise.reject(failed(new Error('terminated by admin'))), { status: { name: 'TERMINATED' } }),
    recorder(),
  );
  assert.match(bare.kind === 'over-without-result' ? bare.message : '', /TERMINATED.*terminated by admin/);
});

test("the report of a run under way is the query's", async () => {
  const handle = stub({ [reportQuery]: () => report({ outcome: 'RUNNING' }) }, new Promise(() => {}), {
    status: { name: 'RUNNING' },
  });
  assert.equal((await fetchReport(handle))?.outcome, 'RUNNING');
});

/** As a worker of the last version gives it. */
const old = {
  schemaVersion: 1,
  runId: 'x',
  workflowId: 'hepflow-x',
  outcome: 'FAIL',
  summary: 'One port answered.',
  verdicts: [{ phase: 'enforced', sentence: 'It answered.' }],
  leftovers: [],
} as const;

test('a report of another version is read as such, under way or closed, a success or a failure', async () => {
  for (const status of ['RUNNING', 'COMPLETED'])
    assert.deepEqual(
      await fetchReport(stub({ [reportQuery]: () => old }, Promise.resolve(old), { status: { name: status } })),
      old,
    );
  assert.deepEqual(await follow(stub({}, Promise.resolve(old)), recorder()), { kind: 'over', result: old });
  const error = failed({ details: [old] });
  assert.deepEqual(await follow(stub({}, Promise.reject(error)), recorder()), { kind: 'over', result: old });
});

test('a report of another version is shown as outcome and JSON; no other form is made of it', () => {
  const how =
    'Its report is of schema 1; this version of hepflow reads schema 2. ' +
    'As it is, it can be had by: hepflow report hepflow-x --format json';
  assert.equal(renderReport(old, 'text'), `FAIL: One port answered.\n${how}\n`);
  assert.deepEqual(JSON.parse(renderReport(old, 'json')), old);
  for (const format of ['html', 'markdown', 'junit'] as const)
    assert.throws(() => renderReport(old, format), new RegExp(`There is no ${format} of this run\\. ${how}`));
  assert.equal(chooseExitCode(old), 1);
});

test('what is no report is refused, not waited for', async () => {
  await assert.rejects(
    follow(stub({}, Promise.resolve({ found: [], left: 0 })), recorder()),
    /is no report of hepflow/,
  );
});

test('a sweep is followed to its own result', async () => {
  const result = { dryRun: true, found: [], left: 0, warnings: [] };
  const sweeping = (value: unknown) =>
    followWorkflow(stub({}, Promise.resolve(value)), {
      ...{ view: recorder(), taskQueue: 'hepflow', signal: never },
      readResult: readSweepResult,
    });
  assert.deepEqual(await sweeping(result), { kind: 'over', result });
  await assert.rejects(sweeping(report()), /is no result of a sweep/);
});

test('a worker of another version is noted, and its run followed all the same', async () => {
  const view = recorder();
  const slow = new Promise((ready) => setTimeout(() => ready(report()), 40));
  const earlier = { runId: 'x', phase: 'provisioning', waitingFor: '', steps: [] };
  assert.deepEqual(await follow(stub({ [progressQuery]: () => earlier }, slow), view), {
    kind: 'over',
    result: report(),
  });
  assert.deepEqual([view.shown, view.notes[0]], [[], 'No answer yet: the worker is of another version of hepflow']);
});

test('what Temporal knows of the steps under way is shown beside the progress, and its lack stops nothing', async () => {
  const seen: unknown[] = [];
  const view = {
    ...recorder(),
    show: ({ steps }: Progress, proof?: unknown) => void seen.push([steps[0]?.detail, proof]),
  };
  const proof = { phase: 'enforced', stage: 'proof', targets: {} } as const;
  const [step] = report().steps;
  const probing = { ...progress(0), steps: [{ ...step, name: 'probe', outcome: 'running', detail: '' }] };
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let looks = 0;
  const look = (): unknown => {
    looks += 1;
    if (looks === 3) resolve(report());
    return probing;
  };
  const pending = { proof, steps: [{ name: 'probe', attempt: 2, trouble: 'lost' }] };
  const asked = [(): Promise<never> => Promise.reject(new Error('away')), async () => pending];
  await followWorkflow(stub({ [progressQuery]: look }, promise), {
    ...options(view),
    readPending: () => (asked.shift() ?? (async () => pending))(),
  });
  assert.deepEqual(seen.slice(0, 2), [
    ['', undefined],
    ['lost', proof],
  ]);
});

test('a Temporal that does not answer is told apart from a worker that does not', { timeout: 30_000 }, async () => {
  const silent = { [progressQuery]: () => new Promise(() => {}) };
  const noteOf = async (describe: RunHandle['describe']): Promise<string | undefined> => {
    const view = recorder();
    const ended = new Promise((resolve) => setTimeout(() => resolve(report()), 8000));
    await follow({ ...stub(silent, ended), describe }, view);
    return view.notes[0];
  };
  const [noWorker, noServer] = await Promise.all([
    noteOf(async () => ({ status: { name: 'RUNNING' } })),
    noteOf(() => new Promise(() => {})),
  ]);
  assert.match(noWorker ?? '', /No worker answers on task queue hepflow/);
  assert.match(noServer ?? '', /Temporal does not answer/);
});

test('exit codes: 0 PASS, 1 FAIL, 2 INCONCLUSIVE, 3 could not run, 4 left behind whatever the verdict, 5 under way', () => {
  const code = (outcome: ReturnType<typeof report>['outcome'], left = 0): number =>
    chooseExitCode({ outcome, leftovers: Array(left).fill({ what: 'w', why: 'y', command: 'c' }) });
  assert.deepEqual(
    [
      code('PASS'),
      code('FAIL'),
      code('INCONCLUSIVE'),
      code('ERROR'),
      code('CANCELLED'),
      code('PASS', 1),
      code('FAIL', 2),
      code('RUNNING'),
    ],
    [0, 1, 2, 3, 3, 4, 4, 5],
  );
});
