import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countThings, listNames } from '../../../src/contract/brief.ts';
import { countOutcomes, formatDuration, formSentence } from '../../../src/judge/sentences/words.ts';

test('one thing is in the singular, none and several are in the plural', () => {
  assert.deepEqual(
    [0, 1, 2].map((count) => countThings(count, 'SYN')),
    ['0 SYNs', '1 SYN', '2 SYNs'],
  );
});

test('names are joined by commas, the last by and', () => {
  const lists = [[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listNames);
  assert.deepEqual(lists, ['', 'a', 'a and b', 'a, b and c']);
});

test('outcomes are counted by kind, in the order in which they came', () => {
  assert.equal(countOutcomes([]), 'not dialled');
  assert.equal(countOutcomes(['DROP']), 'DROP');
  assert.equal(countOutcomes(['DROP', 'OPEN', 'DROP']), 'DROP x2 and OPEN');
});

test('a duration is in milliseconds below a second, in seconds from there on', () => {
  const all = [0, 0.9, 1, 1.6, 999, 1000, 3049].map(formatDuration);
  assert.deepEqual(all, ['less than 1 ms', 'less than 1 ms', '1 ms', '2 ms', '999 ms', '1.0 s', '3.0 s']);
});

test('a clause becomes a sentence', () => {
  assert.equal(formSentence('the way is open'), 'The way is open.');
});
