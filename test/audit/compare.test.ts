import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCheck } from '../../src/audit/check.ts';
import { compareStatements, findDifferences, fromEvidence, fromScenario } from '../../src/audit/compare.ts';

describe('the places where two values differ', () => {
  const cases: readonly (readonly [is: unknown, should: unknown, differences: readonly string[]])[] = [
    [1, 1, []],
    [1, '1', ['it is 1, not "1".']],
    [null, undefined, ['it is null, not missing.']],
    [undefined, 1, ['it is missing, not 1.']],
    [undefined, undefined, []],
    [null, {}, ['it is null, not {}.']],
    [[], {}, ['it is [], not {}.']],
    [[1, 2], [1], ['[1] is 2, not missing.']],
    [{ a: [{ b: 1 }] }, { a: [{ b: 2 }] }, ['a[0].b is 1, not 2.']],
    [{ a: 1, b: 2 }, { b: 2, c: 3 }, ['a is 1, not missing.', 'c is missing, not 3.']],
    [{ a: undefined }, {}, []],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, []],
  ];
  for (const [is, should, differences] of cases)
    test(`${JSON.stringify(is)} and ${JSON.stringify(should)}`, () => {
      assert.deepEqual(findDifferences(is, should), differences);
      assert.deepEqual(findDifferences(should, is).length, differences.length);
    });
  test('a path of both comes first', () => {
    assert.deepEqual(findDifferences({ a: 1 }, { a: 2 }, 'x'), ['x.a is 1, not 2.']);
    assert.deepEqual(findDifferences([1], [2], 'x'), ['x[0] is 1, not 2.']);
    assert.deepEqual(findDifferences(1, 2, 'x'), ['x is 1, not 2.']);
  });
  test('a long value is cut at 200 characters', () => {
    const [whole, cut] = ['x'.repeat(198), 'x'.repeat(199)];
    assert.deepEqual(findDifferences(whole, 1), [`it is "${whole}", not 1.`]);
    assert.deepEqual(findDifferences(1, cut), [`it is 1, not "${'x'.repeat(198)}….`]);
  });
});

describe('statements and what follows', () => {
  interface Word {
    readonly name: string;
    readonly value?: number;
  }
  const kind = { noun: 'words', name: ({ name }: Word) => `word ${name}` };
  const [a, b, c] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }] as const;
  const compare = (said: readonly Word[], follows: readonly Word[], source = fromEvidence): string[] =>
    compareStatements({ ...kind, source }, said, follows);

  test('the same', () => {
    assert.deepEqual(compare([], []), []);
    assert.deepEqual(compare([a, b], [{ ...a }, { ...b }]), []);
  });
  test('one too many, one too few, one twice, one other', () => {
    assert.deepEqual(compare([a, b, b, { name: 'c', value: 1 }], [{ name: 'c', value: 2 }, a, { name: 'd' }]), [
      'The word b is there twice.',
      'The word b has no evidence behind it.',
      'The word d is missing, though there is evidence for it.',
      'The word c does not follow from the evidence: value is 1, not 2.',
    ]);
  });
  test('another order, where nothing else is wrong', () => {
    assert.deepEqual(compare([b, a, c], [a, b, c]), ['The words are not in the order of the evidence.']);
    assert.deepEqual(compare([b, a], [a, b, c]), ['The word c is missing, though there is evidence for it.']);
  });
  test('of a scenario', () => {
    assert.deepEqual(compare([a, { name: 'b', value: 1 }], [b, c], fromScenario), [
      'The word a is not in the scenario.',
      'The word c is missing, though the scenario has it.',
      'The word b is not as the scenario has it: value is 1, not missing.',
    ]);
    assert.deepEqual(compare([b, a], [a, b], fromScenario), ['The words are not in the order of the scenario.']);
  });
});

test('what a terminal would obey is shown as its code point', () => {
  const { holds, problems } = createCheck('a\u001b[2Jb', ['\u009b1m\u202e\u2028\u2029\n', 'Ends with é, 字 and …']);
  assert.equal(holds, 'a\\u{1b}[2Jb');
  assert.deepEqual(problems, ['\\u{9b}1m\\u{202e}\\u{2028}\\u{2029} ', 'Ends with é, 字 and …']);
});
