import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseFormat, renderReport, reportFormats } from '../../src/cli/report-forms.ts';
import { passed } from '../report/runs.ts';

test('the ending of a report file chooses its form; JSON is the form of every other file', () => {
  const chosen = ['a.html', 'A.HTM', 'junit.xml', 'x/report.md', 'report.json', 'report', 'html', 'a.html.txt'].map(
    chooseFormat,
  );
  assert.deepEqual(chosen, ['html', 'html', 'junit', 'markdown', 'json', 'json', 'json', 'json']);
});

test('every form of the report begins as its kind does', () => {
  const begins = {
    text: /^hepflow run 0a1b2c3d/,
    json: /^\{\n/,
    markdown: /^# hepflow run/,
    html: /^<!doctype html>\n<html lang="en">/,
    junit: /^<\?xml version="1.0"/,
  };
  for (const format of reportFormats) assert.match(renderReport(passed, format), begins[format]);
});
