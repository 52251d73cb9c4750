import assert from 'node:assert/strict';
import { test } from 'node:test';
import { handWrittenPages, read } from './pages.ts';

/** Lines that a reader has to scroll sideways for: over 200 characters, in a table over 300. A URL cannot be folded. */
function findLongLines(text: string): readonly number[] {
  return text.split('\n').flatMap((line, index) => {
    const limit = line.startsWith('|') ? 300 : 200;
    return line.replaceAll(/https?:\/\/\S+/g, '').length > limit ? [index + 1] : [];
  });
}

test('no line of a hand-written page is over 200 characters, no row of a table over 300', () => {
  for (const page of handWrittenPages) assert.deepEqual(findLongLines(read(page)), [], page);
});

test('a long line is found, in a table later, and a URL does not count', () => {
  const url = `https://example.com/${'x'.repeat(200)}`;
  const lines = ['x'.repeat(200), 'x'.repeat(201), `|${'x'.repeat(299)}`, `|${'x'.repeat(300)}`, `see ${url}`];
  assert.deepEqual(findLongLines(lines.join('\n')), [2, 4]);
});

test('hand-written pages have one kind of apostrophe', () => {
  for (const page of handWrittenPages) assert.doesNotMatch(read(page), /[‘’]/, page);
});

test('a page of a decision tells what, why and what else, on at most 40 lines, and is listed', () => {
  const list = read('docs/decisions/README.md');
  const decisions = handWrittenPages.filter((path) => /^docs\/decisions\/(?!README)/.test(path));
  assert.ok(decisions.length >= 4);
  for (const page of decisions) {
    const text = read(page);
    assert.ok(text.trimEnd().split('\n').length <= 40, page);
    assert.deepEqual(text.match(/^## .*$/gm), ['## What', '## Why', '## What else was thought of'], page);
    assert.ok(list.includes(`(${page.replace('docs/decisions/', '')})`), page);
  }
});
