import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOf } from '../../src/cli/exit-code.ts';
import { follow, type RunHandle, reportOf } from '../../src/cli/follow.ts';
import type { ProgressView } from '../../src/cli/progress-view.ts';
import { type Progress, progressQuery, reportQuery } from '../../src/contract/messages.ts';
import { report } from '../report/sample.ts';

const progress = (count: number): Progress => ({
  runId: 'x',
  phase: 'provisioning',
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
const options = (view: ProgressView, signal = never) => ({ view, taskQueue: 'hepflow', signal, pollMs: 5 });
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
  const end = await follow(handle, options(view));
  assert.deepEqual(end, { kind: 'over', report: report() });
  assert.equal(view.shown.at(-1), 3);
  assert.deepEqual([view.shown[0], view.ended], [1, true]);
});

test('a run that knows no query yet is waited for without a word; a server that is away is noted', async () => {
  const early = recorder();
  const { promise, resolve } = Promise.withResolvers<unknown>();
  setTimeout(() => resolve(report()), 40);
  await follow(stub({}, promise), options(early));
  assert.deepEqual(early.notes, []);

  const away = recorder();
  const slow = new Promise((ready) => setTimeout(() => ready(report()), 40));
  const refuse = (): never => {
    throw new Error('14 UNAVAILABLE');
  };
  await follow(stub({ [progressQuery]: refuse }, slow), options(away));
  assert.match(away.notes[0] ?? '', /UNAVAILABLE/);
});

test('Ctrl-C detaches at once, whatever the run does', async () => {
  const interrupt = new AbortController();
  const view = recorder();
  setTimeout(() => interrupt.abort(), 20);
  assert.deepEqual(
    await follow(
      stub({ [progressQuery]: () => new Promise(() => {}) }, new Promise(() => {})),
      options(view, interrupt.signal),
    ),
    {
      kind: 'detached',
    },
  );
  assert.equal(view.ended, true);
});

test("a failed run's report comes from the failure's first detail", async () => {
  const error = failed({ details: [report({ outcome: 'ERROR' })] });
  const end = await follow(stub({}, Promise.reject(error)), options(recorder()));
  assert.equal(end.kind === 'over' && end.report.outcome, 'ERROR');
});

test("a cancelled run's report comes from the query, which a worker answers for closed runs", async () => {
  const handle = stub({ [reportQuery]: () => report({ outcome: 'CANCELLED' }) }, Promise.reject(failed({})));
  const end = await follow(handle, options(recorder()));
  assert.equal(end.kind === 'over' && end.report.outcome, 'CANCELLED');
  assert.equal((await reportOf(handle))?.outcome, 'CANCELLED');
});

test('without a worker the memo tells at least the outcome, and without a memo the status', async () => {
  const memo = { hepflow: { runId: 'x', outcome: 'CANCELLED', summary: 'The run was cancelled.', leftovers: 0 } };
  const end = await follow(stub({}, Promise.reject(failed({})), { memo }), options(recorder()));
  assert.deepEqual(end, { kind: 'over-without-report', message: 'CANCELLED: The run was cancelled.' });
  const bare = await follow(
    stub({}, Promise.reject(failed(new Error('terminated by admin'))), { status: { name: 'TERMINATED' } }),
    options(recorder()),
  );
  assert.match(bare.kind === 'over-without-report' ? bare.message : '', /TERMINATED.*terminated by admin/);
});

test('the report of a run under way is the query’s', async () => {
  const handle = stub({ [reportQuery]: () => report({ outcome: 'RUNNING' }) }, new Promise(() => {}), {
    status: { name: 'RUNNING' },
  });
  assert.equal((await reportOf(handle))?.outcome, 'RUNNING');
});

test('a report of an older worker, without evidence and what came with it, is filled up once for all who show it', async () => {
  const { transitions: _, findings: __, evidence: ___, ...old } = report();
  const filled = { ...report(), transitions: [], findings: [], evidence: [] };
  for (const status of ['RUNNING', 'COMPLETED'])
    assert.deepEqual(
      await reportOf(stub({ [reportQuery]: () => old }, Promise.resolve(old), { status: { name: status } })),
      filled,
    );
  assert.deepEqual(await follow(stub({}, Promise.resolve(old)), options(recorder())), { kind: 'over', report: filled });
  const sweep = { found: [], left: 0 };
  assert.deepEqual(await follow(stub({}, Promise.resolve(sweep)), options(recorder())), {
    kind: 'over',
    report: sweep,
  });
});

test('the proof under way is asked for while a probe runs, and shown beside the progress', async () => {
  const seen: unknown[] = [];
  const view = { ...recorder(), show: (_: Progress, proof?: unknown) => void seen.push(proof) };
  const proof = { phase: 'enforced', stage: 'proof', targets: {} } as const;
  const [step] = report().steps;
  const probing = { ...progress(0), steps: [{ ...step, name: 'probe', outcome: 'running' }] };
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let looks = 0;
  const look = (): unknown => {
    looks += 1;
    if (looks === 4) resolve(report());
    return looks < 2 ? progress(1) : probing;
  };
  const asked = [(): Promise<never> => Promise.reject(new Error('away')), async () => proof, async () => proof];
  await follow(stub({ [progressQuery]: look }, promise), {
    ...options(view),
    liveProof: () => (asked.shift() ?? (async () => proof))(),
  });
  assert.deepEqual(seen.slice(0, 3), [undefined, undefined, proof]);
});

test('exit codes: 0 PASS, 1 FAIL, 2 INCONCLUSIVE, 3 could not run, 4 left behind whatever the verdict', () => {
  const code = (outcome: ReturnType<typeof report>['outcome'], left = 0): number =>
    exitCodeOf({ outcome, leftovers: Array(left).fill({ what: 'w', why: 'y', command: 'c' }) });
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
    [0, 1, 2, 3, 3, 4, 4, 0],
  );
});
