import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { auditReport, isVerified } from '../../src/audit/report.ts';
import { createSecondScenario } from '../support/second-scenario.ts';
import { listProblems, replaceAt } from './forge.ts';
import { createReport, mission } from './sample.ts';

const scenario = createSecondScenario(mission);
const options = { findScenario: (name: string) => (name === scenario.name ? scenario : undefined) };
const report = createReport({ scenario });

test('a scenario that the source does not name is judged and audited as the built-in one', () => {
  assert.deepEqual(listProblems(report, options), []);
  assert.ok(isVerified(auditReport(report, options)));
  assert.deepEqual(
    report.verdicts.filter(({ expected }) => expected === 'DROP').map(({ phase, target }) => `${phase} ${target.id}`),
    [
      ...['shut-shop node-a:30081', 'shut-shop node-c:30081'],
      ...['shut-metrics node-a:30081', 'shut-metrics node-c:30081', 'shut-metrics node-b:9100'],
    ],
  );
  assert.deepEqual(new Set(report.verdicts.map(({ verdict }) => verdict)), new Set(['PASS']));
  assert.deepEqual(
    report.transitions.map(({ phase, target, to, asked }) => `${phase} ${target.id} ${to} ${asked?.name}`),
    [
      ...['shut-shop node-a:30081 DROP policy-asked', 'shut-shop node-c:30081 DROP policy-asked'],
      'shut-metrics node-b:9100 DROP policy-asked',
      ...['restored node-a:30081 OPEN policy-undone', 'restored node-c:30081 OPEN policy-undone'],
      'restored node-b:9100 OPEN policy-undone',
    ],
  );
  assert.equal(report.outcome, 'PASS');
});

test('a forgery in it is found as in the built-in one', () => {
  const forged = {
    ...report,
    verdicts: replaceAt(report.verdicts, 7, (one) => ({ ...one, sentence: 'All is well.' })),
    phases: replaceAt(report.phases, 1, (one) => ({ ...one, required: true })),
  };
  const problems = listProblems(forged, options);
  assert.equal(problems.length, 2);
  assert.equal(problems[0], 'The phase shut-shop is not as the scenario has it: required is true, not false.');
  assert.match(
    problems[1] ?? '',
    /^The verdict on node-b:30081 from outpost in phase shut-shop does not follow from the evidence: sentence is "All/,
  );
  assert.deepEqual(listProblems(report), [
    'The scenario second-scenario is not known to this version of hepflow: what its phases expect cannot be checked.',
  ]);
});

test('no source names it, nor anything that is its own', () => {
  const src = join(import.meta.dirname, '../../src');
  const [, ...later] = scenario.phases.map(({ name }) => name); // the first one's is a word of every day
  const own = [scenario.name, ...Object.keys(scenario.vantages), ...later, 'goOn'];
  for (const file of globSync('**/*.ts', { cwd: src })) {
    const text = readFileSync(join(src, file), 'utf8');
    for (const name of own) assert.ok(!text.includes(`'${name}'`), `${file} names ${name}`);
  }
});
