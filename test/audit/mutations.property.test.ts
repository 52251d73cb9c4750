import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { listAllProblems, listProblems } from './forge.ts';
import { changes, mutated, type Path, pathsIn } from './mutations.ts';
import { createReport } from './sample.ts';

const whole = createReport();

/** Parts that follow from others, so that not even a new seal hides a change: they are looked at whole; of others, which fields of each element are. */
const covered: Readonly<Record<string, readonly string[] | 'all'>> = {
  ...{ evidence: 'all', verdicts: 'all', transitions: 'all', findings: 'all', outcome: 'all', summary: 'all' },
  ...{ stage: 'all', scenario: 'all', targets: 'all', timings: 'all', failure: 'all', runId: 'all' },
  vantages: ['id', 'kind', 'adminUser', 'kernel'],
  phases: ['name', 'title', 'claim', 'gate', 'required', 'expectations'],
  changes: ['id', 'phase', 'moments'],
};

const isCovered = ([top, , field]: Path): boolean => {
  const fields = covered[String(top)];
  return fields === 'all' || (fields !== undefined && (field === undefined || fields.includes(String(field))));
};

/** A transition has its moments in order of time, so that of a change's list is of no account. */
const isOfNoAccount = ([top, , field, moment, ...deeper]: Path, change: string): boolean =>
  top === 'changes' && change === 'swapped' && (field === undefined || (moment !== undefined && deeper.length === 0));

/** What a sentence about this place must name. */
function namedAt([top, index, third]: Path): RegExp {
  if (top === 'evidence' && index !== undefined) return new RegExp(`link \\d \\(|evidence\\.${index}|phase`);
  if (top === 'verdicts' && index !== undefined) {
    const { target, vantage, phase } = whole.verdicts[Number(index)] ?? assert.fail();
    return new RegExp(`${target.id} from ${vantage} in phase ${phase}|verdicts\\.${index}|order of the evidence`);
  }
  if (top === 'transitions' && index !== undefined) return /transition|transitions\.\d/;
  if (top === 'findings' && index !== undefined) return /finding|findings\.\d/;
  if (top === 'changes') return /transition|change/;
  if (top === 'vantages') return /vantage|another kernel/;
  if (top === 'targets') return /target/;
  if (top === 'phases') return /phase/;
  if (top === 'failure') return /failure/;
  if (top === 'runId') return /run id|runId/;
  return new RegExp(`${String(top)}|${String(third)}|end of the run|length of the run`);
}

test('one change anywhere in a report is found by its seal', () => {
  const paths = pathsIn(whole);
  assert.ok(paths.length > 1500, `${paths.length} places`);
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.constantFrom(...changes), (path, change) => {
      const tampered = mutated(whole, path, change);
      fc.pre(tampered !== undefined);
      const problems = listAllProblems(tampered);
      assert.ok(
        problems.some((problem) => /sealed|It is not a report|schema version|holds no evidence/.test(problem)),
        `${path.join('.')} ${change}: ${problems.join()}`,
      );
    }),
    { numRuns: 500 },
  );
});

test('one change anywhere in what follows from the rest is refused by name, though it was sealed anew', () => {
  const paths = pathsIn(whole).filter(isCovered);
  assert.ok(paths.length > 1500, `${paths.length} places`);
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.constantFrom(...changes), (path, change) => {
      fc.pre(!isOfNoAccount(path, change));
      const tampered = mutated(whole, path, change);
      fc.pre(tampered !== undefined);
      const problems = listProblems(tampered);
      assert.ok(problems.length > 0, `${path.join('.')} ${change}: not noticed`);
      assert.ok(
        problems.some((problem) => namedAt(path).test(problem)),
        `${path.join('.')} ${change}: ${problems.join('\n')}`,
      );
    }),
    { numRuns: 600 },
  );
});

const hostile = fc.constantFrom<unknown>(
  ...[null, '', '__proto__', 'constructor', '\u001b[2J', '9999999999999o', -1, 0, 1e12, 1e300, 2 ** 53, [], {}, true],
  ...['0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', '400d', '-'],
);

test('whatever stands at a place of a report, the audit ends and shows nothing that a terminal obeys', () => {
  const paths = pathsIn(whole);
  fc.assert(
    fc.property(fc.constantFrom(...paths), hostile, (path, value) => {
      const report = structuredClone(whole);
      const parent = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], report);
      (parent as Record<string, unknown>)[path.at(-1) ?? ''] = value;
      for (const problem of listProblems(report)) assert.doesNotMatch(problem, /\p{Cc}/u);
    }),
    { numRuns: 600 },
  );
});
