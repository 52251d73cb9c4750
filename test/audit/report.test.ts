import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isVerified, verifyReport } from '../../src/audit/report.ts';
import type { Evidence } from '../../src/contract/evidence.ts';
import type { Report } from '../../src/contract/report.ts';
import { digestOf, sealed } from '../../src/evidence/seal.ts';
import { changes, mutated, type Path, pathsIn } from './mutations.ts';
import { sampleReport } from './sample.ts';

const whole = sampleReport();
const problemsOf = (report: unknown): string[] => verifyReport(report).checks.flatMap(({ problems }) => problems);
const withEvidence = (change: (evidence: Evidence[]) => Evidence[]): Report => ({
  ...whole,
  evidence: change([...whole.evidence]),
});
/** The report with its evidence changed and sealed anew, as somebody would who can rewrite the whole file. */
function resealed(change: (one: Evidence) => Evidence): Report {
  const evidence: Evidence[] = [];
  for (const one of whole.evidence) {
    const { seal: _, ...rest } = change(one);
    evidence.push(sealed(rest, evidence.at(-1)?.seal?.sha256 ?? whole.runId));
  }
  return { ...whole, evidence };
}

test('an untouched report verifies, whichever phases its run came to', () => {
  for (const phases of [
    ['baseline', 'enforced', 'second', 'restored'],
    ['baseline', 'enforced', 'restored'],
    ['baseline', 'enforced'],
    ['baseline'],
  ] as const) {
    const report = sampleReport(phases);
    assert.deepEqual(problemsOf(report), [], phases.join(', '));
    assert.equal(verifyReport(report).head, report.evidence.at(-1)?.seal?.sha256);
  }
});

test('a report of a run that ended before any probe verifies too, without a head', () => {
  const failure = {
    code: 'PreflightFailed',
    step: 'preflight',
    message: 'One problem.',
    remedy: 'Resolve it.',
    problems: [],
  } as const;
  const early = {
    ...sampleReport([]),
    outcome: 'ERROR',
    failure,
    cluster: null,
    calico: null,
    summary: 'The run could not be carried out: One problem. Nothing is left behind.',
  };
  assert.deepEqual(problemsOf(early), []);
  assert.equal(verifyReport(early).head, null);
});

/** Marks that the steps of a change reported: they were never sealed, and docs/evidence.md says so. */
const isUnsealedMark = ([top, index, marks, place]: Path): boolean => {
  if (top !== 'transitions' || marks !== 'marks') return false;
  if (place === undefined) return false;
  const name = whole.transitions[Number(index)]?.marks[Number(place)]?.name ?? '';
  return ['labelWritten', 'labelOnHostEndpoint', 'policyAccepted'].includes(name);
};

/** What a sentence about this place must name. */
function namedAt([top, index, third]: Path): RegExp {
  if (top === 'evidence' && index !== undefined) return new RegExp(`link \\d \\(|evidence\\.${index}|phase`);
  if (top === 'verdicts' && index !== undefined)
    return new RegExp(
      `${whole.verdicts[Number(index)]?.target.id} in phase ${whole.verdicts[Number(index)]?.phase}|verdicts\\.${index}|order of the evidence`,
    );
  if (top === 'transitions' && index !== undefined) return /transition|transitions\.\d/;
  if (top === 'findings' && index !== undefined) return /finding|findings\.\d/;
  return new RegExp(`${String(top)}|${String(third)}`);
}

test('one change anywhere in evidence, seals, verdicts, transitions, findings, outcome or counts is refused with a sentence that names it', () => {
  const covered = ['evidence', 'verdicts', 'transitions', 'findings', 'outcome', 'summary'];
  const inTimes = (path: Path): boolean => path[0] === 'timings' && path[1] === 'convergenceMs';
  const paths = pathsIn(whole).filter(
    (path) => (covered.includes(String(path[0])) || inTimes(path)) && !isUnsealedMark(path),
  );
  assert.ok(paths.length > 1500, `${paths.length} places`);
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.constantFrom(...changes), (path, change) => {
      const tampered = mutated(whole, path, change);
      fc.pre(tampered !== undefined);
      const problems = problemsOf(tampered);
      assert.ok(problems.length > 0, `${path.join('.')} ${change}: not noticed`);
      assert.ok(
        problems.some((problem) => namedAt(path).test(problem)),
        `${path.join('.')} ${change}: ${problems.join('\n')}`,
      );
    }),
    { numRuns: 1500 },
  );
});

test('the first broken link is named: changed, dropped, swapped, unsealed, or of another run', () => {
  const [first, second] = whole.evidence as [Evidence, Evidence];
  const broken = (report: Report): string =>
    problemsOf(report).find((problem) => problem.startsWith('The chain')) ?? '';
  assert.match(
    broken(withEvidence(([a, b, ...rest]) => [a, { ...b, kernel: '6.8.1' } as Evidence, ...rest] as Evidence[])),
    /broken at link 2 \(enforced\): it was changed after it was sealed/,
  );
  assert.match(
    broken(withEvidence(([, ...rest]) => rest)),
    /broken at link 1 \(enforced\): it was sealed onto [0-9a-f]{64}, but the run id 0a1b2c3d comes before it/,
  );
  assert.match(
    broken(withEvidence(([a, , ...rest]) => [a, ...rest] as Evidence[])),
    /broken at link 2 \(second\): it was sealed onto/,
  );
  assert.match(broken(withEvidence(([a, b, c, d]) => [a, c, b, d] as Evidence[])), /broken at link 2 \(second\)/);
  const { seal: _, ...unsealed } = second;
  assert.match(
    broken(withEvidence(([a, , ...rest]) => [a, unsealed, ...rest] as Evidence[])),
    /broken at link 2 \(enforced\): it is not sealed/,
  );
  assert.match(
    broken({ ...whole, runId: 'ffffffff' }),
    /broken at link 1 \(baseline\): it was sealed onto 0a1b2c3d, but the run id ffffffff/,
  );
  assert.equal(digestOf(first, whole.runId), first.seal?.sha256);
});

test('evidence that was changed and sealed anew is whole again, but no longer carries the verdicts', () => {
  const leaky = resealed((one) => ({
    ...one,
    connections: one.connections.map((each) =>
      one.phase === 'enforced' && each.target === 'node-a:30080' ? { ...each, outcome: 'OPEN' } : each,
    ),
  }));
  const problems = problemsOf(leaky);
  assert.deepEqual(
    problems.filter((problem) => problem.startsWith('The chain')),
    [],
  );
  assert.ok(
    problems.includes(
      'The verdict on node-a:30080 in phase enforced does not follow from the evidence: verdict is "PASS", not "FAIL".',
    ),
    problems.join('\n'),
  );
});

test('verdicts without evidence and evidence without verdicts are told apart', () => {
  assert.ok(
    problemsOf({ ...whole, verdicts: whole.verdicts.slice(1) }).includes(
      'The verdict on node-a:30080 in phase baseline is missing, though there is evidence for it.',
    ),
  );
  const without = withEvidence((evidence) => evidence.slice(0, 3));
  assert.ok(problemsOf(without).includes('The verdict on node-b:30080 in phase restored has no evidence behind it.'));
});

test('what is not a report is refused with every problem at once', () => {
  for (const nonsense of [null, 7, 'text', [], {}]) assert.notEqual(problemsOf(nonsense).length, 0);
  const problems = problemsOf({ ...whole, schemaVersion: 2, runId: 'x', colour: 'red', timings: null, verdicts: [{}] });
  for (const field of ['schemaVersion', 'runId', 'colour', 'timings', 'verdicts.0.sentence'])
    assert.ok(
      problems.some((problem) => problem.includes(field)),
      field,
    );
});

test('a report of a version without evidence is told so, and not taken for verified', () => {
  const { evidence: _, transitions: __, findings: ___, ...old } = whole;
  assert.match(problemsOf(old).join(), /^The report holds no evidence/);
  assert.equal(isVerified(verifyReport(old)), false);
});

test('the seal does not depend on the order of keys, and covers every field but itself', () => {
  const [first] = whole.evidence as [Evidence];
  const turned = Object.fromEntries(Object.entries(first).reverse()) as unknown as Evidence;
  assert.equal(digestOf(turned, 'x'), digestOf(first, 'x'));
  for (const key of Object.keys(first).filter((key) => key !== 'seal')) {
    const { [key]: _, ...rest } = first as unknown as Record<string, unknown>;
    assert.notEqual(digestOf(rest as unknown as Evidence, 'x'), digestOf(first, 'x'), key);
  }
});
