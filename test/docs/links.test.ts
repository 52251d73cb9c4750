import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/static-checks.ts';
import { anchorsOf, findBrokenLinks } from './links.ts';
import { allPages } from './pages.ts';

test('every relative link and anchor of the pages leads somewhere', () => {
  assert.ok(allPages.length > 20, allPages.join(', '));
  assert.deepEqual(
    allPages.flatMap((page) => findBrokenLinks(root, page)),
    [],
  );
});

test('a link to a file or a heading that is not there is found, in code it is none', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-links-'));
  context.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'other.md'), '# One `word`, two\n');
  const good = '[a](other.md) [b](other.md#one-word-two) [c](#here) [d](https://example.com/none) ![e](other.md)';
  const code = '`[f](none.md)`\n\n```\n[g](none.md)\n# no heading\n```\n';
  writeFileSync(
    join(folder, 'page.md'),
    `# Here\n\n${good}\n${code}\n[h](none.md) [i](other.md#x) [j](#no-heading) [k](/other.md)`,
  );
  assert.deepEqual(findBrokenLinks(folder, 'page.md'), [
    'page.md: none.md does not exist.',
    'page.md: other.md#x has no such heading.',
    'page.md: #no-heading has no such heading.',
    'page.md: /other.md is not relative.',
  ]);
});

test('anchors are those that GitHub makes', () => {
  const text = "# Web UI and `temporal`\n## The judge's rules\n## [Linked](x.md) heading\n## Same\n## Same\n";
  assert.deepEqual(
    [...anchorsOf(text)],
    ['web-ui-and-temporal', 'the-judges-rules', 'linked-heading', 'same', 'same-1'],
  );
});
