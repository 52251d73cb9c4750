import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ChangeRecord, Leftover, Report, StepRecord } from '../../src/contract/report.ts';
import { summarize } from '../../src/judge/sentences/summary.ts';
import { listProblems, listProblemsOf } from './forge.ts';
import { createReport } from './sample.ts';

const whole = createReport();
const failure = { code: 'PreflightFailed', step: '', message: 'No.', remedy: 'Ask.', problems: [] } as const;
const running: Partial<Report> = {
  outcome: 'RUNNING',
  stage: 'enforced',
  timings: { ...whole.timings, endedAt: null },
};

/** The report with its end changed, and a sentence that fits. */
function end(change: Partial<Report>): Report {
  const report = { ...whole, ...change };
  return { ...report, summary: summarize(report) };
}
const problemsOf = (change: Partial<Report>): string[] => listProblemsOf(/^The outcome /, end(change));

const notOver = 'but the stage of the run is over.';
const endedAt = `but the end of the run is ${whole.timings.endedAt}.`;
const convergence = 'A time does not follow from the evidence: timings.convergenceMs';
const cases: readonly (readonly [what: string, change: Partial<Report>, problems: readonly string[]])[] = [
  ['untouched', {}, []],
  ['cancelled', { outcome: 'CANCELLED' }, []],
  ['under way', running, []],
  ['waiting', { ...running, stage: 'waiting' }, []],
  [
    'of another outcome than the verdicts give',
    { outcome: 'FAIL' },
    ['The outcome does not follow from the verdicts and findings: it is FAIL, not PASS.'],
  ],
  ['an error without failure', { outcome: 'ERROR' }, ['The outcome is ERROR, but no failure is reported.']],
  ['a failure without error', { failure }, ['The outcome is PASS, but a failure is reported.']],
  ['under way though it ended', { ...running, timings: whole.timings }, [`The outcome is RUNNING, ${endedAt}`]],
  [
    'over without an end',
    { timings: { ...whole.timings, endedAt: null } },
    ['The outcome is PASS, but the end of the run is not known.'],
  ],
  ['under way at its end', { ...running, stage: 'over' }, [`The outcome is RUNNING, ${notOver}`]],
  ['over in a phase', { stage: 'enforced' }, ['The outcome is PASS, but the stage of the run is enforced.']],
  [
    'at a stage that no run has',
    { ...running, stage: 'third' },
    ['The stage of the run is third, which is no phase of the report.'],
  ],
  [
    'of another length',
    { timings: { ...whole.timings, totalMs: 7 } },
    ['The length of the run is not that between its start and end: timings.totalMs is 7, not 150000.'],
  ],
  [
    'of another convergence',
    { timings: { ...whole.timings, convergenceMs: { ...whole.timings.convergenceMs, second: 7 } } },
    [`${convergence}.second is 7, not 31.5.`],
  ],
  [
    'of a convergence that was not reached',
    {
      evidence: whole.evidence.map((one) =>
        one.phase === 'second' ? { ...one, convergence: { ...one.convergence, reached: false } } : one,
      ),
    },
    [`${convergence}.second is 31.5, not missing.`],
  ],
];
for (const [what, change, problems] of cases)
  test(`a report that is ${what}`, () => assert.deepEqual(problemsOf(change), problems));

test('an error with its failure', () => {
  assert.deepEqual(listProblems(end({ outcome: 'ERROR', failure })), []);
});

test('another sentence', () => {
  assert.deepEqual(listProblems({ ...whole, summary: 'All is well.' }), [
    `The sentence of the outcome does not follow: summary is "All is well.", not ${JSON.stringify(whole.summary)}.`,
  ]);
});

describe('leftovers', () => {
  const leftover: Leftover = { what: 'deleteVm vm', why: 'No.', command: 'az vm delete', reason: 'kept', code: '' };
  const made: ChangeRecord = { id: 'vm.vm', phase: null, words: 'a VM', moments: [] };
  const undo: StepRecord = {
    ...{ name: 'deleteVm', subject: 'vm', outcome: 'failed', attempts: 3, detail: 'No.', undoes: made.id },
    ...{ startedAt: whole.timings.startedAt, endedAt: whole.timings.startedAt },
  };
  const changes = [made, ...whole.changes];
  const left = (leftovers: readonly Partial<Leftover>[], ...undos: readonly StepRecord[]): Partial<Report> => ({
    changes,
    leftovers: leftovers.map((more) => ({ ...leftover, ...more })),
    steps: [...whole.steps, ...undos],
  });
  const failed = { reason: 'failed', code: 'ScopeLocked' } as const;

  test('kept, failed or in conflict', () => {
    for (const change of [left([{}]), left([failed], undo), left([{ reason: 'conflict' }], undo)])
      assert.deepEqual(listProblems(end(change)), []);
    assert.deepEqual(listProblems(end(left([], { ...undo, outcome: 'done' }))), []);
  });
  test('what was undone is not left', () => {
    for (const reason of ['done', 'nothing'] as const)
      assert.deepEqual(problemsOf(left([{ reason }], undo)), [
        `The leftover deleteVm vm is not left: its undo ended with ${reason}.`,
      ]);
  });
  test('only a failure has a code', () => {
    assert.deepEqual(problemsOf(left([{ reason: 'conflict', code: 'ScopeLocked' }], undo)), [
      'The leftover deleteVm vm has the code ScopeLocked, but its reason is conflict.',
    ]);
    assert.deepEqual(problemsOf(left([{ reason: 'failed' }], undo)), [
      'The leftover deleteVm vm has no code, but its reason is failed.',
    ]);
  });
  test('each undo that did not end well is told, and no other', () => {
    for (const outcome of ['failed', 'waiting', 'cancelled'] as const)
      assert.deepEqual(problemsOf(left([], { ...undo, outcome })), [
        'The leftovers name 0 failed undos, and the steps have 1.',
      ]);
    assert.deepEqual(problemsOf(left([failed], { ...undo, outcome: 'done' })), [
      'The leftovers name 1 failed undos, and the steps have 0.',
    ]);
    const { undoes: _, ...other } = undo;
    assert.deepEqual(problemsOf({ steps: [...whole.steps, other] }), [], 'a step that failed to make a change');
  });
  test('each change that was not taken back is told as kept, and no other', () => {
    assert.deepEqual(problemsOf(left([])), ['The leftovers name 0 kept changes, and 1 have no undo among the steps.']);
    assert.deepEqual(problemsOf(left([{}, failed], undo)), [
      'The leftovers name 1 kept changes, and 0 have no undo among the steps.',
    ]);
  });
  test('not before the run is over', () => {
    assert.deepEqual(problemsOf({ ...running, ...left([]) }), []);
    assert.deepEqual(problemsOf({ ...running, ...left([], undo) }), []);
  });
});
