import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, medianInterval, quantile } from '../../bench/statistics.ts';

const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => n - index);

test('median and quantile are of the ordered sample', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([9, 1, 5, 7]), 6);
  assert.equal(quantile(upTo(40), 0.95), 38);
  assert.equal(quantile([3], 0.95), 3);
});

test('the interval of the median has the ranks and the coverage of the binomial tables', () => {
  for (const [n, low, high, coverage] of [
    [6, 1, 6, 0.96875],
    [10, 2, 9, 0.978515625],
    [30, 10, 21, 0.9572],
    [40, 14, 27, 0.9615],
  ] as const) {
    const found = medianInterval(upTo(n));
    assert.deepEqual([found.ranks, found.from, found.to], [[low, high], low, high], `n = ${n}`);
    assert.ok(Math.abs(found.coverage - coverage) < 1e-3, `n = ${n}: ${found.coverage}`);
  }
});

test('too small a sample has no interval', () => {
  assert.throws(() => medianInterval(upTo(5)), /at least 6/);
});
