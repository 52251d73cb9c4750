import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allPages, codeBlocksIn, read, unfold } from './pages.ts';

const readme = read('README.md');
const [, verdicts = '', , run = ''] = codeBlocksIn(readme);

test('the README can be read in two minutes: at most 90 lines and 700 words', () => {
  assert.ok(readme.trimEnd().split('\n').length <= 90);
  assert.ok(readme.trim().split(/\s+/).length <= 700);
});

test('the verdicts of the README are sentences of the judge', () => {
  const lines = verdicts.split(/\n(?=\S)/).map((line) => unfold(line).trim());
  const rows = read('docs/verdicts.md').split('\n');
  assert.deepEqual(
    lines.map((line) => line.slice(0, line.indexOf(' '))),
    ['PASS', 'FAIL', 'INCONCLUSIVE'],
  );
  for (const line of lines) {
    const [, verdict = '', sentence = ''] = /^(\w+) (.*)$/.exec(line) ?? [];
    const isExample = rows.some((row) => row.includes(`| ${verdict} | `) && row.endsWith(`| ${sentence} |`));
    assert.ok(isExample, `${line}\ntake another example of docs/verdicts.md`);
  }
});

test('the run in the README is five lines of the transcript', () => {
  const lines = run.trimEnd().split('\n');
  assert.equal(lines.length, 5);
  const transcript = read('docs/transcript.md').split('\n');
  for (const line of lines) assert.ok(transcript.includes(line), line);
});

test('every page of the documentation is in the table of the README', () => {
  const rows = readme.split('\n').filter((line) => line.startsWith('| ['));
  const topics = allPages.filter(
    (path) => /^docs\/[^/]+\.md$|^[^/]+\.md$|README\.md$/.test(path) && path !== 'README.md',
  );
  for (const page of topics)
    assert.ok(
      rows.some((row) => row.includes(`](${page}) |`)),
      page,
    );
});
