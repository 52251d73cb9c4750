import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { VerdictKind } from '../../src/contract/verdict.ts';
import { outcomeOf } from '../../src/judge/outcome.ts';
import { expectationsOf, targetsOf } from '../../src/scenario/expectations.ts';

const nodes = [
  { name: 'a', internalIp: '10.240.0.4', priorLabel: null },
  { name: 'b', internalIp: '10.240.0.35', priorLabel: null },
] as const;
const targets = targetsOf(nodes, 30080, 10250);

test('each judged node has its NodePort and its open port as targets', () => {
  assert.deepEqual(targets, [
    { id: 'a:30080', node: 'a', address: '10.240.0.4', port: 30080, kind: 'nodePort' },
    { id: 'a:10250', node: 'a', address: '10.240.0.4', port: 10250, kind: 'openPort' },
    { id: 'b:30080', node: 'b', address: '10.240.0.35', port: 30080, kind: 'nodePort' },
    { id: 'b:10250', node: 'b', address: '10.240.0.35', port: 10250, kind: 'openPort' },
  ]);
});

const allOpen = [
  ['a:30080', 'OPEN', []],
  ['b:30080', 'OPEN', []],
  ['a:10250', 'OPEN', []],
  ['b:10250', 'OPEN', []],
];
const table = {
  baseline: allOpen,
  enforced: [['a:30080', 'DROP', ['b:30080', 'a:10250']], ...allOpen.slice(1)],
  second: [
    ['a:30080', 'DROP', ['a:10250', 'b:10250']],
    ['b:30080', 'DROP', ['a:10250', 'b:10250']],
    ...allOpen.slice(2),
  ],
  restored: allOpen,
} as const;

for (const phase of ['baseline', 'enforced', 'second', 'restored'] as const) {
  test(`phase ${phase} judges all four ports, a deny with its controls`, () => {
    const rows = expectationsOf(phase, targets, nodes);
    assert.deepEqual(
      rows.map(({ target, expected, controls }) => [target.id, expected, controls]),
      table[phase],
    );
    assert.ok(rows.every((row) => row.phase === phase));
  });
}

const outcomes: [VerdictKind[], VerdictKind][] = [
  [[], 'INCONCLUSIVE'],
  [['PASS'], 'PASS'],
  [['PASS', 'INCONCLUSIVE'], 'INCONCLUSIVE'],
  [['PASS', 'INCONCLUSIVE', 'FAIL'], 'FAIL'],
  [['FAIL', 'PASS'], 'FAIL'],
];
for (const [kinds, expected] of outcomes) {
  test(`[${kinds.join(', ')}] together are ${expected}`, () =>
    assert.equal(outcomeOf(kinds.map((verdict) => ({ verdict }))), expected));
}
