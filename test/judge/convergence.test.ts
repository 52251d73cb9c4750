import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measureConvergence } from '../../src/judge/convergence.ts';

const probe = (phase: string, reached: boolean, elapsedMs: number) => ({
  phase,
  convergence: { reached, rounds: 1, elapsedMs },
});

test('a phase converges when the slowest vantage that saw the expectation saw it; one that nobody saw has no time', () => {
  assert.deepEqual(measureConvergence([]), {});
  assert.deepEqual(
    measureConvergence([
      ...[probe('open', true, 3), probe('open', true, 7), probe('open', true, 5)],
      ...[probe('shut', true, 2), probe('shut', false, 9)],
      probe('restored', false, 30_000),
    ]),
    { open: 7, shut: 2 },
  );
});
