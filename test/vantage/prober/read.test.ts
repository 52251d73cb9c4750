import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Target } from '../../../src/contract/evidence.ts';
import { createProbePlan, type ProbePlan } from '../../../src/vantage/prober/probe/plan.ts';
import { ProbeOutputError, readProbeLine, readProbeOutput } from '../../../src/vantage/prober/probe/read.ts';

const target = (port: number): Target => ({ id: `n:${port}`, node: 'n', address: '10.0.0.1', port, kind: 'nodePort' });
const plan: ProbePlan = createProbePlan({
  targets: [target(1), target(2)],
  expected: { 'n:1': 'OPEN', 'n:2': 'DROP' },
  settings: { connections: 1, timeoutMs: 3000, convergenceMs: 0, controlPort: 10250, soakMs: 0 },
  witnesses: { kind: 'azureVm', ask: {}, policies: ['hepflow-p'] },
});

const at = '2026-01-02T03:04:05.678Z';
const dial = (port: number, stage: string, outcome: string, more: object = {}) => ({
  type: 'connection',
  target: `n:${port}`,
  stage,
  outcome,
  sourcePort: 40_000,
  startedAt: at,
  elapsedMs: 1.5,
  syns: 1,
  ...more,
});
const header = { type: 'header', kernel: '6.8.0', synLinearTimeouts: null };
const convergence = { type: 'convergence', reached: true, rounds: 2, elapsedMs: 100.5 };
const dials = [
  dial(1, 'before', 'OPEN', { response: 'node-a' }),
  dial(2, 'proof', 'DROP', { syns: 3 }),
  dial(1, 'proof', 'OPEN'),
  dial(1, 'during', 'RST', { errno: 'ECONNREFUSED' }),
  dial(1, 'after', 'ICMP_REJECT', { errno: 'EHOSTUNREACH', icmp: { type: 3, code: 13 } }),
];
const answers = { type: 'answers', target: 'n:1', lines: { 'frontend-1': 9, 'frontend-2': 7 } };
const counter = { type: 'counter', node: 'n', source: 'calico_denied_packets', before: {}, after: { 'hepflow-p': 9 } };
const counted = {
  ...{ by: 'deniedPackets', title: "The nodes' own packet counters", of: 'policy', about: 'n', says: 'blocks' },
  because: 'calico_denied_packets',
  packets: 9,
};
const whole: object[] = [
  header,
  { type: 'round', round: 1, elapsedMs: 3, seen: { 'n:1': ['OPEN'] } },
  convergence,
  { type: 'live', seen: { 'n:1': ['OPEN'], 'n:2': [] }, syns: { 'n:1': 0, 'n:2': 2 } },
  ...dials,
  answers,
  counter,
  { type: 'done', connections: dials.length },
];
const text = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

test('a whole output becomes kernel, convergence, connections, answers and witnesses', () => {
  const output = readProbeOutput(text(whole), plan);
  assert.deepEqual([output.kernel, output.synLinearTimeouts], ['6.8.0', null]);
  assert.deepEqual(output.convergence, { reached: true, rounds: 2, elapsedMs: 100.5 });
  assert.deepEqual(
    output.connections,
    dials.map(({ type: _, ...rest }) => rest),
  );
  assert.deepEqual(output.answers, { 'n:1': { 'frontend-1': 9, 'frontend-2': 7 } });
  assert.deepEqual(output.deniedPackets, [counted]);
});

test('a node whose counter could not be read is a missing witness, with the reason', () => {
  const missing = { type: 'counter', node: 'n', missing: '10.0.0.1:9081: refused' };
  const { packets: _, ...witness } = counted;
  assert.deepEqual(readProbeOutput(text(whole.with(whole.indexOf(counter), missing)), plan).deniedPackets, [
    { ...witness, says: 'missing', because: '10.0.0.1:9081: refused' },
  ]);
});

test('without a policy in force no counter is asked for, and every node is a missing witness', () => {
  const quiet: ProbePlan = { ...plan, deniedPackets: null };
  assert.deepEqual(
    readProbeOutput(text(whole.toSpliced(whole.indexOf(counter), 1)), quiet).deniedPackets.map((one) => [
      one.about,
      one.says,
      one.because,
    ]),
    [['n', 'missing', 'it was not asked']],
  );
  assert.throws(() => readProbeOutput(text(whole), quiet), ProbeOutputError);
});

test('an output cut off anywhere is no evidence (W10)', () => {
  const full = text(whole);
  for (let length = 0; length < full.length; length += 1) {
    assert.throws(() => readProbeOutput(full.slice(0, length), plan), ProbeOutputError, `after ${length} characters`);
  }
});

test('an output with any one line missing is no evidence, but for what shows how it goes on (W10)', () => {
  for (const [index, line] of whole.entries()) {
    const rest = text(whole.toSpliced(index, 1));
    if ('type' in line && (line.type === 'round' || line.type === 'live')) readProbeOutput(rest, plan);
    else assert.throws(() => readProbeOutput(rest, plan), ProbeOutputError, JSON.stringify(line));
  }
});

describe('refused as something that the prober cannot have printed', () => {
  const rows: [string, object[]][] = [
    ['a line twice', [...whole.slice(0, 5), ...whole.slice(4)]],
    ['an end in the middle', [header, { type: 'done', connections: 0 }, ...whole.slice(1)]],
    ['two headers', [header, ...whole]],
    ['two convergences', [header, convergence, ...whole.slice(1)]],
    ['an unknown type', [header, { type: 'note' }, ...whole.slice(1)]],
    ['an unknown field', [header, ...whole.slice(1).map((line) => ({ ...line, extra: 1 }))]],
    ['an unknown outcome', whole.map((line) => (line === dials[1] ? dial(2, 'proof', 'BLOCKED') : line))],
    ['a target that was not asked for', whole.map((line) => (line === dials[1] ? dial(3, 'proof', 'DROP') : line))],
    [
      'a proof connection too few',
      [
        header,
        convergence,
        ...dials.filter((one) => one !== dials[1]),
        { type: 'done', connections: dials.length - 1 },
      ],
    ],
    [
      'a negative number of SYNs',
      whole.map((line) => (line === dials[1] ? dial(2, 'proof', 'DROP', { syns: -1 }) : line)),
    ],
    ['answers twice', [...whole.slice(0, -1), answers, ...whole.slice(-1)]],
    [
      'answers of a port that was expected to be silent',
      whole.with(whole.indexOf(answers), { ...answers, target: 'n:2' }),
    ],
    ['a counter of another node', whole.with(whole.indexOf(counter), { ...counter, node: 'm' })],
    ['half a counter', whole.with(whole.indexOf(counter), { type: 'counter', node: 'n', source: 'x', before: {} })],
    ['a counter without its source', whole.with(whole.indexOf(counter), { ...counter, source: undefined })],
    ['a counter twice', [...whole.slice(0, -1), counter, ...whole.slice(-1)]],
    [
      'a counter of a policy that was not asked for',
      whole.with(whole.indexOf(counter), { ...counter, after: { q: 9 } }),
    ],
    [
      'a time that is none',
      whole.map((line) => (line === dials[1] ? dial(2, 'proof', 'DROP', { startedAt: 'now' }) : line)),
    ],
  ];
  for (const [name, lines] of rows)
    test(name, () => assert.throws(() => readProbeOutput(text(lines), plan), ProbeOutputError));
  test('text before the header, as a login shell may print', () =>
    assert.throws(() => readProbeOutput(`Welcome!\n${text(whole)}`, plan), ProbeOutputError));
});

test('a bad line is quoted in the error, but not at length', () => {
  assert.throws(
    () => readProbeLine(`Traceback ${'x'.repeat(5000)}`),
    (error) => error instanceof ProbeOutputError && /Traceback x/.test(error.message) && error.message.length < 300,
  );
});
