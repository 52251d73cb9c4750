import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Evidence } from '../../src/contract/evidence.ts';
import { digestEvidence, sealEvidence } from '../../src/evidence/seal.ts';
import { createReport } from '../audit/sample.ts';

const [first] = createReport().evidence as unknown as readonly [Evidence];
const { seal: _, ...unsealed } = first;

/** Canonical JSON of values without unusual numbers or keys, written down a second time. */
function writeCanonically(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeCanonically).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${writeCanonically(inner)}`).join()}}`;
}

test('a seal is the SHA-256 of evidence and previous seal as canonical JSON', () => {
  const text = writeCanonically({ evidence: unsealed, previous: 'the one before' });
  const sha256 = createHash('sha256').update(text).digest('hex');
  assert.deepEqual(sealEvidence(unsealed, 'the one before'), {
    ...unsealed,
    seal: { previous: 'the one before', sha256 },
  });
});

test('a digest does not depend on the order of keys, nor on a seal that the evidence carries', () => {
  const turned = Object.fromEntries(Object.entries(first).reverse()) as unknown as Evidence;
  assert.equal(digestEvidence(turned, 'x'), digestEvidence(unsealed, 'x'));
});

test('a digest covers every field, and what came before', () => {
  for (const key of Object.keys(unsealed)) {
    const { [key]: _, ...rest } = unsealed as unknown as Record<string, unknown>;
    assert.notEqual(digestEvidence(rest as unknown as Evidence, 'x'), digestEvidence(unsealed, 'x'), key);
  }
  assert.notEqual(digestEvidence(unsealed, 'y'), digestEvidence(unsealed, 'x'));
});
