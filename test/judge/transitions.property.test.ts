import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Moment } from '../../src/contract/change.ts';
import { expectedOutcomes } from '../../src/contract/evidence.ts';
import type { Transition } from '../../src/contract/report.ts';
import type { Dial } from '../../src/evidence/track.ts';
import { judgePhase } from '../../src/judge/judgement.ts';
import { createEvidence, createRows, first, startMs, targets } from '../support/evidence.ts';
import { cadenceMs, createMoment, createObservation } from '../support/observation.ts';

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
function drawTracks({
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
function listCountedBefore(edge: number, tracks: Readonly<Record<string, readonly Dial[]>>): Dial[] {
  const [tested, ...others] = targets.map(({ id }) => tracks[id] ?? []);
  return (tested ?? [])
    .slice(0, edge)
    .filter((dial, slot) => (dial === 'o' || dial === 'd') && others.every((other) => other[slot] === 'o'));
}

const open = createRows('open');
const silent = createRows('silent', [first]);

/** What is told of the tested port on its way to silence, or back. */
function judgeTracks(
  tracks: Readonly<Record<string, readonly Dial[]>>,
  moments: readonly Moment[] = [createMoment('policyAccepted', askedSlot * cadenceMs)],
  to: Transition['to'] = 'DROP',
): Transition {
  const [before, rows] = to === 'DROP' ? [open, silent] : [silent, open];
  const evidence = createEvidence(rows, { connections: [], observation: createObservation(tracks) });
  return judgePhase({ rows, before, moments }, evidence).transitions[0] ?? assert.fail();
}

test('under random loss, stalls and dead paths no edge is seen before the true one, and no leak without one', () => {
  let edges = 0;
  fc.assert(
    fc.property(worlds, (world) => {
      const tracks = drawTracks(world);
      // Dials that were lost right before the edge look like its silence, and a streak of lost ones looks like a deny.
      const before = listCountedBefore(world.edge ?? slots, tracks);
      fc.pre(world.edge === null || !before.slice(-streak).includes('d'));
      fc.pre(!before.join('').includes('d'.repeat(streak)));
      const seen = judgeTracks(tracks);
      const [showed] = seen.moments.filter(({ name }) => name === 'firstSilent');
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

test('a connection that gets through after the edge beside live controls is a leak, and takes the bound away', () => {
  const leaky = fc.record({
    edge: fc.integer({ min: askedSlot, max: 80 }),
    leaks: fc.uniqueArray(fc.integer({ min: 90, max: slots - 1 }), { minLength: 1, maxLength: 20 }),
  });
  fc.assert(
    fc.property(leaky, ({ edge, leaks }) => {
      const dials = Array.from({ length: slots }, (_, slot): Dial => (slot < edge || leaks.includes(slot) ? 'o' : 'd'));
      const seen = judgeTracks({ [first.id]: dials });
      assert.deepEqual([seen.leaks.length, seen.leakBound], [leaks.length, null]);
      assert.equal(seen.silentDials, slots - edge - 1 - leaks.length);
    }),
  );
});

/** Runs of dials: mostly as of a port that changes once, else anything. */
const dial = fc.constantFrom<Dial>('o', 'o', 'o', 'd', 'd', 'd', 'r', 'i', 'f', '-');
const form = (runs: readonly (readonly [Dial, number])[]): Dial[] =>
  runs.flatMap(([one, times]) => Array.from({ length: times }, () => one));
const length = fc.integer({ min: 1, max: 40 });
const anything = fc.array(fc.tuple(dial, length), { maxLength: 8 }).map(form);
const oneChange = fc
  .tuple(fc.constantFrom<readonly [Dial, Dial]>(['o', 'd'], ['d', 'o']), length, length)
  .map(([[from, to], before, after]) =>
    form([
      [from, before + 20],
      [to, after + 10],
    ]),
  );

test('whatever was seen, there are whole sentences, moments in order of time, and a time that fits them', () => {
  const visited = { measured: 0, no: 0, left: 0, right: 0, unobserved: 0 };
  const seen = fc.record({
    tested: fc.oneof(oneChange, anything),
    control: fc.oneof({ weight: 2, arbitrary: fc.constant<Dial[]>([]) }, { weight: 1, arbitrary: anything }),
    to: fc.constantFrom(...expectedOutcomes),
    isAsked: fc.boolean(),
  });
  fc.assert(
    fc.property(seen, ({ tested, control, to, isAsked }) => {
      const others = control.length > 0 ? { [targets[1].id]: control.slice(0, tested.length) } : {};
      const asked = createMoment(to === 'DROP' ? 'policyAccepted' : 'policyDeleted', 500);
      const transition = judgeTracks({ [first.id]: tested, ...others }, isAsked ? [asked] : [], to);
      const { sentence, moments, tookMs, censored } = transition;
      assert.match(sentence, /^[^.].{20,}[^.]\.$/);
      assert.doesNotMatch(sentence, /undefined|NaN|Infinity|’/);
      assert.ok(sentence.split(/(?<=[^.]\.) (?=\S)/).length <= 3, sentence);
      const starts = moments.map(({ from }) => from);
      assert.deepEqual(starts, starts.toSorted());
      for (const { from, to } of moments) assert.ok(from <= to);
      assert.deepEqual(transition.asked, isAsked ? asked : null);
      visited[censored] += 1;
      if (tookMs === null) return;
      visited.measured += 1;
      assert.ok(isAsked && censored === 'no' && tookMs.atLeast >= 0);
      const showed = moments.find(({ name }) => name === (to === 'DROP' ? 'firstSilent' : 'firstOpen'));
      const sinceMs = (at: string | undefined): number => Math.max(0, Date.parse(at ?? '') - Date.parse(asked.from));
      assert.deepEqual([tookMs.atLeast, tookMs.atMost], [sinceMs(showed?.from), sinceMs(showed?.to)]);
      assert.ok(tookMs.atLeast <= tookMs.atMost);
      assert.ok(sentence.includes(`${tookMs.atLeast} to ${tookMs.atMost} ms after the policy`), sentence);
    }),
    { numRuns: 2000 },
  );
  for (const [what, times] of Object.entries(visited)) assert.ok(times > 100, `${what} was visited ${times} times`);
});
