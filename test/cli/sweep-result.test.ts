import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSweep } from '../../src/cli/sweep-result.ts';
import { type Decision, isLeft, type SweepResult, type Swept } from '../../src/contract/sweep.ts';

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

const row = (runId: string, decision: Swept['decision'], createdAt: string | null, command = ''): Swept => ({
  ...{ what: `VNet of ${runId}`, id: `/${runId}`, runId, owner: `w-${runId}`, createdAt, expiresAt: null },
  ...{ decision, why: 'Because.', command },
});
const endOf = (...found: Swept[]): string =>
  formatSweep({ dryRun: false, found, left: found.filter(isLeft).length, warnings: [] })
    .trimEnd()
    .split('\n')
    .filter((line) => !/[│┌├└]/.test(line))
    .join('\n');

test('what living runs keep is counted by run, with since when, and "nothing" is not said of it', () => {
  const lives = row('a', 'kept: its run lives', '2026-11-25T10:00:00.000Z');
  assert.equal(endOf(row('z', 'removed', null)), 'Nothing is left.');
  assert.equal(
    endOf(lives, { ...lives, id: '/other' }),
    '1 run lives since 2026-11-25T10:00:00; its things are kept. Nothing else is left.',
  );
  assert.equal(
    endOf(lives, row('b', 'kept: its run lives', '2026-11-24T10:00:00.000Z'), row('c', 'failed', null, 'by hand')),
    '2 runs live, the oldest since 2026-11-24T10:00:00; their things are kept. 1 left.\nBy hand:\n  by hand',
  );
});

test('what a run keeps that cannot go on is left, with the command that ends the run', () => {
  const end = 'temporal workflow terminate --namespace default --workflow-id w-a';
  assert.equal(
    endOf(row('a', 'kept: its run cannot go on', '2026-11-25T10:00:00.000Z', end)),
    `1 left.\nBy hand:\n  ${end}`,
  );
});
