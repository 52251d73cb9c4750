import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findingResults } from '../../src/contract/report.ts';
import { type VerdictKind, verdictKinds } from '../../src/contract/verdict.ts';
import { combineVerdicts, decideOutcome } from '../../src/judge/outcome.ts';

const kinds: readonly (readonly [readonly VerdictKind[], VerdictKind])[] = [
  [[], 'INCONCLUSIVE'],
  [['PASS'], 'PASS'],
  [['PASS', 'INCONCLUSIVE'], 'INCONCLUSIVE'],
  [['PASS', 'INCONCLUSIVE', 'FAIL'], 'FAIL'],
  [['FAIL', 'PASS'], 'FAIL'],
];
for (const [all, expected] of kinds) {
  test(`[${all.join(', ')}] together are ${expected}`, () =>
    assert.equal(combineVerdicts(all.map((verdict) => ({ verdict }))), expected));
}

test('a finding that contradicts takes a PASS away and nothing else; what agrees or is missing changes nothing', () => {
  for (const verdict of verdictKinds) {
    for (const result of findingResults) {
      const outcome = combineVerdicts([{ verdict }], [{ result }]);
      assert.equal(outcome, verdict === 'PASS' && result === 'CONTRADICTED' ? 'INCONCLUSIVE' : verdict);
    }
  }
});

const judged = (phase: string, verdict: VerdictKind, vantage = 'vm') => ({
  ...{ phase, verdict, vantage },
  expected: phase === 'enforced' ? ('DROP' as const) : ('OPEN' as const),
});

test('without a deny that was judged nothing is a PASS', () => {
  const open = [judged('baseline', 'PASS'), judged('restored', 'PASS')];
  assert.equal(decideOutcome(open, []), 'INCONCLUSIVE');
  assert.equal(decideOutcome([...open, judged('enforced', 'PASS')], []), 'PASS');
});

test('without the proof that everything answers again nothing is a PASS', () => {
  const passed = [judged('baseline', 'PASS'), judged('enforced', 'PASS')];
  assert.equal(decideOutcome(passed, []), 'INCONCLUSIVE');
  assert.equal(decideOutcome([...passed, judged('restored', 'PASS')], []), 'PASS');
  assert.equal(decideOutcome([judged('enforced', 'FAIL')], []), 'FAIL');
  assert.equal(decideOutcome([...passed, judged('restored', 'FAIL')], []), 'FAIL');
});

test('that everything answers again is to be proved from every vantage that judged a phase', () => {
  const passed = [
    judged('enforced', 'PASS', 'vm'),
    judged('baseline', 'PASS', 'host'),
    judged('restored', 'PASS', 'vm'),
  ];
  assert.equal(decideOutcome(passed, []), 'INCONCLUSIVE');
  assert.equal(decideOutcome([...passed, judged('restored', 'PASS', 'host')], []), 'PASS');
});

test('a finding counts for the run too', () => {
  const contradicted = [{ result: 'CONTRADICTED' }] as const;
  assert.equal(decideOutcome([judged('enforced', 'PASS'), judged('restored', 'PASS')], contradicted), 'INCONCLUSIVE');
});
