import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkJudgement } from '../../src/audit/judgement.ts';
import { auditReport, isVerified } from '../../src/audit/report.ts';
import type { Evidence } from '../../src/contract/evidence.ts';
import { listProblems } from './forge.ts';
import { pathsIn } from './mutations.ts';
import { createReport } from './sample.ts';

const whole = createReport();

/** A copy with one value put at a place. */
function put(path: readonly (string | number)[], value: unknown): unknown {
  const report = structuredClone(whole);
  const parent = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], report);
  (parent as Record<string, unknown>)[path.at(-1) ?? ''] = value;
  return report;
}

test('what is not a report is refused, and not looked at further', () => {
  for (const nonsense of [undefined, null, 7, 'text', [], {}]) {
    const { checks, report, head } = auditReport(nonsense);
    assert.deepEqual([checks.length, report, head], [1, null, null]);
    assert.match(checks[0]?.problems[0] ?? '', /^It is not a report of schema version 2: /);
  }
});

test('every problem of its shape is told at once, with its place', () => {
  const problems = listProblems({ ...whole, runId: 'x', colour: 'red', timings: null, verdicts: [{}] });
  for (const problem of [
    'It is not a report of schema version 2: runId: must be 16 hexadecimal digits',
    'It is not a report of schema version 2: timings: Invalid input: expected object, received null',
    'It is not a report of schema version 2: verdicts.0.sentence: Invalid input: expected string, received undefined',
    'It is not a report of schema version 2: it: Unrecognized key: "colour"',
  ])
    assert.ok(problems.includes(problem), problems.join('\n'));
});

test('a report of another version is told so, and not taken for verified', () => {
  for (const schemaVersion of [1, 3, '2'])
    assert.deepEqual(listProblems({ ...whole, schemaVersion }), [
      `It is of schema version ${JSON.stringify(schemaVersion)}, and this version of hepflow verifies version 2: ` +
        'verify it with the version that made it.',
    ]);
});

test('a report of a version without evidence is told so', () => {
  const { evidence: _, transitions: __, findings: ___, ...old } = whole;
  for (const schemaVersion of [1, 2]) {
    const audit = auditReport({ ...old, schemaVersion });
    assert.deepEqual(audit.checks[0]?.problems, [
      'The report holds no evidence, so nothing can be verified: the version of hepflow that made it kept none.',
    ]);
    assert.equal(isVerified(audit), false);
  }
});

test('no field of any part is left out, and none is added', () => {
  const optional = /\.(service|response|answers|observation|witnesses|packets|node|makes|undoes|pods|seal)$/;
  const named = new Set<string>();
  for (const path of pathsIn(whole)) {
    const key = path.map((step) => (typeof step === 'number' ? '#' : step)).join('.');
    if (named.has(key) || /\.(tracks|backends|answers|convergenceMs)\./.test(key)) continue;
    named.add(key);
    const [parent, last] = [path.slice(0, -1), path.at(-1)];
    if (typeof last === 'number') {
      assert.ok(isShapeless(put(path, 7)), `${key} is 7`);
      continue;
    }
    if (!optional.test(`.${key}`)) assert.ok(isShapeless(put(path, undefined)), `${key} left out`);
    assert.ok(isShapeless(put(path, Symbol.iterator)), `${key} is a symbol`);
    assert.ok(isShapeless(put([...parent, 'colour'], 'red')), `beside ${key}`);
  }
  assert.ok(named.size > 150, `${named.size} fields`);
});

const isShapeless = (report: unknown): boolean => auditReport(report).report === null;

describe('a value out of its range', () => {
  const [evidence, observed] = [
    ['evidence', 0],
    ['evidence', 1, 'observation'],
  ] as const;
  const cases: readonly (readonly [place: readonly (string | number)[], value: unknown])[] = [
    [['runId'], '0a1b2c3d4'],
    [['runId'], 'A0a1b2c3'],
    [['summary'], ''],
    [['steps', 0, 'name'], 'x'.repeat(201)],
    [['steps', 0, 'attempts'], -1],
    [['steps', 0, 'attempts'], 1.5],
    [['steps', 0, 'startedAt'], 'yesterday'],
    [['changes', 0, 'moments', 0, 'role'], 'observed'],
    [['targets', 0, 'port'], 0],
    [['targets', 0, 'port'], 65_536],
    [['timings', 'totalMs'], -1],
    [['timings', 'totalMs'], 2e11],
    [['transitions', 0, 'leakBound'], 1.1],
    [['transitions', 0, 'leakBound'], -0.1],
    [[...evidence, 'seal', 'sha256'], `${'0'.repeat(64)}0`],
    [[...evidence, 'seal', 'sha256'], `x${'0'.repeat(64)}`],
    [[...evidence, 'connections', 0, 'sourcePort'], 65_536],
    [[...evidence, 'connections', 0, 'sourcePort'], -1],
    [[...evidence, 'connections', 0, 'icmp'], { type: 256, code: 0 }],
    [[...evidence, 'connections', 0, 'icmp'], { type: 3, code: -1 }],
    [[...evidence, 'connections', 0, 'icmp'], { type: 3, code: 1, more: 1 }],
    [[...evidence, 'connections'], Array.from({ length: 50_001 }, () => whole.evidence[0]?.connections[0])],
    [[...evidence, 'witnesses', 0, 'packets'], -1],
    [[...observed, 'slots'], 100_001],
    [[...observed, 'slots'], 399],
    [[...observed, 'cadenceMs'], 0],
    [[...observed, 'dialTimeoutMs'], 0],
    [[...observed, 'clock', 'offsetMs'], 2e11],
    [[...observed, 'clock', 'offsetMs'], -2e11],
    [[...observed, 'tracks', 'node-a:30080'], '400x'],
    [[...observed, 'tracks', 'node-a:30080'], 'x400o'],
    [[...observed, 'tracks', 'node-a:30080'], '100o301d'],
    [['evidence', 1, 'observation'], { missing: '' }],
    [['evidence', 1, 'observation'], { missing: 'x', slots: 1 }],
    [['leftovers'], [{ what: 'x', why: '', command: '', reason: 'failed', code: 'NoSuchCode' }]],
    [['failure'], { code: 'NoSuchCode', step: '', message: '', remedy: '', problems: [] }],
    [['failure'], { code: 'PreflightFailed', step: '', message: '', remedy: '', problems: [{}] }],
  ];
  for (const [place, value] of cases)
    test(`${place.join('.')}: ${JSON.stringify(value).slice(0, 60)}`, () => assert.ok(isShapeless(put(place, value))));
});

describe('a value that is rare', () => {
  const problem = { code: 'VnetOverlap', field: 'vm.addressSpace', message: 'No.', remedy: 'Another.' };
  const cases: readonly (readonly [place: readonly (string | number)[], value: unknown])[] = [
    [['evidence', 0, 'connections', 0, 'icmp'], { type: 3, code: 255 }],
    [['evidence', 0, 'connections', 0, 'errno'], 'ECONNREFUSED'],
    [['evidence', 0, 'connections', 0, 'fault'], ''],
    [['evidence', 0, 'connections', 0, 'sourcePort'], 0],
    [['evidence', 0, 'synLinearTimeouts'], null],
    [['evidence', 0, 'synLinearTimeouts'], 4],
    [['evidence', 0, 'observation'], { missing: 'no observer ran' }],
    [['evidence', 1, 'observation', 'tracks', 'node-a:30080'], ''],
    [['evidence', 1, 'observation', 'slots'], 100_000],
    [['evidence', 1, 'observation', 'clock', 'offsetMs'], -5000.5],
    [['leftovers'], [{ what: 'x', why: '', command: '', reason: 'failed', code: 'ScopeLocked' }]],
    [['leftovers'], [{ what: 'x', why: '', command: '', reason: 'kept', code: '' }]],
    [['failure'], { code: 'PreflightFailed', step: '', message: '', remedy: '', problems: [problem] }],
    [['transitions', 0, 'asked'], null],
    [['transitions', 0, 'tookMs'], null],
    [['transitions', 0, 'leaks'], [{ from: '2026-01-01T00:00:00Z', to: '2026-01-01T00:00:00.123Z' }]],
    [['phases', 0, 'skipped'], 'No signal came.'],
    [['vantages', 0, 'kernel'], null],
    [['vantages', 0, 'address'], null],
    [['vantages', 0, 'sourceAddress'], null],
    [['steps', 0, 'endedAt'], null],
    [['calico'], null],
    [['workflowId'], 'x'.repeat(1000)],
    [['steps', 0, 'name'], 'x'.repeat(200)],
  ];
  for (const [place, value] of cases)
    test(`${place.join('.')}: ${JSON.stringify(value).slice(0, 60)}`, () => {
      assert.deepEqual(
        listProblems(put(place, value)).filter((problem) => problem.includes('schema version')),
        [],
      );
    });
});

test('evidence that the judge cannot work with is refused', () => {
  const evidence = whole.evidence.map(({ connections: _, ...rest }) => rest as Evidence);
  const [judged, ...more] = checkJudgement({ ...whole, evidence });
  assert.equal(judged?.holds, 'Verdicts, transitions and findings follow from the evidence.');
  assert.match(judged?.problems.join() ?? '', /^The evidence cannot be judged: \w/);
  assert.deepEqual(more, []);
});
