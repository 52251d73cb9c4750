import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Connection, Evidence, Target } from '../../src/contract/evidence.ts';
import type { Expectation } from '../../src/contract/verdict.ts';
import { judge } from '../../src/judge/judge.ts';

const at = '2026-01-02T03:04:05.000Z';
const target = (id: string): Target => ({ id, node: id, address: '10.0.0.1', port: 1, kind: 'nodePort' });
const ids = ['denied', 'control', 'open'] as const;
const stages = ['before', 'proof', 'during', 'after'] as const;

const connection: fc.Arbitrary<Connection> = fc.record({
  target: fc.constantFrom(...ids),
  stage: fc.constantFrom(...stages),
  outcome: fc.constantFrom(
    'OPEN' as const,
    'DROP' as const,
    'RST' as const,
    'ICMP_REJECT' as const,
    'PROBE_FAULT' as const,
  ),
  sourcePort: fc.integer({ min: 0, max: 65_535 }),
  startedAt: fc.constant(at),
  elapsedMs: fc.integer({ min: 0, max: 6000 }),
  syns: fc.integer({ min: 0, max: 6 }),
});

/** A deny as it should be, so that arbitrary changes to it come close to the border between PASS and not. */
const sound = (port: number): Connection[] => [
  ...[1, 2, 3].map(
    (n): Connection => ({
      target: 'denied',
      stage: 'proof',
      outcome: 'DROP',
      sourcePort: port + n,
      startedAt: at,
      elapsedMs: 3001,
      syns: 3,
    }),
  ),
  ...['control', 'open'].flatMap((id) =>
    (['before', 'during', 'after'] as const).map(
      (stage): Connection => ({
        target: id,
        stage,
        outcome: 'OPEN',
        sourcePort: port,
        startedAt: at,
        elapsedMs: 1,
        syns: 1,
      }),
    ),
  ),
];

const connections = fc.oneof(
  fc.array(connection, { maxLength: 20 }),
  fc
    .record({
      lost: fc.array(fc.nat(8), { maxLength: 1 }),
      altered: fc.array(
        fc.record({
          at: fc.nat(8),
          to: fc.oneof(
            connection,
            fc.record({ syns: fc.nat(4) }),
            fc.record({ elapsedMs: fc.nat(4000) }),
            fc.record({ sourcePort: fc.nat(3) }),
          ),
        }),
        { maxLength: 1 },
      ),
      more: fc.array(connection, { maxLength: 1 }),
    })
    .map(({ lost, altered, more }) => [
      ...sound(40_000)
        .map((one, index): Connection => ({ ...one, ...altered.find((change) => change.at === index)?.to }))
        .filter((_, index) => !lost.includes(index)),
      ...more,
    ]),
);

const evidence: fc.Arbitrary<Evidence> = fc
  .record({
    connections,
    kernel: fc.constantFrom('6.8.0-1021-azure', '5.15.0', '6.4.9', '6.18.44', 'none'),
    phase: fc.constantFrom('enforced' as const, 'enforced' as const, 'enforced' as const, 'baseline' as const),
    before: fc.nat(3),
    after: fc.nat(3),
    // Mostly what agrees: a broken peering or a leak decides alone.
    peered: fc.constantFrom('Connected', 'Connected', 'Connected', 'Connected', 'Disconnected'),
    watched: fc.constantFrom('20o60d', '20o60d', '80o', '20o30d1o29d'),
  })
  .map(({ connections, kernel, phase, before, after, peered, watched }) => ({
    observation: {
      startedAt: at,
      slots: 80,
      cadenceMs: 25,
      dialTimeoutMs: 200,
      latenessMs: 1,
      clock: { offsetMs: 0, uncertaintyMs: 1, exchanges: 1 },
      tracks: { denied: watched, control: '80o', open: '80o' },
      held: [],
      ended: 'read',
    },
    witnesses: {
      deniedPackets: {},
      securityRules: { missing: '' },
      routes: { missing: '' },
      peerings: ['there', 'back'].map((id) => ({ id, state: peered, provisioningState: 'Succeeded' })),
    },
    phase,
    startedAt: at,
    endedAt: at,
    kernel,
    targets: ids.map(target),
    convergence: { reached: true, rounds: 1, elapsedMs: 1 },
    connections,
    backends: { before: { readyEndpoints: before, readAt: at }, after: { readyEndpoints: after, readAt: at } },
  }));

const row: Expectation = {
  phase: 'enforced',
  target: target('denied'),
  expected: 'DROP',
  controls: ['control', 'open'],
};

/** The rule in other words than the judge's: every single thing that a PASS for DROP needs. */
function deserved({ connections, kernel, phase, backends, observation, witnesses }: Evidence): boolean {
  if (JSON.stringify(witnesses).includes('Disconnected') || JSON.stringify(observation).includes('1o29d')) return false;
  const of = (id: string, stage: string): Connection[] =>
    connections.filter((one) => one.target === id && one.stage === stage);
  const proof = of('denied', 'proof');
  const oldKernel = kernel === '5.15.0' || kernel === '6.4.9';
  let syns = 0;
  for (const one of proof) {
    if (one.outcome !== 'DROP' || one.elapsedMs < 3000 || one.syns < 2) return false;
    syns += one.syns;
  }
  for (const id of ['control', 'open']) {
    for (const stage of ['before', 'during', 'after']) {
      const dials = of(id, stage);
      if (dials.length === 0 || dials.some(({ outcome }) => outcome !== 'OPEN')) return false;
    }
  }
  const ports = new Set(proof.map(({ sourcePort }) => sourcePort));
  return (
    phase === 'enforced' &&
    ports.size >= 3 &&
    syns >= (oldKernel ? 6 : 9) &&
    backends.before.readyEndpoints >= 1 &&
    backends.after.readyEndpoints >= 1
  );
}

test('whatever the evidence, DROP is PASS exactly when every condition of the rule holds (W4)', () => {
  let passes = 0;
  let others = 0;
  fc.assert(
    fc.property(evidence, (seen) => {
      const [verdict] = judge([row], seen);
      assert.equal(verdict?.verdict === 'PASS', deserved(seen), verdict?.sentence);
      if (verdict?.verdict === 'PASS') passes += 1;
      else others += 1;
    }),
    { numRuns: 5000 },
  );
  assert.ok(passes > 100 && others > 100, `both sides of the border were visited: ${passes} PASS, ${others} not`);
});

test('whatever the evidence, an expected OPEN is PASS only if every proof connection was open', () => {
  fc.assert(
    fc.property(evidence, (seen) => {
      const [verdict] = judge([{ ...row, target: target('control'), expected: 'OPEN', controls: [] }], seen);
      const proof = seen.connections.filter((one) => one.target === 'control' && one.stage === 'proof');
      if (verdict?.verdict === 'PASS') assert.ok(proof.length > 0 && proof.every(({ outcome }) => outcome === 'OPEN'));
    }),
    { numRuns: 2000 },
  );
});

test('whatever the evidence, every verdict is one whole sentence', () => {
  fc.assert(
    fc.property(evidence, fc.constantFrom('OPEN' as const, 'DROP' as const), (seen, expected) => {
      const [verdict] = judge([{ ...row, expected }], seen);
      assert.match(verdict?.sentence ?? '', /^\S.{20,}\.$/);
      assert.doesNotMatch(verdict?.sentence ?? '', /undefined|NaN|Infinity|\.\./);
    }),
    { numRuns: 2000 },
  );
});
