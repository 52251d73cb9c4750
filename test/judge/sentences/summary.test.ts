import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding, Leftover, Report, RunOutcome } from '../../../src/contract/report.ts';
import type { Verdict, VerdictKind } from '../../../src/contract/verdict.ts';
import { summarize } from '../../../src/judge/sentences/summary.ts';

type Summarized = Parameters<typeof summarize>[0];

const verdicts = (...kinds: readonly VerdictKind[]): Verdict[] => kinds.map((verdict) => ({ verdict }) as Verdict);
const findings = (...results: readonly Finding['result'][]): Finding[] =>
  results.map((result) => ({ result }) as Finding);
const leftovers = (count: number): Leftover[] => Array.from({ length: count }, () => ({}) as Leftover);
const run: Omit<Summarized, 'outcome'> = {
  stage: 'enforced',
  verdicts: verdicts(),
  findings: findings(),
  failure: null,
  leftovers: leftovers(0),
};
const failure = { message: 'The VM could not be created.' } as Report['failure'];

const table: readonly (readonly [RunOutcome, Partial<Summarized>, string])[] = [
  ['RUNNING', { leftovers: leftovers(1) }, 'The run is under way: enforced.'],
  [
    'PASS',
    { verdicts: verdicts('PASS', 'PASS') },
    "Host endpoints protect the nodes' ports: 2 of 2 expectations were met. Nothing is left behind.",
  ],
  [
    'FAIL',
    { verdicts: verdicts('FAIL', 'PASS', 'INCONCLUSIVE') },
    "Host endpoints do not protect the nodes' ports as expected: 1 of 3 expectations failed. Nothing is left behind.",
  ],
  [
    'INCONCLUSIVE',
    { verdicts: verdicts('PASS', 'INCONCLUSIVE'), findings: findings('CONTRADICTED') },
    'Not everything was proved: 1 of 2 verdicts are inconclusive. Nothing is left behind.',
  ],
  ['INCONCLUSIVE', {}, 'Not everything was proved: 0 of 0 verdicts are inconclusive. Nothing is left behind.'],
  [
    'INCONCLUSIVE',
    { verdicts: verdicts('PASS'), findings: findings('CONTRADICTED', 'UNKNOWN', 'CONFIRMED') },
    'Not everything was proved: 1 finding speaks against the verdicts. Nothing is left behind.',
  ],
  [
    'INCONCLUSIVE',
    { verdicts: verdicts('PASS'), findings: findings('CONTRADICTED', 'CONTRADICTED') },
    'Not everything was proved: 2 findings speak against the verdicts. Nothing is left behind.',
  ],
  [
    'INCONCLUSIVE',
    { verdicts: verdicts('PASS'), findings: findings('UNKNOWN') },
    'Not everything was proved: whether the nodes answer again after undo was not seen. Nothing is left behind.',
  ],
  [
    'INCONCLUSIVE',
    { verdicts: [{ phase: 'restored', vantage: 'vm', expected: 'OPEN', verdict: 'PASS' } as Verdict] },
    'Not everything was proved: no deny was put to the test. Nothing is left behind.',
  ],
  [
    'ERROR',
    { failure, leftovers: leftovers(1) },
    'The run could not be carried out: The VM could not be created. ' +
      '1 thing is left behind; the report has the commands that remove them.',
  ],
  ['ERROR', {}, 'The run could not be carried out: no failure was recorded. Nothing is left behind.'],
  [
    'CANCELLED',
    { leftovers: leftovers(2) },
    'The run was cancelled. 2 things are left behind; the report has the commands that remove them.',
  ],
];

for (const [outcome, change, sentence] of table) {
  test(`${outcome}: ${sentence}`, () => assert.equal(summarize({ ...run, outcome, ...change }), sentence));
}
