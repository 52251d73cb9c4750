import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import type { Report } from '../../src/contract/report.ts';
import { digestReport, sealReport } from '../../src/evidence/report-seal.ts';
import { hashText } from '../../src/evidence/sha256.ts';
import { createReport } from '../audit/sample.ts';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

test('the hash of a text is that of OpenSSL, whatever its length and letters', () => {
  for (const length of [0, 1, 55, 56, 63, 64, 119, 120, 100_000]) {
    const text = 'é'.repeat(length >> 1) + 'x'.repeat(length % 2);
    assert.equal(hashText(text), hash(text), `${length} bytes`);
  }
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => hashText(text) === hash(text)));
});

test('a seal covers the report without its seal as canonical JSON', () => {
  const { seal, ...rest } = createReport();
  assert.deepEqual(seal, { sha256: hash(canonicalize(rest) ?? '') });
  assert.equal(digestReport({ ...rest, seal: { sha256: 'other' } }), seal?.sha256);
});

test('what is sealed is what arrives as JSON: nothing undefined, no number without value, no half character', () => {
  const odd = { ...createReport(), warnings: ['\ud83d'], stage: undefined, extra: Number.NaN } as unknown as Report;
  const sealed = sealReport(odd);
  assert.deepEqual(sealed.warnings, ['\ufffd']);
  const arrived = JSON.parse(JSON.stringify(sealed)) as Report;
  assert.deepEqual(arrived, sealed);
  assert.equal(digestReport(arrived), sealed.seal?.sha256);
});
