import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditReport } from '../../src/audit/report.ts';
import { listAllProblems, listProblems, sealAnew } from './forge.ts';
import { createReport } from './sample.ts';

const whole = createReport();
const sealed = whole.seal?.sha256 ?? '';

test('the seal covers what no other check can know, such as the cluster, a warning and a step', () => {
  assert.ok(whole.cluster !== null && whole.mission !== null);
  const moved = { ...whole, cluster: { ...whole.cluster, id: '/subscriptions/other' } };
  for (const forged of [moved, { ...whole, warnings: [] }, { ...whole, steps: [...whole.steps].reverse() }]) {
    const [problem, ...more] = listAllProblems(forged);
    assert.match(
      problem ?? '',
      new RegExp(`^The report was changed after it was sealed with ${sealed}; its content gives [0-9a-f]{64}\\.$`),
    );
    assert.deepEqual(more, []);
    assert.deepEqual(listProblems(forged), [], 'whoever can rewrite the whole file can seal it anew');
  }
});

test('a report is sealed exactly when its run is over', () => {
  assert.deepEqual(listAllProblems({ ...whole, seal: null }), ['The report is not sealed, though the run is over.']);
  const running = { ...whole, outcome: 'RUNNING', stage: 'enforced', timings: { ...whole.timings, endedAt: null } };
  const told = { ...running, summary: 'The run is under way: enforced.' };
  assert.deepEqual(listAllProblems(told), ['The report is sealed, though the run is under way.']);
  const { checks } = auditReport(sealAnew(told));
  assert.equal(checks.at(-1)?.holds, 'The run is under way, so its report is not sealed yet.');
  assert.deepEqual(listProblems(told), []);
});

test('a report of a version that sealed evidence only is told so', () => {
  const { seal: _, firstExecutionRunId: __, ...old } = whole;
  assert.deepEqual(listAllProblems(old), [
    'The report is not sealed as a whole: the version of hepflow that made it sealed evidence only.',
  ]);
});

test('a text that has no canonical form cannot be what was sealed', () => {
  assert.deepEqual(listAllProblems({ ...whole, warnings: ['\ud800'] }), [
    `The report cannot be what was sealed with ${sealed}: Lone surrogate is not allowed.`,
  ]);
});
