import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMissing } from '../../src/contract/observation.ts';
import { readTrack } from '../../src/evidence/track.ts';
import {
  measureClockOffset,
  ObserverOutputError,
  readObservation,
  readObserverLine,
  readReady,
} from '../../src/vantage/prober/observe/read.ts';
import { damaged, everyCase, json } from './cases.ts';

const target = (id: string, kind: 'nodePort' | 'openPort') => ({
  id,
  node: id,
  address: '10.0.0.4',
  port: 30_080,
  kind,
});
const targets = [target('a:30080', 'nodePort'), target('a:10250', 'openPort')];
const held = {
  target: 'a:30080',
  openedAt: '2026-01-02T03:04:05.678Z',
  checkedAt: '2026-01-02T03:04:15.678Z',
  outcome: 'answered',
  response: 'node-a',
};
const sound: readonly unknown[] = [
  { type: 'hello' },
  { type: 'clock', atMs: 1_767_323_045_678.123 },
  { type: 'clock', atMs: 1_767_323_045_679.456 },
  {
    type: 'observation',
    startedAt: '2026-01-02T03:04:05.678Z',
    slots: 400,
    cadenceMs: 25,
    dialTimeoutMs: 200,
    latenessMs: 3.25,
    tracks: { 'a:30080': '300o2-98d', 'a:10250': '400o' },
    held: [held],
    ended: 'read',
    cpuShare: 0.04,
  },
];
const textOf = (lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

/** An observation of every target and every slot, a reason why there is none, or a fault (W10). */
function refusedOrComplete(stdout: string): void {
  try {
    const observed = readObservation(stdout, targets);
    if (isMissing(observed)) {
      assert.ok(observed.missing.length > 0);
      return;
    }
    for (const { id } of targets)
      assert.equal(readTrack(observed.tracks[id] ?? '', observed.slots).length, observed.slots);
    assert.ok(
      observed.held.every(
        ({ openedAt, checkedAt }) => !Number.isNaN(Date.parse(openedAt)) && !Number.isNaN(Date.parse(checkedAt)),
      ),
    );
    assert.ok(!Number.isNaN(Date.parse(observed.startedAt)) && observed.latenessMs >= 0);
  } catch (error) {
    if (!(error instanceof ObserverOutputError)) throw error;
    assert.ok(error.message.length < 400);
  }
}

test('the sound output is read', () => {
  const observed = readObservation(textOf(sound), targets);
  assert.ok(!isMissing(observed) && observed.slots === 400);
  assert.deepEqual(
    readObservation(textOf([{ type: 'hello' }, { type: 'missing', reason: 'it was killed' }]), targets),
    {
      missing: 'it was killed',
    },
  );
  assert.deepEqual(readReady(textOf([{ type: 'ready', fresh: true, open: ['a:30080'] }])), {
    fresh: true,
    open: ['a:30080'],
  });
});

test('an observation of other targets, other slots or other held connections is none', () => {
  const last = sound.at(-1) as object;
  const wrong = [
    { tracks: { 'a:30080': '400o' } },
    { tracks: { 'a:30080': '400o', 'a:10250': '400o', 'b:1': '400o' } },
    { tracks: { 'a:30080': '399o', 'a:10250': '400o' } },
    { tracks: { 'a:30080': '401o', 'a:10250': '400o' } },
    { tracks: { 'a:30080': '0d400o', 'a:10250': '400o' } },
    { slots: 401 },
    { held: [] },
    { held: [held, held] },
    { held: [{ ...held, target: 'a:10250' }] },
    { cadenceMs: '25' },
    { surprise: 1 },
  ];
  for (const change of wrong) {
    const text = textOf([...sound.slice(0, -1), { ...last, ...change }]);
    assert.throws(() => readObservation(text, targets), ObserverOutputError, JSON.stringify(change));
  }
});

test('any bytes are an observation or ObserverOutputError', (t) =>
  everyCase(t, 500, fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
    refusedOrComplete(text);
    refusedOrComplete(`${text}\n`);
    assert.throws(() => readReady(text), ObserverOutputError);
  }));

test('a line of any JSON is known or ObserverOutputError', (t) =>
  everyCase(t, 1000, json, (value) => {
    try {
      assert.ok(typeof readObserverLine(JSON.stringify(value)).type === 'string');
    } catch (error) {
      assert.ok(error instanceof ObserverOutputError);
    }
  }));

test('damaged lines, values of any type in them, are a complete observation or none', (t) =>
  everyCase(t, 1000, damaged(sound), (lines) =>
    refusedOrComplete(Array.isArray(lines) ? textOf(lines) : JSON.stringify(lines)),
  ));

test('lines lost, doubled or cut are a complete observation or none', (t) =>
  everyCase(t, 500, fc.tuple(fc.nat(3), fc.boolean(), fc.nat(700)), ([at, double, cut]) => {
    const lines = [...sound];
    if (double) lines.splice(at, 0, lines[at]);
    else lines.splice(at, 1);
    const text = textOf(lines);
    refusedOrComplete(text);
    assert.throws(
      () => readObservation(textOf(sound).slice(0, cut % textOf(sound).length), targets),
      ObserverOutputError,
      'the end is missing',
    );
  }));

test('the true offset of two clocks lies within the uncertainty of the measured one', (t) => {
  const delay = fc.double({ min: 0, max: 500, noNaN: true });
  const exchange = fc.tuple(fc.nat(10_000), delay, delay);
  const cases = fc.tuple(
    fc.double({ min: -1e7, max: 1e7, noNaN: true }),
    fc.array(exchange, { minLength: 1, maxLength: 8 }),
  );
  return everyCase(t, 1000, cases, ([offsetMs, delays]) => {
    const exchanges = delays.map(([at, there, back]) => {
      const sent = 1_767_323_045_678.4 + at;
      const theirsMs = Math.round((sent + there + offsetMs) * 1000) / 1000;
      return { sentAtMs: Math.floor(sent), answeredAtMs: Math.floor(sent + there + back), theirsMs };
    });
    const measured = measureClockOffset(exchanges);
    // Figures are rounded to 1 us.
    assert.ok(Math.abs(measured.offsetMs - offsetMs) <= measured.uncertaintyMs + 0.01, JSON.stringify(measured));
    const shortest = Math.min(...exchanges.map(({ sentAtMs, answeredAtMs }) => answeredAtMs - sentAtMs));
    assert.ok(measured.uncertaintyMs <= shortest / 2 + 0.51);
  });
});
