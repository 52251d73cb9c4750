import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHeldBy } from '../../src/changes/compare.ts';

test('an object holds what was sent when the server only added to it', () => {
  assert.ok(isHeldBy({ a: 1, more: true, list: [{ b: 2, uid: 'x' }] }, { a: 1, list: [{ b: 2 }] }));
  assert.ok(isHeldBy({}, { destination: {} }), 'an empty object may be dropped');
  assert.ok(!isHeldBy({ list: [1, 2] }, { list: [1] }), 'lists count as a whole');
  assert.ok(!isHeldBy({}, { preDNAT: true }));
  assert.ok(!isHeldBy({ a: null }, { a: { b: 1 } }));
  assert.ok(!isHeldBy({ list: { 0: 1, length: 1 } }, { list: [1] }), 'what is like a list is none');
});
