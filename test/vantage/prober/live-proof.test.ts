import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Target } from '../../../src/contract/evidence.ts';
import { followProof } from '../../../src/vantage/prober/probe/live-proof.ts';

const target = (id: string): Target => ({ id, node: id, address: '10.0.0.4', port: 30_080, kind: 'nodePort' });
const settings = { connections: 3, timeoutMs: 3000, convergenceMs: 1000, controlPort: 10_250, soakMs: 0 };
const input = {
  phase: 'enforced',
  targets: [target('a'), target('b')],
  expected: { a: 'DROP', b: 'OPEN' },
  settings,
} as const;
const header = (synLinearTimeouts: number | null): string =>
  JSON.stringify({ type: 'header', kernel: '6.8', synLinearTimeouts });
const round = JSON.stringify({ type: 'round', round: 1, elapsedMs: 3, seen: { a: ['OPEN'], b: ['OPEN'] } });
const live = JSON.stringify({ type: 'live', seen: { a: [], b: ['OPEN'] }, syns: { a: 7, b: 0 } });

test('convergence shows what the last round saw, the proof shows how many SYNs were silent, of how many wanted', () => {
  const shown = followProof(input);
  assert.deepEqual(shown.line(header(4)), { phase: 'enforced', stage: 'convergence', targets: {} });
  assert.deepEqual(shown.line(round), {
    phase: 'enforced',
    stage: 'convergence',
    targets: { a: { seen: ['OPEN'], syns: 0, synsWanted: 9 }, b: { seen: ['OPEN'], syns: 0, synsWanted: 0 } },
  });
  const proof = {
    phase: 'enforced',
    stage: 'proof',
    targets: { a: { seen: [], syns: 7, synsWanted: 9 }, b: { seen: ['OPEN'], syns: 0, synsWanted: 0 } },
  };
  assert.deepEqual(shown.line(live), proof);
  assert.deepEqual(shown.soak(), { ...proof, stage: 'soak' });
});

for (const setting of [null, 0]) {
  test(`a kernel whose tcp_syn_linear_timeouts is ${setting} sends 2 SYNs in the time of 3`, () => {
    const shown = followProof(input);
    shown.line(header(setting));
    assert.equal(shown.line(live).targets['a']?.synsWanted, 6);
  });
}

test('other lines, and broken ones, leave it as it is', () => {
  const shown = followProof(input);
  const last = shown.line(live);
  for (const line of ['', '{', '{"type":"done","connections":9}', '{"type":"live"}'])
    assert.deepEqual(shown.line(line), last);
});
