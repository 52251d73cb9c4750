import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { errorsPage } from '../../scripts/docs.ts';
import { failures } from '../../src/contract/failures.ts';

test('docs/errors.md is what the catalogue says', () => {
  assert.equal(
    readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8'),
    errorsPage(),
    'run: npm run docs',
  );
});

test('every failure says when it comes and what to do, in a sentence each', () => {
  for (const [code, { when, remedy }] of Object.entries(failures)) {
    assert.match(when, /^[A-Z].*\.$/s, code);
    assert.ok(remedy.length > 10, code);
  }
});
