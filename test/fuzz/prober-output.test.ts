import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createProbePlan } from '../../src/vantage/prober/probe/plan.ts';
import { ProbeOutputError, readProbeLine, readProbeOutput } from '../../src/vantage/prober/probe/read.ts';
import { damaged, everyCase, json } from './cases.ts';

const target = (id: string) => ({ id, node: id, address: '10.0.0.4', port: 30_080, kind: 'nodePort' as const });
const plan = createProbePlan({
  targets: [target('a:30080'), target('b:30080')],
  expected: { 'a:30080': 'DROP', 'b:30080': 'OPEN' },
  settings: { connections: 3, timeoutMs: 3000, convergenceMs: 1000, controlPort: 10_250, soakMs: 0 },
  witnesses: { kind: 'azureVm', ask: {}, policies: ['p', 'q'] },
});
const connection = (id: string, stage: string, outcome: string) => ({
  type: 'connection',
  target: id,
  stage,
  outcome,
  sourcePort: 40_000,
  startedAt: '2026-01-02T03:04:05.678Z',
  elapsedMs: 3001.5,
  syns: 3,
});
const connections = [
  connection('b:30080', 'before', 'OPEN'),
  ...['a:30080', 'b:30080'].flatMap((id) =>
    [1, 2, 3].map(() => connection(id, 'proof', id.startsWith('a') ? 'DROP' : 'OPEN')),
  ),
  connection('b:30080', 'during', 'OPEN'),
  connection('b:30080', 'after', 'OPEN'),
];
const sound: readonly unknown[] = [
  { type: 'header', kernel: '6.18', synLinearTimeouts: 4 },
  { type: 'round', round: 1, elapsedMs: 10, seen: { 'a:30080': ['DROP'] } },
  { type: 'convergence', reached: true, rounds: 1, elapsedMs: 10 },
  { type: 'live', seen: { 'a:30080': [], 'b:30080': ['OPEN'] }, syns: { 'a:30080': 6, 'b:30080': 0 } },
  ...connections,
  { type: 'answers', target: 'b:30080', lines: { 'frontend pod=p node=a': 16 } },
  { type: 'counter', node: 'a:30080', source: 'calico_denied_packets', before: { p: 4 }, after: { p: 4, q: 9 } },
  { type: 'counter', node: 'b:30080', missing: '10.0.0.4:9081: refused' },
  { type: 'done', connections: connections.length },
];
const textOf = (lines: readonly unknown[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

/** Evidence as complete as the plan asked for, or none at all (W10). */
function refusedOrComplete(stdout: string): void {
  try {
    const output = readProbeOutput(stdout, plan);
    for (const { id } of plan.targets)
      assert.equal(output.connections.filter((one) => one.target === id && one.stage === 'proof').length, 3);
    assert.deepEqual(Object.keys(output.answers), ['b:30080']);
    assert.deepEqual(output.deniedPackets.map(({ about }) => about).toSorted(), ['a:30080', 'b:30080']);
    for (const { says, because, packets } of output.deniedPackets) {
      assert.ok(because !== '');
      assert.ok(says === 'missing' ? packets === undefined : Number.isInteger(packets) && (packets ?? -1) >= 0);
    }
    assert.ok(
      output.connections.every(
        (one) => Number.isInteger(one.syns) && one.elapsedMs >= 0 && !Number.isNaN(Date.parse(one.startedAt)),
      ),
    );
  } catch (error) {
    if (!(error instanceof ProbeOutputError)) throw error;
    assert.ok(error.message.length < 400);
  }
}

test('the sound output is read', () => {
  assert.equal(readProbeOutput(textOf(sound), plan).connections.length, connections.length);
});

test('any bytes are evidence or ProbeOutputError', (t) =>
  everyCase(t, 500, fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
    refusedOrComplete(text);
    refusedOrComplete(`${text}\n`);
  }));

test('a line of any JSON is known or ProbeOutputError', (t) =>
  everyCase(t, 1000, json, (value) => {
    try {
      assert.ok(typeof readProbeLine(JSON.stringify(value)).type === 'string');
    } catch (error) {
      assert.ok(error instanceof ProbeOutputError);
    }
  }));

test('damaged lines, values of any type in them, are complete evidence or none', (t) =>
  everyCase(t, 1000, damaged(sound), (lines) =>
    refusedOrComplete(Array.isArray(lines) ? textOf(lines) : JSON.stringify(lines)),
  ));

test('lines lost, doubled, moved or cut are complete evidence or none', (t) => {
  const strokes = fc.array(fc.tuple(fc.constantFrom('lose', 'double', 'move'), fc.nat(20), fc.nat(20)), {
    minLength: 1,
    maxLength: 3,
  });
  return everyCase(t, 1000, fc.tuple(strokes, fc.nat(2500)), ([all, cut]) => {
    const lines = [...sound];
    for (const [stroke, from, to] of all) {
      const [line] = stroke === 'double' ? lines.slice(from, from + 1) : lines.splice(from, 1);
      if (line !== undefined && stroke !== 'lose') lines.splice(to, 0, line);
    }
    const text = textOf(lines);
    refusedOrComplete(text);
    assert.throws(
      () => readProbeOutput(text.slice(0, cut % text.length), plan),
      ProbeOutputError,
      'the end is missing',
    );
  });
});
