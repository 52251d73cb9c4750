import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Dial, locateDial, readTrack, writeTrack } from '../../src/evidence/track.ts';
import { createObservation } from '../support/observation.ts';

const dial = fc.constantFrom<Dial>('o', 'd', 'r', 'i', 'f', '-');

test('whatever was dialled, the track holds it, slot by slot', () => {
  fc.assert(
    fc.property(fc.array(dial, { maxLength: 300 }), (dials) =>
      assert.deepEqual(readTrack(writeTrack(dials), dials.length), dials),
    ),
  );
});

test('a track is the shortest of its kind: neighbouring runs differ, and none is empty', () => {
  fc.assert(
    fc.property(fc.array(dial, { maxLength: 300 }), (dials) => {
      const letters = writeTrack(dials).match(/[a-z-]/g) ?? [];
      assert.ok(letters.every((letter, index) => letter !== letters[index + 1]));
      assert.doesNotMatch(writeTrack(dials), /(?<!\d)0/);
    }),
  );
  assert.equal(writeTrack(readTrack('412o96d', 508)), '412o96d');
});

test("slots beyond a track's end were not dialled", () => {
  assert.deepEqual(readTrack('2o', 4), ['o', 'o', '-', '-']);
  assert.deepEqual(readTrack('', 2), ['-', '-']);
});

test('what is no track, or has more slots than there were, is refused', () => {
  for (const wrong of ['o', '3x', '3o 4d', '3o4', '-3o']) assert.throws(() => readTrack(wrong, 99), RangeError, wrong);
  assert.throws(() => readTrack('999999999999o', 10), /more than 10 slots/);
});

test("a dial lies on the worker's clock within lateness and the clocks' uncertainty", () => {
  assert.deepEqual(locateDial(createObservation({ 'node-1:30080': [] }), 4), {
    from: '2026-01-02T03:04:05.099Z',
    to: '2026-01-02T03:04:05.103Z',
  });
});
