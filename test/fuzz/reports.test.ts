import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { auditReport, isVerified } from '../../src/audit/report.ts';
import { readObjectMarks, readTags } from '../../src/ownership/marks.ts';
import { createReport } from '../audit/sample.ts';
import { damaged, everyCase, json, nasty } from './cases.ts';

const whole = createReport();

/** What a person can read, whatever the file held. */
const mostCharacters = 50_000;

function refusedOrVerified(given: unknown): void {
  const audit = auditReport(given);
  assert.ok(audit.checks.length > 0);
  const problems = audit.checks.flatMap((check) => check.problems);
  assert.ok(problems.every((problem) => problem !== ''));
  assert.ok(problems.join('\n').length <= mostCharacters, `${problems.join('\n').length} characters`);
  if (isVerified(audit)) assert.notEqual(audit.report, null);
}

test('any JSON is a report or is refused in readable words', (t) =>
  everyCase(t, 1000, json, (given) => {
    refusedOrVerified(given);
    assert.ok(!isVerified(auditReport(given)));
  }));

test('a sound report with damaged parts is verified or refused in readable words', (t) =>
  everyCase(t, 500, damaged(whole), refusedOrVerified));

test('a sound report with parts of the same type and any size is verified or refused in readable words', (t) =>
  everyCase(t, 500, damaged(whole, fc.oneof(nasty, fc.integer(), fc.array(nasty))), refusedOrVerified));

test('any tags, labels and annotations are the marks of a run or of nobody', (t) => {
  const keys = fc.oneof(
    nasty,
    fc.constantFrom('hepflow-run', 'hepflow-owner', 'hepflow.io/run', 'hepflow.io/owner', 'hepflow.io/expires-at'),
  );
  const texts = fc
    .array(fc.tuple(keys, fc.oneof(nasty, fc.constantFrom('0badcafe', '2026-01-01T00:00:00Z'))), { maxLength: 6 })
    .map((entries) => Object.fromEntries(entries));
  return everyCase(t, 1000, fc.tuple(texts, texts), ([labels, annotations]) => {
    for (const marks of [readTags(labels), readObjectMarks({ labels, annotations })]) {
      if (marks === undefined) continue;
      assert.match(marks.runId, /^[0-9a-f]+$/);
      for (const at of [marks.createdAt, marks.expiresAt]) assert.ok(at === null || !Number.isNaN(Date.parse(at)));
    }
  });
});
