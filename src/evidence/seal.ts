import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Evidence } from '../contract/evidence.ts';

/** Evidence as it is before its seal. */
export type Unsealed = Omit<Evidence, 'seal'>;

/** The evidence with its seal. `previous`: the last evidence's `sha256`; for the first one the run id. */
export const sealEvidence = (evidence: Unsealed, previous: string): Evidence => ({
  ...evidence,
  seal: { previous, sha256: digestEvidence(evidence, previous) },
});

/**
 * Hexadecimal SHA-256 of `{"evidence": ..., "previous": ...}` as canonical JSON (RFC 8785) in UTF-8. A seal that the
 * evidence carries is left out.
 */
export function digestEvidence(evidence: Unsealed | Evidence, previous: string): string {
  const { seal: _, ...unsealed } = evidence as Evidence;
  return createHash('sha256')
    .update(canonicalize({ evidence: unsealed, previous }) ?? '')
    .digest('hex');
}
