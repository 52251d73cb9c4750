/**
 * Signatures of marks (W14): a copied or made-up mark is no ownership. All workers that share a secret sign alike; the
 * key stays in their memory (W7).
 */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

export type SignedValue = string | number | boolean | null | readonly SignedValue[];

export interface Signer {
  /** 43 characters, base64url. */
  sign(values: readonly SignedValue[]): string;
  isSigned(values: readonly SignedValue[], signature: string): boolean;
}

export function createSigner(secret: Uint8Array): Signer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'hepflow mark signature v1', 32));
  // JSON keeps apart where one value ends and the next begins.
  const sign = (values: readonly SignedValue[]): string =>
    createHmac('sha256', key).update(JSON.stringify(values)).digest('base64url');
  return {
    sign,
    isSigned: (values, signature) => {
      const [ours, theirs] = [Buffer.from(sign(values)), Buffer.from(signature)];
      return ours.length === theirs.length && timingSafeEqual(ours, theirs);
    },
  };
}
