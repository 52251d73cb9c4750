import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDurationMs, resolveSweep } from '../../src/config/sweep-spec.ts';
import { HepflowError } from '../../src/contract/failures.ts';

const place = { subscriptionId: '00000000-0000-4000-8000-000000000001', resourceGroup: 'group', cluster: 'cluster' };

test('a sweep takes the group of the cluster, things older than two hours, and removes them, unless told otherwise', () => {
  assert.deepEqual(resolveSweep(place), { ...place, vmResourceGroup: 'group', olderThanMs: 7_200_000, dryRun: false });
  const all = { ...place, vmResourceGroup: 'vms', olderThanMs: 0, dryRun: true };
  assert.deepEqual(resolveSweep(all), all);
});

test('a wrong sweep is refused with every problem at once', () => {
  const wrong = { subscriptionId: 'x', cluster: 'cluster', olderThanMs: -1, dryRun: 'yes', olderThan: '2h' };
  assert.throws(
    () => resolveSweep(wrong),
    (error) => {
      assert.ok(error instanceof HepflowError && error.code === 'InvalidInput');
      assert.deepEqual(error.problems.map(({ field }) => field).toSorted(), [
        'dryRun',
        'olderThan',
        'olderThanMs',
        'resourceGroup',
        'subscriptionId',
      ]);
      return true;
    },
  );
});

test('durations are a whole number with s, m, h or d, or 0, and nothing else', () => {
  assert.deepEqual(['90s', '30m', '2h', '1d', '0'].map(parseDurationMs), [90_000, 1_800_000, 7_200_000, 86_400_000, 0]);
  for (const text of ['', '2', '2 h', '-2h', '2.5h', '1h30m', 'h', '2w', '1234567d', '1H'])
    assert.equal(parseDurationMs(text), undefined, text);
});
