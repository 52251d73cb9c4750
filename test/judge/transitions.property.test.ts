import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cadenceMs, evidence, first, mark, observation, startMs, targets } from '../../scripts/observed-examples.ts';
import type { Dial } from '../../src/evidence/track.ts';
import { transitionsOf } from '../../src/judge/transitions.ts';

const slots = 160;
const streak = 8;
const askedSlot = 20;

/** Lost packets of each target, the machine's stalls, and the slot in which the deny bit; null: it never did. */
const worlds = fc.record({
  edge: fc.option(fc.integer({ min: askedSlot, max: slots - 30 }), { nil: null }),
  lost: fc.array(fc.record({ port: fc.nat(3), slot: fc.nat(slots - 1) }), { maxLength: 60 }),
  dead: fc.array(
    fc.record({
      from: fc.nat(slots - 1),
      length: fc.integer({ min: 1, max: 30 }),
      how: fc.constantFrom<Dial>('d', '-', 'f'),
    }),
    { maxLength: 3 },
  ),
});

/** What each port's dials show. A dead path and a stalled machine take all ports alike; a lost packet takes one. */
function tracksOf({
  edge,
  lost,
  dead,
}: typeof worlds extends fc.Arbitrary<infer T> ? T : never): Record<string, Dial[]> {
  const tracks = targets.map((_, port) =>
    Array.from({ length: slots }, (_, slot): Dial => {
      const stall = dead.find(({ from, length }) => slot >= from && slot < from + length);
      if (stall !== undefined) return stall.how;
      const denied = port === 0 && edge !== null && slot >= edge;
      return denied || lost.some((one) => one.port === port && one.slot === slot) ? 'd' : 'o';
    }),
  );
  return Object.fromEntries(targets.map(({ id }, port) => [id, tracks[port] ?? []]));
}

/** The tested port's dials before the edge that count: every other port answered beside them. */
function countedBefore(edge: number, tracks: Readonly<Record<string, readonly Dial[]>>): Dial[] {
  const [tested, ...others] = targets.map(({ id }) => tracks[id] ?? []);
  return (tested ?? [])
    .slice(0, edge)
    .filter((dial, slot) => (dial === 'o' || dial === 'd') && others.every((other) => other[slot] === 'o'));
}

const change = {
  phase: 'enforced',
  to: 'DROP',
  targets: [first],
  marks: [mark('policyAccepted', askedSlot * cadenceMs)],
} as const;

test('under random loss, stalls and dead paths no edge is seen before the true one, and no leak in a track without one', () => {
  let edges = 0;
  fc.assert(
    fc.property(worlds, (world) => {
      const tracks = tracksOf(world);
      // Nobody can tell dials that were lost right before the edge from its silence, nor a streak of lost ones from a deny.
      const before = countedBefore(world.edge ?? slots, tracks);
      fc.pre(world.edge === null || !before.slice(-streak).includes('d'));
      fc.pre(!before.join('').includes('d'.repeat(streak)));
      const [seen] = transitionsOf(change, evidence('enforced', observation(tracks)));
      assert.ok(seen !== undefined);
      const [showed] = seen.marks.filter(({ name }) => name === 'firstSilent');
      if (showed === undefined) return assert.ok(seen.censored === 'right' || seen.censored === 'unobserved');
      edges += 1;
      assert.ok(world.edge !== null, 'an edge in a world without one');
      assert.ok(
        Date.parse(showed.to) >= startMs + world.edge * cadenceMs,
        `${seen.sentence} but the deny bit in slot ${world.edge}`,
      );
      assert.deepEqual(seen.leaks, []);
      assert.ok(
        seen.tookMs === null || seen.tookMs.atLeast <= Math.max(0, (world.edge - askedSlot) * cadenceMs),
        seen.sentence,
      );
    }),
    { numRuns: 3000 },
  );
  assert.ok(edges > 500, `${edges} edges were seen`);
});

test('every connection that gets through after the edge beside live controls is a leak, and takes the bound away', () => {
  const leaky = fc.record({
    edge: fc.integer({ min: askedSlot, max: 80 }),
    leaks: fc.uniqueArray(fc.integer({ min: 90, max: slots - 1 }), { minLength: 1, maxLength: 20 }),
  });
  fc.assert(
    fc.property(leaky, ({ edge, leaks }) => {
      const dials = Array.from({ length: slots }, (_, slot): Dial => (slot < edge || leaks.includes(slot) ? 'o' : 'd'));
      const [seen] = transitionsOf(change, evidence('enforced', observation({ [first.id]: dials })));
      assert.deepEqual([seen?.leaks.length, seen?.leakBound], [leaks.length, null]);
      assert.equal(seen?.silentDials, slots - edge - 1 - leaks.length);
    }),
  );
});

test('whatever was seen, the sentence is one whole sentence and the marks are in order of time', () => {
  const dial = fc.constantFrom<Dial>('o', 'o', 'o', 'd', 'd', 'd', 'r', 'i', 'f', '-');
  const runs = fc
    .array(fc.tuple(dial, fc.integer({ min: 1, max: 40 })), { maxLength: 8 })
    .map((all) => all.flatMap(([one, times]) => Array.from({ length: times }, () => one)));
  fc.assert(
    fc.property(
      runs,
      runs,
      fc.constantFrom('DROP' as const, 'OPEN' as const),
      fc.boolean(),
      (tested, control, to, asked) => {
        const tracks = {
          [first.id]: tested,
          ...(control.length > 0 ? { [targets[1].id]: control.slice(0, tested.length) } : {}),
        };
        const marks = asked ? [mark(to === 'DROP' ? 'policyAccepted' : 'policyDeleted', 500)] : [];
        const [seen] = transitionsOf(
          { phase: 'enforced', to, targets: [first], marks },
          evidence('enforced', observation(tracks)),
        );
        assert.match(seen?.sentence ?? '', /^[^.].{20,}[^.]\.$/);
        assert.doesNotMatch(seen?.sentence ?? '', /undefined|NaN|Infinity/);
        const starts = seen?.marks.map(({ from }) => from) ?? [];
        assert.deepEqual(starts, starts.toSorted());
        for (const { from, to } of seen?.marks ?? []) assert.ok(from <= to);
        if (seen?.tookMs) assert.ok(seen.tookMs.atLeast <= seen.tookMs.atMost && seen.tookMs.atLeast >= 0);
      },
    ),
    { numRuns: 2000 },
  );
});
