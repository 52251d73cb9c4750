import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSweep } from '../../src/cli/sweep-result.ts';
import type { Decision, SweepResult, Swept } from '../../src/contract/sweep.ts';

const swept = (decision: Decision): Swept => ({
  ...{ what: 'VNet x', id: 'x', runId: '0badcafe', owner: 'run', createdAt: null, expiresAt: null },
  ...{ decision, why: 'why', command: 'az network vnet delete' },
});
const lastLine = (dryRun: boolean, ...decisions: Decision[]): string => {
  const result: SweepResult = { dryRun, found: decisions.map(swept), left: decisions.length, warnings: [] };
  return (
    formatSweep(result)
      .split('\n')
      .find((line) => / left/.test(line)) ?? ''
  );
};

test('a dry run promises no more than a sweep would do', () => {
  assert.equal(lastLine(true, 'kept: too young', 'kept: locked'), '2 left, and a sweep would remove none of them now.');
  assert.equal(lastLine(true, 'would be removed'), '1 left. Without --dry-run, sweep removes all of it.');
  assert.equal(
    lastLine(true, 'would be removed', 'kept: locked'),
    '2 left. Without --dry-run, sweep removes 1 of them.',
  );
  assert.equal(lastLine(false, 'kept: locked'), '1 left.');
});
