import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { doctorPage } from '../../scripts/doctor-page.ts';

test('docs/doctor.md is what the table of topics says', () => {
  assert.equal(
    readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8'),
    doctorPage(),
    'run: npm run docs',
  );
});
