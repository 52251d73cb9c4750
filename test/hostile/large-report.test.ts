/** However much its probes saw, a run ends with a report that travels through Temporal and says what it lacks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { auditReport, isVerified } from '../../src/audit/report.ts';
import type { Report } from '../../src/contract/report.ts';
import { sealReport } from '../../src/evidence/report-seal.ts';
import { renderHtml } from '../../src/report/html.ts';
import { renderJunit } from '../../src/report/junit.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { fitBareReport, fitReport, maxReportBytes } from '../../src/workflows/fit-report.ts';
import { inflate, listAllProblems, reseal, sealAnew } from '../audit/forge.ts';
import { createReport } from '../audit/sample.ts';

const megabyte = 1_000_000;
const measure = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const large = reseal(createReport(), (evidence) => evidence.map((one) => inflate(one, 1500)));
const dropped = ({ evidence }: Report): string[] => evidence.filter((one) => one.dropped).map(({ phase }) => phase);

test('a report that is too big drops the details of its oldest evidence, and a warning names them', () => {
  assert.ok(measure(large) > 1.4 * megabyte);
  const fitted = sealReport(fitReport(large));
  assert.ok(measure(fitted) < megabyte);
  assert.deepEqual(dropped(fitted), ['baseline', 'enforced']);
  assert.match(
    fitted.warnings.at(-1) ?? '',
    /^The report would be too big with all evidence: the details of baseline from vm and enforced from vm are left out\./,
  );
  assert.deepEqual(
    { ...fitted, evidence: [], warnings: [], seal: null },
    { ...large, evidence: [], warnings: [], seal: null },
  );
  for (const render of [renderHtml, renderMarkdown, renderJunit]) assert.ok(render(fitted).length > 1000);
  const whole = createReport();
  assert.equal(fitReport(whole), whole);
});

test('what follows from dropped evidence is verified only together with history or key', () => {
  const fitted = sealReport(fitReport(large));
  assert.deepEqual(listAllProblems(fitted), [
    'The verdicts, transitions and findings of baseline from vm and enforced from vm cannot be checked, because their ' +
      'evidence was dropped. --against-temporal or --key shows whether the run reported them so.',
  ]);
  const { checks } = auditReport(fitted, { isTied: true });
  assert.ok(isVerified({ checks }));
  assert.match(
    checks.at(-1)?.holds ?? '',
    /baseline from vm and enforced from vm cannot be checked, .* taken as the run/,
  );
  const [, second, third] = fitted.evidence;
  assert.ok(second && third);
  const moved = sealAnew({ ...fitted, evidence: [second, ...fitted.evidence.slice(1)] });
  assert.match(listAllProblems(moved).join(), /The chain is broken at link 1 \(enforced from vm\)/);
  const lying = fitted.verdicts.map((one) => (one.phase === third.phase ? { ...one, sentence: 'All is well.' } : one));
  assert.match(listAllProblems(sealAnew({ ...fitted, verdicts: lying })).join(), /does not follow from the evidence/);
});

test('a report of 5,000 targets, too big without any evidence, is cut to its end', () => {
  const [verdict] = large.verdicts;
  const many = { ...large, verdicts: Array.from({ length: 20_000 }, () => verdict) } as Report;
  assert.throws(() => fitReport(many), RangeError);
  const cut = fitBareReport({ ...many, evidence: [], targets: [], phases: [] });
  assert.ok(measure(cut) <= maxReportBytes);
  assert.deepEqual([cut.outcome, cut.summary, cut.leftovers], [many.outcome, many.summary, many.leftovers]);
});
