import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Expected } from '../../src/contract/evidence.ts';
import type { Expectation } from '../../src/contract/verdict.ts';
import { findMoves, listSteady } from '../../src/scenario/moves.ts';

const createRow = (id: string, expected: Expected): Expectation => ({
  ...{ phase: 'any', vantage: 'vm', expected, controls: [] },
  target: { id, node: id, address: '10.0.0.1', port: 80, kind: 'openPort' },
});
const rowsOf = (expected: Readonly<Record<string, Expected>>): readonly Expectation[] =>
  Object.entries(expected).map(([id, outcome]) => createRow(id, outcome));
const movesOf = (rows: readonly Expectation[], before: readonly Expectation[] | null) =>
  findMoves(rows, before).map(({ target, to }) => [target.id, to]);

const open = rowsOf({ a: 'OPEN', b: 'OPEN', c: 'OPEN' });
const closed = rowsOf({ c: 'DROP', a: 'DROP', b: 'OPEN' });

test('in the first phase nothing has moved yet, and every open target is steady', () => {
  assert.deepEqual(movesOf(closed, null), []);
  assert.deepEqual(listSteady(closed, null), ['b']);
  assert.deepEqual(listSteady(open, null), ['a', 'b', 'c']);
});

test('a target whose expectation changes moves to the new one, in the order of the rows', () => {
  assert.deepEqual(movesOf(closed, open), [
    ['c', 'DROP'],
    ['a', 'DROP'],
  ]);
  assert.deepEqual(movesOf(open, closed), [
    ['a', 'OPEN'],
    ['c', 'OPEN'],
  ]);
});

test('a move has the target itself, and what stays as it was does not move', () => {
  assert.equal(findMoves(closed, open)[0]?.target, closed[0]?.target);
  assert.deepEqual(findMoves(open, open), []);
  assert.deepEqual(findMoves(closed, closed), []);
});

test('a target that was not judged before has no way to move', () => {
  assert.deepEqual(movesOf(rowsOf({ a: 'DROP', d: 'DROP' }), open), [['a', 'DROP']]);
  assert.deepEqual(movesOf(open, []), []);
});

test('steady is what is open before the move and after it, in the order of the rows', () => {
  assert.deepEqual(listSteady(closed, open), ['b']);
  assert.deepEqual(listSteady(open, closed), ['b']);
  assert.deepEqual(listSteady(rowsOf({ c: 'OPEN', a: 'OPEN' }), open), ['c', 'a']);
  assert.deepEqual(listSteady(open, []), [], 'what was not judged before is not known to have been open');
});
