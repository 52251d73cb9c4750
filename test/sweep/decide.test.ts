import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MarkedThing } from '../../src/contract/sweep.ts';
import { decideLeftover, describeAge } from '../../src/sweep/decide.ts';

const now = Date.parse('2026-10-03T12:00:00.000Z');
const hour = 60 * 60 * 1000;
const at = (hoursAgo: number): string => new Date(now - hoursAgo * hour).toISOString();
const thing: Omit<MarkedThing, 'owner' | 'createdAt' | 'expiresAt' | 'runIs'> = {
  ownership: 'proved',
  what: 'VNet v',
  id: '/v',
  runId: '0badcafe',
  firstExecutionRunId: 'first',
  resourceGroup: 'g',
  undo: null,
};

const rows: readonly [
  MarkedThing['runIs'],
  owner: string,
  createdHoursAgo: number | null,
  expiredHoursAgo: number | null,
  decision: string,
  why: RegExp,
][] = [
  ['alive', 'w', 3, -21, 'kept: its run lives', /w is running/],
  ['alive', 'w', 30, 6, 'kept: its run lives', /w is running/],
  ['over', 'w', 1, -23, 'kept: too young', /began 1 h ago, less than 2 h/],
  ['over', 'w', 2, -22, 'remove', /w is over/],
  ['over', '', null, null, 'remove', /Its other side is gone/],
  ['unknown', 'w', 3, -21, 'kept: its run may live', /does not know w; it expires at 2026-10-04/],
  ['unknown', 'w', 25, 1, 'remove', /does not know w, and it expired at 2026-10-03/],
  ['unknown', 'w', 1, 1, 'kept: too young', /1 h ago/],
  ['unknown', '', null, null, 'kept: its run may live', /neither whose it is nor until when/],
];

test('a living run that does not go on is told apart from one that does, however old its things are', () => {
  const found: MarkedThing = {
    ...{ ...thing, owner: 'w', createdAt: at(30), expiresAt: at(6) },
    ...{ runIs: 'alive', trouble: 'its workflow task has failed 6 times in a row (too slow)' },
  };
  const { decision, why } = decideLeftover(found, now, 2 * hour);
  assert.equal(decision, 'kept: its run cannot go on');
  assert.match(why, /^w is running, but its workflow task has failed 6 times .* no progress .* terminate it and sweep/);
});

for (const [runIs, owner, created, expired, decision, why] of rows) {
  test(`owner ${owner || 'unknown'} ${runIs}, made ${created} h ago, expired ${expired} h ago: ${decision}`, () => {
    const found: MarkedThing = {
      ...thing,
      runIs,
      owner,
      createdAt: created === null ? null : at(created),
      expiresAt: expired === null ? null : at(expired),
    };
    const verdict = decideLeftover(found, now, 2 * hour);
    assert.equal(verdict.decision, decision);
    assert.match(verdict.why, why);
  });
}

for (const [ownership, runIs, decision, why] of [
  ['copy', 'over', 'kept: a copy', /no run made it/],
  ['copy', 'alive', 'kept: a copy', /no run made it/],
  ['unproved', 'alive', 'kept: its run lives', /w is running/],
  ['unproved', 'over', 'kept: not signed', /no signature of this worker's secret/],
  ['unproved', 'unknown', 'kept: not signed', /no signature of this worker's secret/],
] as const)
  test(`what is ${ownership} of a run that is ${runIs} is ${decision}, however old it is (W14)`, () => {
    const old = { ...thing, ownership, runIs, owner: 'w', createdAt: at(999), expiresAt: at(900) };
    const verdict = decideLeftover(old, now, 2 * hour);
    assert.equal(verdict.decision, decision);
    assert.match(verdict.why, why);
  });

test('whatever the times say, what a living run made is never removed, nor what is younger than asked for', () => {
  const time = fc.option(
    fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(now + 1e12) }).map((date) => date.toISOString()),
  );
  fc.assert(
    fc.property(
      fc.constantFrom('alive', 'over', 'unknown'),
      fc.string(),
      time,
      time,
      fc.nat(),
      (runIs, owner, createdAt, expiresAt, olderThanMs) => {
        const { decision } = decideLeftover({ ...thing, runIs, owner, createdAt, expiresAt }, now, olderThanMs);
        if (runIs === 'alive' || (createdAt !== null && now - Date.parse(createdAt) < olderThanMs))
          assert.notEqual(decision, 'remove');
        if (runIs === 'unknown' && (expiresAt === null || Date.parse(expiresAt) > now))
          assert.notEqual(decision, 'remove');
      },
    ),
  );
});

test('spans are told in their largest whole unit', () => {
  assert.deepEqual([0, 999, 59_999, 60_000, 7_200_000, 200_000_000].map(describeAge), [
    '0 ms',
    '999 ms',
    '59 s',
    '1 min',
    '2 h',
    '2 d',
  ]);
});
