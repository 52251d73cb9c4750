/** The self-test's own judge: a mutant that was not seen through must not count as killed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from '../../src/contract/report.ts';
import { judge } from './judge.ts';
import { denied, type Expected, leaks } from './mutation.ts';
import { mutations } from './mutations.ts';
import { formatKillRate } from './table.ts';

const expected: Expected = {
  outcome: 'PASS',
  row: denied,
  verdict: 'PASS',
  sentence: /^node-1:30080 did not answer/,
  findings: [{ about: 'observer', result: 'CONFIRMED', sentence: /node-1/ }],
  tookAtLeastMs: 2000,
  attempts: 2,
};

/** What a run says that is exactly as expected, of nodes called n0 and n1. */
const good = {
  outcome: 'PASS',
  summary: 'All well.',
  verdicts: [{ phase: 'enforced', target: { id: 'n0:30080' }, verdict: 'PASS', sentence: 'n0:30080 did not answer' }],
  findings: [{ phase: 'enforced', about: 'observer', result: 'CONFIRMED', sentence: 'n0 fell silent' }],
  transitions: [
    { phase: 'enforced', target: { id: 'n0:30080' }, tookMs: { atLeast: 2000, atMost: 2100 }, sentence: '' },
  ],
  steps: [{ name: 'probe', subject: 'enforced', attempts: 2 }],
  leftovers: [],
};
const judged = (change: object): readonly string[] =>
  judge({ ...good, ...change } as unknown as Report, expected, ['n0', 'n1']).problems;

test('a run that is in everything as expected kills the mutant', () => {
  assert.deepEqual(judge(good as unknown as Report, expected, ['n0', 'n1']), {
    killed: true,
    got: 'PASS; enforced node-1:30080 PASS',
    sentence: 'node-1:30080 did not answer',
    problems: [],
  });
});

test('each difference lets the mutant survive, and says what it is', () => {
  const [verdict] = good.verdicts;
  const [finding] = good.findings;
  const [transition] = good.transitions;
  const differences: readonly (readonly [object, RegExp])[] = [
    [{ outcome: 'FAIL' }, /^the outcome is FAIL, not PASS: All well\.$/],
    [{ verdicts: [{ ...verdict, verdict: 'FAIL' }] }, /^enforced node-1:30080 is FAIL, not PASS$/],
    [
      { verdicts: [{ ...verdict, sentence: 'n1:30080 did not answer' }] },
      /^the sentence is not .*: node-2:30080 did not answer$/,
    ],
    [{ findings: [] }, /^no finding observer CONFIRMED says .*: there is none$/],
    [{ findings: [{ ...finding, phase: 'restored' }] }, /there is none$/],
    [{ findings: [{ ...finding, result: 'UNKNOWN' }] }, /: UNKNOWN: node-1 fell silent$/],
    [{ transitions: [{ ...transition, tookMs: null }] }, /^the change took at least undefined ms, not 2000/],
    [{ transitions: [{ ...transition, tookMs: { atLeast: 100, atMost: 3000 } }] }, /^the change took at least 100 ms/],
    [{ steps: [{ ...good.steps[0], attempts: 1 }] }, /^the probe took 1 attempts, not 2$/],
    [
      { leftovers: [{ what: 'deleteVm', why: 'no rights', command: '' }] },
      /^the report lists leftovers: deleteVm \(no rights\)$/,
    ],
  ];
  for (const [change, says] of differences) {
    const problems = judged(change);
    assert.equal(problems.length, 1, JSON.stringify(change));
    assert.match(problems[0] ?? '', says);
  }
});

test('a run without an end, and one that never judged the row, let it survive', () => {
  assert.deepEqual(judge(undefined, leaks, ['n0', 'n1']).problems, ['the run did not end']);
  assert.ok(judged({ verdicts: [] }).includes('enforced node-1:30080 is not judged, not PASS'));
});

test('the rate is 100 % only when all are killed, and of nothing 0 %', () => {
  assert.equal(formatKillRate([{ killed: true }, { killed: true }]), '2 of 2 killed (100 %)');
  assert.equal(
    formatKillRate(Array.from({ length: 300 }, (_, index) => ({ killed: index > 0 }))),
    '299 of 300 killed (99 %)',
  );
  assert.equal(formatKillRate([]), '0 of 0 killed (0 %)');
});

test('names are unique, and one mutation breaks nothing', () => {
  assert.equal(new Set(mutations.map(({ name }) => name)).size, mutations.length);
  assert.deepEqual(
    mutations.filter(({ faults }) => faults.length === 0).map(({ name }) => name),
    ['nothing'],
  );
});
