import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditReport, isVerified } from '../../src/audit/report.ts';
import { listProblems, reseal } from './forge.ts';
import { createReport } from './sample.ts';

const whole = createReport();

test('an untouched report verifies, whichever phases its run came to', () => {
  for (const seen of [
    ['baseline', 'enforced', 'second', 'restored'],
    ['baseline', 'enforced', 'restored'],
    ['baseline', 'enforced'],
  ]) {
    const report = createReport({ seen });
    const audit = auditReport(report);
    assert.deepEqual(listProblems(report), [], seen.join(', '));
    assert.ok(isVerified(audit));
    assert.equal(audit.report, report);
    assert.equal(audit.head, report.evidence.at(-1)?.seal?.sha256);
  }
});

test('each check of a report that verifies says what holds', () => {
  assert.deepEqual(
    auditReport(whole).checks.map(({ holds }) => holds),
    [
      'It is a report of schema version 2.',
      'The chain of evidence is whole: 4 links from the run id 0a1b2c3d to the head.',
      'Phases, targets, nodes and vantages are those of the scenario workshop.',
      'Every probe dialled the targets of the plan, from a vantage of the plan.',
      'Each phase was seen with its denies, or passed by for a reason that its gate allows.',
      'The moments of all changes agree with the steps that made them or took them back.',
      'All 16 verdicts follow from the evidence.',
      'All 4 transitions follow from the evidence.',
      'All 18 findings follow from the evidence.',
      'The outcome PASS, its sentence and its counts follow from the verdicts.',
      `The whole report is as it was sealed: ${whole.seal?.sha256}.`,
    ],
  );
  const cancelled = { ...createReport({ seen: ['baseline'] }), outcome: 'CANCELLED' };
  assert.equal(
    auditReport(cancelled).checks[1]?.holds,
    'The chain of evidence is whole: 1 link from the run id 0a1b2c3d to the head.',
  );
});

test('a report of a run that ended before it had a plan verifies too, without a head', () => {
  const failure = {
    ...{ code: 'PreflightFailed', step: 'preflight', message: 'One problem.', remedy: 'Resolve it.', problems: [] },
  } as const;
  const early = {
    ...createReport({ seen: [] }),
    ...{ outcome: 'ERROR', failure, scenario: null, mission: null, cluster: null, calico: null },
    ...{ vantages: [], targets: [], phases: [], changes: [], steps: [] },
    summary: 'The run could not be carried out: One problem. Nothing is left behind.',
  };
  assert.deepEqual(listProblems(early), []);
  assert.equal(auditReport(early).head, null);
  assert.equal(
    auditReport(early).checks[2]?.holds,
    'The run had no plan yet, and the report holds nothing that needs one.',
  );
});

test('a broken chain has no head', () => {
  const [first, , ...rest] = whole.evidence;
  const audit = auditReport({ ...whole, evidence: [first, ...rest] });
  assert.equal(audit.head, null);
  assert.equal(isVerified(audit), false);
  assert.match(
    audit.checks[1]?.problems.join() ?? '',
    /^The chain is broken at link 2 \(second from vm\): it was sealed onto/,
  );
});

test('evidence that was changed and sealed anew is whole again, but no longer carries the verdicts', () => {
  const leaky = reseal(whole, (evidence) =>
    evidence.map((one) => ({
      ...one,
      connections: one.connections.map((each) =>
        one.phase === 'enforced' && each.target === 'node-a:30080' ? { ...each, outcome: 'OPEN' } : each,
      ),
    })),
  );
  const problems = listProblems(leaky);
  assert.ok(!problems.some((problem) => problem.startsWith('The chain')));
  assert.ok(
    problems.includes(
      'The verdict on node-a:30080 from vm in phase enforced does not follow from the evidence: verdict is "PASS", not "FAIL".',
    ),
    problems.join('\n'),
  );
});

test('verdicts without evidence and evidence without verdicts are told apart', () => {
  assert.deepEqual(listProblems({ ...whole, verdicts: whole.verdicts.slice(1) }), [
    'The verdict on node-a:30080 from vm in phase baseline is missing, though there is evidence for it.',
    'The sentence of the outcome does not follow: summary is "Host endpoints protect the nodes\' ports: 16 of 16 ' +
      'expectations were met. Nothing is left behind.", not "Host endpoints protect the nodes\' ports: 15 of 15 ' +
      'expectations were met. Nothing is left behind.".',
  ]);
  assert.ok(
    listProblems({ ...whole, evidence: whole.evidence.slice(0, 3) }).includes(
      'The verdict on node-b:30080 from vm in phase restored has no evidence behind it.',
    ),
  );
});

test('statements are named by what they are about', () => {
  const { verdicts, transitions, findings } = whole;
  const turned = { ...whole, verdicts: [...verdicts, ...verdicts.slice(0, 1)], transitions: transitions.toReversed() };
  assert.deepEqual(listProblems({ ...turned, findings: findings.slice(2) }).slice(0, 4), [
    'The verdict on node-a:30080 from vm in phase baseline is there twice.',
    'The transitions are not in the order of the evidence.',
    'The finding securityRules from vm in phase baseline is missing, though there is evidence for it.',
    'The finding routes from vm in phase baseline is missing, though there is evidence for it.',
  ]);
  assert.ok(
    listProblems({ ...whole, findings: findings.filter(({ about }) => about !== 'observer') }).includes(
      'The finding observer on node-a:30080 from vm in phase enforced is missing, though there is evidence for it.',
    ),
  );
  assert.ok(
    listProblems({ ...whole, transitions: transitions.slice(1) }).includes(
      'The transition of node-a:30080 from vm in phase enforced is missing, though there is evidence for it.',
    ),
  );
});
