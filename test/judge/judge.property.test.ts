import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Connection, connectionStages, type Evidence, outcomes } from '../../src/contract/evidence.ts';
import { type Verdict, verdictKinds } from '../../src/contract/verdict.ts';
import { judgePhase } from '../../src/judge/judgement.ts';
import { createBackends, createEvidence, createRows, first, firstOpen, second, workers } from '../support/evidence.ts';
import { createObservation, dials } from '../support/observation.ts';

const controls = [second, firstOpen];
const rows = createRows('enforced', [first], [first, ...controls]);
/** A world that behaves as expected: arbitrary changes to it come close to the border between PASS and not. */
const sound = createEvidence(rows).connections;

const connection: fc.Arbitrary<Connection> = fc.record({
  target: fc.constantFrom(...rows.map(({ target }) => target.id)),
  stage: fc.constantFrom(...connectionStages),
  outcome: fc.constantFrom(...outcomes),
  sourcePort: fc.integer({ min: 0, max: 65_535 }),
  startedAt: fc.constant(workers(0)),
  elapsedMs: fc.integer({ min: 0, max: 6000 }),
  syns: fc.integer({ min: 0, max: 6 }),
});

const alteration = fc.oneof(
  connection,
  fc.record({ outcome: fc.constantFrom(...outcomes) }),
  fc.record({ syns: fc.integer({ min: 0, max: 4 }) }),
  fc.record({ elapsedMs: fc.integer({ min: 2990, max: 3010 }) }),
  fc.record({ sourcePort: fc.integer({ min: 40_000, max: 40_003 }) }),
);
const perturbed = fc
  .record({
    lost: fc.array(fc.nat(sound.length - 1), { maxLength: 1 }),
    altered: fc.array(fc.record({ at: fc.nat(sound.length - 1), to: alteration }), { maxLength: 1 }),
    more: fc.array(connection, { maxLength: 1 }),
  })
  .map(({ lost, altered, more }) => [
    ...sound
      .map((one, index): Connection => ({ ...one, ...altered.find(({ at }) => at === index)?.to }))
      .filter((_, index) => !lost.includes(index)),
    ...more,
  ]);

/** What happens rarely, so that it does not decide alone. */
const seldom = <T>(usual: T, ...rare: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...rare) });

const world = fc.record({
  connections: fc.oneof(
    { weight: 5, arbitrary: perturbed },
    { weight: 1, arbitrary: fc.array(connection, { maxLength: 20 }) },
  ),
  kernel: fc.constantFrom('6.8.0-1021-azure', '6.5.0', '6.4.9', '5.15.0', '7.0.1', 'none'),
  phase: seldom('enforced', 'baseline'),
  vantage: seldom('vm', 'pod'),
  before: seldom(2, 0, 1),
  after: seldom(2, 0, 1),
  way: seldom('allows' as const, 'blocks' as const, 'missing' as const),
  track: seldom('20o60d', '80o', '20o30d1o29d', '20o30d1r29d'),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

const see = ({ connections, kernel, phase, vantage, before, after, way, track }: World): Evidence =>
  createEvidence(rows, {
    ...{ phase, vantage, kernel, connections },
    backends: createBackends(before, after),
    observation: createObservation({ [first.id]: dials(track) }),
    witnesses: [{ by: 'way', title: 'the way', of: 'way', about: null, says: way, because: 'of that' }],
  });

const judgeFirst = (seen: Evidence): readonly [Verdict, Verdict] => {
  const [silent, open] = judgePhase({ rows, before: null, moments: [] }, seen).verdicts;
  return [silent ?? assert.fail(), open ?? assert.fail()];
};

const hasAnswers = (id: string, connections: readonly Connection[]): boolean =>
  (['before', 'during', 'after'] as const).every((stage) => {
    const all = connections.filter((one) => one.target === id && one.stage === stage);
    return all.length > 0 && all.every(({ outcome }) => outcome === 'OPEN');
  });

/** The rule in other words than the judge's: every single thing that a PASS for DROP needs. */
function deservesSilent({ connections, kernel, phase, vantage, before, after, way, track }: World): boolean {
  if (way === 'blocks' || /1o29d|1r29d/.test(track) || phase !== 'enforced' || vantage !== 'vm') return false;
  const proof = connections.filter((one) => one.target === first.id && one.stage === 'proof');
  const synsNeeded = kernel === '5.15.0' || kernel === '6.4.9' ? 6 : 9;
  return (
    proof.every(({ outcome, elapsedMs, syns }) => outcome === 'DROP' && elapsedMs >= 3000 && syns >= 2) &&
    new Set(proof.map(({ sourcePort }) => sourcePort)).size >= 3 &&
    proof.reduce((sum, { syns }) => sum + syns, 0) >= synsNeeded &&
    controls.every(({ id }) => hasAnswers(id, connections)) &&
    before > 0 &&
    after > 0
  );
}

/** Every single thing that a PASS for OPEN needs. */
function deservesOpen({ connections, phase, vantage }: World): boolean {
  const proof = connections.filter((one) => one.target === second.id && one.stage === 'proof');
  const isOpen = proof.length > 0 && proof.every(({ outcome }) => outcome === 'OPEN');
  return phase === 'enforced' && vantage === 'vm' && isOpen && hasAnswers(second.id, connections);
}

for (const [expected, place, deserves] of [
  ['DROP', 0, deservesSilent],
  ['OPEN', 1, deservesOpen],
] as const) {
  test(`whatever the evidence, an expected ${expected} is PASS exactly when every condition of it holds (W4)`, () => {
    let passes = 0;
    let others = 0;
    fc.assert(
      fc.property(world, (given) => {
        const { verdict, sentence } = judgeFirst(see(given))[place];
        assert.equal(verdict === 'PASS', deserves(given), sentence);
        if (verdict === 'PASS') passes += 1;
        else others += 1;
      }),
      { numRuns: 4000 },
    );
    assert.ok(passes > 400 && others > 400, `both sides of the border were visited: ${passes} PASS, ${others} not`);
  });
}

test('an expected OPEN is FAIL only if a connection of its proof was not answered', () => {
  let failures = 0;
  fc.assert(
    fc.property(world, (given) => {
      const [, { verdict, observed }] = judgeFirst(see(given));
      if (verdict !== 'FAIL') return;
      failures += 1;
      assert.ok(observed !== 'OPEN' && observed !== 'NONE');
    }),
    { numRuns: 2000 },
  );
  assert.ok(failures > 50, `${failures} failures were visited`);
});

test('whatever the evidence, a verdict is one or two whole sentences with its port, controls and counts', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(world, (given) => {
      for (const { sentence, verdict, target, evidence } of judgeFirst(see(given))) {
        assert.match(sentence, /^\S.{20,}[^.]\.$/);
        assert.ok(sentence.includes(target.id), sentence);
        assert.ok(sentence.split(/[^.]\. (?=\S)/).length <= 2, sentence);
        assert.doesNotMatch(sentence, /undefined|NaN|Infinity|\.\.|’/);
        // A verdict on a whole proof gives its numbers.
        if (/did not answer: /.test(sentence)) {
          assert.ok(
            sentence.includes(`${evidence.syns} SYN`) && sentence.includes(`${evidence.connections} conn`),
            sentence,
          );
          for (const { control } of evidence.controls) assert.ok(sentence.includes(control), sentence);
        }
        seen.add(verdict);
      }
    }),
    { numRuns: 2000 },
  );
  assert.deepEqual(seen, new Set(verdictKinds));
});
