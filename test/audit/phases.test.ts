import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Gate, Scenario } from '../../src/contract/scenario.ts';
import { createWorkshop } from '../../src/scenario/workshop.ts';
import { listProblems, listProblemsOf, replaceAt, reseal } from './forge.ts';
import { createReport, mission } from './sample.ts';

const whole = createReport();
const problemsOf = (report: unknown): string[] => listProblemsOf(/^Each phase was seen/, report);

test('a phase that was passed by and has evidence, or verdicts alone', () => {
  const phases = replaceAt(whole.phases, 2, (phase) => ({ ...phase, skipped: 'No signal came.' }));
  const seen = 'The phase second was passed by, but the report has evidence or verdicts of it.';
  const changed = 'The phase second was passed by, but the report has changes that led to it.';
  const unwaited = 'The phase second was passed by, but no step waited for labelNode2.';
  assert.deepEqual(listProblems({ ...whole, phases }), [seen, changed, unwaited]);
  const withoutEvidence = { ...whole, phases, evidence: whole.evidence.filter(({ phase }) => phase !== 'second') };
  assert.deepEqual(problemsOf(withoutEvidence), [
    ...[seen, changed, unwaited],
    'The steps have 1 probes of phase second that were carried out, the evidence 0.',
  ]);
});

test('a phase that was passed by for another reason than its wait ended with', () => {
  const skipped = createReport({ seen: ['baseline', 'enforced', 'restored'] });
  assert.deepEqual(listProblems(skipped), []);
  const phases = replaceAt(skipped.phases, 2, (phase) => ({ ...phase, skipped: 'Nobody cared.' }));
  assert.deepEqual(problemsOf({ ...skipped, phases }), [
    'The phase second was passed by, but no step waited for labelNode2.',
  ]);
});

test('a PASS whose denies were cut out, from the middle or the end, with all that follows from them', () => {
  for (const cut of [['enforced'], ['second'], ['enforced', 'second'], ['second', 'restored']]) {
    const keep = <T extends { readonly phase: unknown }>(all: readonly T[]): readonly T[] =>
      all.filter(({ phase }) => !cut.includes(String(phase)));
    const report = {
      ...reseal(whole, keep),
      ...{ verdicts: keep(whole.verdicts), transitions: keep(whole.transitions), findings: keep(whole.findings) },
      ...{ changes: keep(whole.changes), steps: whole.steps.filter(({ subject }) => !cut.includes(subject)) },
    };
    const problems = problemsOf(report);
    for (const phase of cut)
      assert.ok(
        problems.includes(`The outcome is PASS, but there is no evidence of phase ${phase} from vm.`),
        problems.join(),
      );
    const denies = whole.verdicts.filter(({ phase, expected }) => cut.includes(phase) && expected === 'DROP');
    for (const { target, phase } of denies)
      assert.ok(
        problems.includes(
          `The outcome is PASS, but the deny of ${target.id} from vm in phase ${phase} was not judged PASS.`,
        ),
        problems.join(),
      );
    const phases = whole.phases.filter(({ name }) => !cut.includes(name));
    assert.ok(
      listProblems({ ...report, phases }).includes(`The phase ${cut[0]} is missing, though the scenario has it.`),
    );
  }
});

test('a phase that was passed by without a gate, or with one that opens at once', () => {
  const skip = (place: number, gate: Partial<Gate>): unknown => {
    const report = createReport({ seen: ['baseline', 'restored'] });
    const skipped = (index: number): string | null => (index === place || index === 2 ? 'No signal came.' : null);
    return {
      ...report,
      outcome: 'CANCELLED',
      phases: report.phases.map((phase, index) => ({
        ...phase,
        skipped: skipped(index),
        gate: phase.gate && { ...phase.gate, ...gate },
      })),
    };
  };
  assert.deepEqual(problemsOf(skip(2, {})), []);
  assert.deepEqual(problemsOf(skip(2, { when: 'never' })), []);
  assert.deepEqual(problemsOf(skip(1, {})), ['The phase enforced was passed by, though it has no gate.']);
  assert.deepEqual(problemsOf(skip(2, { when: 'always' })), [
    'The phase second was passed by, though its gate opens at once.',
  ]);
});

test("undo's own proof may be left out for a reason, and then nothing is a PASS", () => {
  const unproved = createReport({ seen: ['baseline', 'enforced', 'second'] });
  const phases = replaceAt(unproved.phases, 3, (phase) => ({ ...phase, skipped: 'Everything is kept.' }));
  assert.equal(unproved.outcome, 'INCONCLUSIVE');
  assert.deepEqual(listProblems({ ...unproved, phases }), []);
});

test('a phase that was seen though its gate never opens', () => {
  const phases = replaceAt(whole.phases, 2, (phase) => ({
    ...phase,
    gate: phase.gate && { ...phase.gate, when: 'never' as const },
  }));
  assert.deepEqual(problemsOf({ ...whole, phases }), ['The phase second was seen, though its gate never opens.']);
  const cancelled = { ...whole, phases, outcome: 'CANCELLED', evidence: whole.evidence.slice(0, 2) };
  assert.deepEqual(problemsOf(cancelled), [], 'a run that ended before it');
});

test('a run that was carried out has evidence of every phase that it did not pass by', () => {
  const cut = reseal(whole, (evidence) => evidence.filter(({ phase }) => phase !== 'second'));
  const problem = 'but there is no evidence of phase second from vm.';
  const untold = (phase: string): string =>
    `The steps have 1 probes of phase ${phase} that were carried out, the evidence 0.`;
  for (const outcome of ['PASS', 'FAIL', 'INCONCLUSIVE'])
    assert.deepEqual(problemsOf({ ...cut, outcome }), [`The outcome is ${outcome}, ${problem}`, untold('second')]);
  for (const outcome of ['ERROR', 'CANCELLED', 'RUNNING']) assert.deepEqual(problemsOf({ ...cut, outcome }), []);
  const unproved = { ...whole, evidence: whole.evidence.slice(0, 3) };
  assert.deepEqual(problemsOf(unproved), [
    'The outcome is PASS, but there is no evidence of phase restored from vm.',
    untold('restored'),
  ]);
  assert.deepEqual(problemsOf({ ...unproved, outcome: 'FAIL' }), []);
});

test('evidence is there from each vantage', () => {
  const workshop = createWorkshop(mission);
  const scenario: Scenario = {
    ...workshop,
    vantages: { ...workshop.vantages, annex: { kind: 'azureVm', ...mission.vm } },
  };
  const findScenario = (): Scenario => scenario;
  const report = createReport({ scenario });
  assert.deepEqual(listProblems(report, { findScenario }), []);
  assert.equal(report.verdicts.length, 2 * whole.verdicts.length);
  const cut = reseal(report, (evidence) =>
    evidence.filter(({ phase, vantage }) => phase !== 'enforced' || vantage === 'vm'),
  );
  assert.ok(
    listProblems(cut, { findScenario }).includes(
      'The outcome is PASS, but there is no evidence of phase enforced from annex.',
    ),
  );
});

test('no phase comes after a required one that is not all PASS, and none is missed there (W1)', () => {
  const verdicts = replaceAt(whole.verdicts, 0, (one) => ({ ...one, verdict: 'FAIL' as const }));
  const steps = (phases: readonly string[]) =>
    whole.steps.filter(({ name, subject }) => name !== 'probe' || phases.includes(subject));
  const red = { ...whole, outcome: 'FAIL', verdicts };
  assert.deepEqual(problemsOf(red), [
    'The phase enforced was seen, though the required phase baseline is not all PASS.',
    'The phase second was seen, though the required phase baseline is not all PASS.',
  ]);
  for (const phases of [['baseline', 'restored'], ['baseline']])
    assert.deepEqual(
      problemsOf({
        ...{ ...red, steps: steps(phases) },
        evidence: whole.evidence.filter(({ phase }) => phases.includes(phase)),
      }),
      [],
    );
  const optional = replaceAt(whole.verdicts, 4, (one) => ({ ...one, verdict: 'FAIL' as const }));
  assert.deepEqual(problemsOf({ ...whole, outcome: 'FAIL', verdicts: optional }), []);
});
