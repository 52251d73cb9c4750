import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { observation } from '../../scripts/observed-examples.ts';
import { type Dial, dialAt, dialsOf, trackOf } from '../../src/evidence/track.ts';

const dial = fc.constantFrom<Dial>('o', 'd', 'r', 'i', 'f', '-');

test('whatever was dialled, the track tells it again, slot by slot', () => {
  fc.assert(
    fc.property(fc.array(dial, { maxLength: 300 }), (dials) =>
      assert.deepEqual(dialsOf(trackOf(dials), dials.length), dials),
    ),
  );
});

test('a track is the shortest of its kind: neighbouring runs differ, and none is empty', () => {
  fc.assert(
    fc.property(fc.array(dial, { maxLength: 300 }), (dials) => {
      const letters = trackOf(dials).match(/[a-z-]/g) ?? [];
      assert.ok(letters.every((letter, index) => letter !== letters[index + 1]));
      assert.doesNotMatch(trackOf(dials), /(?<!\d)0/);
    }),
  );
  assert.equal(trackOf(dialsOf('412o96d', 508)), '412o96d');
});

test('slots that a track does not tell of were not dialled', () => {
  assert.deepEqual(dialsOf('2o', 4), ['o', 'o', '-', '-']);
  assert.deepEqual(dialsOf('', 2), ['-', '-']);
});

test('what is no track, or tells of more than there was, is refused', () => {
  for (const wrong of ['o', '3x', '3o 4d', '3o4', '-3o']) assert.throws(() => dialsOf(wrong, 99), RangeError, wrong);
  assert.throws(() => dialsOf('999999999999o', 10), /more than 10 slots/);
});

test('a dial lies on the worker’s clock within lateness and the clocks’ uncertainty', () => {
  assert.deepEqual(dialAt(observation({ 'node-1:30080': [] }), 4), {
    from: '2026-01-02T03:04:05.099Z',
    to: '2026-01-02T03:04:05.103Z',
  });
});
