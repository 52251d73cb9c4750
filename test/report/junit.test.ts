import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderJunit } from '../../src/report/junit.ts';
import { broken, cancelled, doubted, everyKind, failed, inconclusive, passed, running, skipping } from './runs.ts';
import { elementsOf } from './well-formed.ts';

/** The counts that CI reads, from the root. */
const totals = (xml: string): number[] =>
  ['tests', 'failures', 'errors', 'skipped'].map((name) =>
    Number(new RegExp(`<testsuites [^>]*\\b${name}="(\\d+)"`).exec(xml)?.[1]),
  );
const cases = (xml: string): string[] =>
  [...xml.matchAll(/<testcase [^>]*\/>|<testcase [\s\S]*?<\/testcase>/g)].map(([one]) => one);
const caseOf = (xml: string, part: string): string => cases(xml).find((one) => one.includes(part)) ?? '';

for (const [name, each] of Object.entries(everyKind)) {
  test(`the JUnit XML of a run that ${name} is well-formed, has a case for every verdict, and its counts are those of its elements`, () => {
    const xml = renderJunit(each);
    const elements = elementsOf(xml);
    const count = (element: string): number => elements.filter((one) => one === element).length;
    assert.equal(elements[0], 'testsuites');
    assert.equal(count('testsuite'), 1 + each.phases.length);
    assert.deepEqual(totals(xml), [count('testcase'), count('failure'), count('error'), count('skipped')]);
    for (const { target } of each.verdicts) assert.ok(xml.includes(`name="${target.id} is `), target.id);
  });
}

test('a PASS is all passed', () => {
  assert.deepEqual(totals(renderJunit(passed)), [18 + passed.findings.length, 0, 0, 0]);
});

test('a finding that contradicts is a failure, one that could not be had is skipped, and how long changes took is told beside them', () => {
  const xml = renderJunit(doubted);
  assert.match(
    caseOf(xml, 'The nodes&#39; own packet counters: aks-a-vmss000000'),
    /<failure message="\S+ counted no packet denied[^"]*" type="CONTRADICTED">/,
  );
  assert.match(
    caseOf(xml, 'Azure&#39;s effective routes'),
    /<skipped message="Azure&#39;s effective routes gave no answer about [^"]*">/,
  );
  assert.match(
    xml,
    /<system-out>Enforced: node 1 carries the label\naks-a-vmss000000:30080 fell silent 79 to 108 ms after the policy was sent\./,
  );
});

test('a FAIL is a failure with its sentence, and what is left behind another with its command', () => {
  const xml = renderJunit(failed);
  assert.deepEqual(totals(xml), [18 + failed.findings.length, 2, 0, 0]);
  assert.match(
    caseOf(xml, 'It let 1 of 3 connections through'),
    /classname="hepflow.enforced"[\s\S]*<failure message="\S+ should not have answered\. It let 1 of 3[^"]*" type="FAIL">[\s\S]*expected DROP, observed MIXED/,
  );
  assert.match(caseOf(xml, 'nothing is left behind'), /az vm delete --ids &quot;\/x&quot; &amp;&amp; echo gone/);
});

test('INCONCLUSIVE is an error, never skipped: no CI takes it for a pass', () => {
  assert.deepEqual(totals(renderJunit(inconclusive)), [18 + inconclusive.findings.length, 1, 1, 4]);
  assert.match(
    caseOf(renderJunit(inconclusive), 'could not be tried'),
    /<error message="1 of 3 connections to \S+ could not be tried: [^"]*" type="INCONCLUSIVE">/,
  );
  assert.equal(totals(renderJunit({ ...passed, outcome: 'INCONCLUSIVE' }))[2], 1);
});

test('a run that failed or was cancelled is an error; phases that it did not reach are skipped with the reason', () => {
  assert.deepEqual(totals(renderJunit(broken)), [2, 0, 1, 0]);
  assert.match(
    caseOf(renderJunit(broken), 'the run is carried out'),
    /type="PreflightFailed"[\s\S]*workload.nodePort 30080 belongs to svc. Choose another.\nRemedy: Resolve/,
  );
  assert.deepEqual(totals(renderJunit(cancelled)), [12 + cancelled.findings.length, 0, 1, 2]);
  assert.match(caseOf(renderJunit(cancelled), 'hepflow.restored'), /<skipped message="The run ended before it.">/);
  assert.match(caseOf(renderJunit(skipping), 'hepflow.second'), /<skipped message="The run was asked to pass it by.">/);
});

test('a run under way is skipped, not passed', () => {
  assert.deepEqual(totals(renderJunit(running)), [6, 0, 0, 6]);
});

test('nothing that a report holds can become an element', () => {
  const evil = `"/><failure><script>]]>&\u0007`;
  const [first] = passed.verdicts;
  assert.ok(first !== undefined);
  const wrong = { ...first, verdict: 'FAIL', sentence: evil, target: { ...first.target, id: evil } } as const;
  const xml = renderJunit({ ...passed, summary: evil, verdicts: [wrong], findings: [] });
  const elements = elementsOf(xml);
  assert.deepEqual(
    [elements.filter((one) => one === 'failure').length, elements.includes('script'), xml.includes('\u0007')],
    [1, false, false],
  );
});
