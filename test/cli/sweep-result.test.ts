import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSweep } from '../../src/cli/sweep-result.ts';
import { isLeft, type Swept } from '../../src/contract/sweep.ts';

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
