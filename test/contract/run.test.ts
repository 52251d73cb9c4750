import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveMission } from '../../src/config/run-spec.ts';
import type { RunSpec } from '../../src/contract/mission.ts';
import { createRunRef } from '../../src/contract/run.ts';
import type { MarkedThing } from '../../src/contract/sweep.ts';
import { decideLeftover } from '../../src/sweep/decide.ts';

const hour = 60 * 60 * 1000;
const startedAt = '2026-01-02T03:04:05.000Z';
const identity = { runId: '0a1b2c3d4e5f6071', workflowId: 'w', firstExecutionRunId: 'first', startedAt };
const spec = { subscriptionId: '00000000-0000-4000-8000-000000000001', resourceGroup: 'g', cluster: 'c' };
const expiryOf = (change: Partial<RunSpec> = {}): string =>
  createRunRef(identity, resolveMission({ ...spec, ...change }), 'westeurope').expiresAt;
const hoursUntil = (at: string): number => (Date.parse(at) - Date.parse(startedAt)) / hour;

test('what a run makes expires after its own waits, its undo and a day', () => {
  const work = 24 + 6;
  assert.equal(hoursUntil(expiryOf()), work + 0.25, 'the second node is waited for');
  assert.equal(hoursUntil(expiryOf({ secondNode: { when: 'always' } })), work);
  const waits = { when: 'on-signal', waitMs: 168 * hour } as const;
  assert.equal(hoursUntil(expiryOf({ secondNode: waits, cleanup: waits })), work + 2 * 168);
});

test('a sweep that cannot ask for a run removes nothing of it while it waits as long as its mission allows', () => {
  const waits = { when: 'on-signal', waitMs: 168 * hour } as const;
  const expiresAt = expiryOf({ secondNode: waits, cleanup: waits });
  const thing: MarkedThing = {
    ...{ what: 'VNet v', id: '/v', runId: identity.runId, owner: 'w', firstExecutionRunId: 'first' },
    ...{ ownership: 'proved', runIs: 'unknown', resourceGroup: 'g', undo: null, createdAt: startedAt, expiresAt },
  };
  const decideAt = (hours: number) => decideLeftover(thing, Date.parse(startedAt) + hours * hour, 2 * hour).decision;
  assert.deepEqual([25, 169, 2 * 168 + 29, 2 * 168 + 31].map(decideAt), [
    'kept: its run may live',
    'kept: its run may live',
    'kept: its run may live',
    'remove',
  ]);
});
