/** Whoever got into the VM prints what he likes: it is refused where it is read, or judged in bounded work. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMissing, type Observation } from '../../src/contract/observation.ts';
import { readTrack } from '../../src/evidence/track.ts';
import { type Judgement, judgePhase } from '../../src/judge/judgement.ts';
import { mostSlots } from '../../src/vantage/prober/observe/plan.ts';
import { measureClockOffset, ObserverOutputError, readObservation } from '../../src/vantage/prober/observe/read.ts';
import { createProbePlan } from '../../src/vantage/prober/probe/plan.ts';
import { ProbeOutputError, readProbeOutput } from '../../src/vantage/prober/probe/read.ts';
import { damaged, everyCase } from '../fuzz/cases.ts';
import { createEvidence, createRows, dialAll, first, second, targets, workers } from '../support/evidence.ts';
import { createMoment } from '../support/observation.ts';

const rows = createRows('second', [first]);
const before = createRows('baseline');
const moments = [createMoment('policyAccepted', 100)];
const plan = createProbePlan({
  targets,
  expected: Object.fromEntries(rows.map(({ target, expected }) => [target.id, expected])),
  settings: { connections: 3, timeoutMs: 3000, convergenceMs: 1000, controlPort: 10_250, soakMs: 0 },
  witnesses: { kind: 'azureVm', ask: {}, policies: ['p'] },
});

const print = (lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
const clockLine = { type: 'clock', atMs: 1_767_323_045_678 };
const held = [first, second].map(({ id }) => ({
  ...{ target: id, openedAt: workers(0), checkedAt: workers(9000), outcome: 'answered', response: 'node-1' },
}));
const observation = {
  ...{ type: 'observation', startedAt: workers(0), slots: 400, cadenceMs: 25, dialTimeoutMs: 200, latenessMs: 3 },
  ...{ tracks: trackAll('400o'), held, ended: 'read', cpuShare: 0.1 },
};
const connections = dialAll(rows).map((connection) => ({ type: 'connection', ...connection }));
const proberLines: readonly unknown[] = [
  { type: 'header', kernel: '6.8', synLinearTimeouts: 4 },
  { type: 'round', round: 1, elapsedMs: 10, seen: { [first.id]: ['DROP'] } },
  { type: 'convergence', reached: true, rounds: 1, elapsedMs: 10 },
  ...connections,
  { type: 'answers', target: second.id, lines: { 'node-2 web-1': 16 } },
  { type: 'counter', node: 'node-1', source: 'denied', before: { p: 1 }, after: { p: 9 } },
  { type: 'counter', node: 'node-2', missing: 'refused' },
  { type: 'done', connections: connections.length },
];

function trackAll(track: string): Record<string, string> {
  return Object.fromEntries(targets.map(({ id }) => [id, track]));
}

/** What the step would give; null: refused. */
function observe(lines: readonly unknown[], atMs = clockLine.atMs): Observation | null {
  try {
    const observed = readObservation(print(lines), targets);
    if (isMissing(observed)) return null;
    const { cpuShare: _, ...seen } = observed;
    return { ...seen, clock: measureClockOffset([{ sentAtMs: 0, answeredAtMs: 1, theirsMs: atMs }]) };
  } catch (error) {
    assert.ok(error instanceof ObserverOutputError, String(error));
    return null;
  }
}

/** Throws when judging does, as it must not for anything that was read. */
function judgeObserved(observed: Observation): Judgement {
  assert.ok(observed.slots <= mostSlots);
  for (const track of Object.values(observed.tracks))
    assert.equal(readTrack(track, observed.slots).length, observed.slots);
  return judgePhase({ rows, before, moments }, createEvidence(rows, { observation: observed }));
}

test('a few bytes that claim more slots than an observer can have are no observation', () => {
  const most = `${mostSlots}o`;
  assert.ok(observe([{ type: 'hello' }, { ...observation, slots: mostSlots, tracks: trackAll(most) }]) !== null);
  for (const slots of [mostSlots + 1, 9_999_999, Number.MAX_SAFE_INTEGER]) {
    const one = { ...observation, slots, tracks: trackAll(`${slots}o`) };
    const many = { ...observation, slots, tracks: trackAll('999999o'.repeat(20)) };
    for (const last of [one, many, { ...one, slots: 400 }]) assert.equal(observe([{ type: 'hello' }, last]), null);
  }
});

test('figures of which no moment can be made, and texts longer than any program prints, are no observation', () => {
  const long = 'x'.repeat(501);
  const strange = [
    { cadenceMs: 0 },
    { cadenceMs: Number.MAX_SAFE_INTEGER },
    { latenessMs: 1e300 },
    { dialTimeoutMs: Number.MAX_SAFE_INTEGER },
    { held: held.map((one) => ({ ...one, response: long })) },
    { startedAt: '+275760-09-13T00:00:00.000Z' },
  ];
  for (const change of strange)
    assert.equal(observe([{ type: 'hello' }, { ...observation, ...change }]), null, JSON.stringify(change));
  assert.equal(observe([{ type: 'hello' }, { type: 'missing', reason: long }]), null);
  assert.equal(observe([{ type: 'hello' }, { ...clockLine, atMs: 1e300 }, observation]), null);
  assert.equal(observe([{ type: 'hello' }, ...Array.from({ length: 9 }, () => clockLine), observation]), null);
});

test('any runs of any length, slots to match, are refused or judged over a bounded number of slots', (t) => {
  const count = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 9_999_999 }));
  const runs = fc.array(fc.tuple(count, fc.constantFrom(...'odrif-')), { minLength: 1, maxLength: 20 });
  const last = fc.record({
    cadenceMs: fc.integer({ min: -1, max: 2000 }),
    latenessMs: fc.double({ min: 0, noNaN: true }),
  });
  let judged = 0;
  return everyCase(t, 300, fc.tuple(runs, last, fc.double({ min: 1, max: 1e15, noNaN: true })), ([all, more, atMs]) => {
    const track = all.map((run) => run.join('')).join('');
    const slots = all.reduce((sum, [length]) => sum + length, 0);
    const lines = [
      { type: 'hello' },
      { ...clockLine, atMs },
      { ...observation, ...more, slots, tracks: trackAll(track) },
    ];
    const observed = observe(lines, atMs);
    if (observed !== null) judged += judgeObserved(observed).verdicts.length;
  }).then(() => assert.ok(judged > 0));
});

/** What the step would give; undefined: refused. */
function probe(stdout: string): ReturnType<typeof readProbeOutput> | undefined {
  try {
    return readProbeOutput(stdout, plan);
  } catch (error) {
    assert.ok(error instanceof ProbeOutputError, String(error));
    return undefined;
  }
}

test("a prober's output with too many lines, too long texts or impossible figures is none", () => {
  assert.ok(probe(print(proberLines)) !== undefined);
  const replace = (type: string, change: object): readonly unknown[] =>
    proberLines.map((line) => ((line as { type: string }).type === type ? { ...(line as object), ...change } : line));
  const long = 'x'.repeat(501);
  const names = Object.fromEntries(Array.from({ length: 101 }, (_, place) => [`pod-${place}`, 1]));
  const strange: readonly (readonly [string, object])[] = [
    ['header', { kernel: long }],
    ['round', { seen: { [first.id]: Array.from({ length: 6 }, () => 'DROP') } }],
    ['convergence', { elapsedMs: 1e300 }],
    ['connection', { elapsedMs: 1e300 }],
    ['connection', { response: long }],
    ['connection', { fault: long }],
    ['connection', { syns: Number.MAX_SAFE_INTEGER }],
    ['answers', { lines: names }],
    ['answers', { lines: { [long]: 1 } }],
    ['answers', { lines: { web: Number.MAX_SAFE_INTEGER } }],
    ['counter', { missing: long }],
  ];
  for (const [type, change] of strange) assert.equal(probe(print(replace(type, change))), undefined, type);
  const during = connections.filter(({ stage }) => stage === 'during').slice(0, 1);
  const flood = Array.from({ length: 500 }, () => during).flat();
  const made = connections.length + flood.length;
  assert.equal(probe(print([...proberLines.slice(0, -1), ...flood, { type: 'done', connections: made }])), undefined);
});

test('whatever figures and texts a prober prints, what is read of it can be judged', (t) => {
  const replacement = fc.oneof(
    fc.double({ min: 0, noNaN: true }),
    fc.nat(),
    fc.string({ minLength: 400, maxLength: 600 }),
    fc.constantFrom('0000-01-01T00:00:00.000Z', '9999-12-31T23:59:59.999Z'),
  );
  const observed = observe([{ type: 'hello' }, observation]) ?? assert.fail('it is sound');
  return everyCase(t, 150, damaged(proberLines, replacement), (lines) => {
    const output = Array.isArray(lines) ? probe(print(lines)) : undefined;
    if (output === undefined) return;
    const { connections, convergence, answers, kernel } = output;
    const evidence = createEvidence(rows, { connections, convergence, answers, kernel, observation: observed });
    assert.equal(judgePhase({ rows, before, moments }, evidence).verdicts.length, rows.length);
  });
});

test('evidence with more slots than any observer has is refused before it is expanded', () => {
  assert.throws(() => readTrack(`${1e9}o`, 1e9), RangeError);
});
