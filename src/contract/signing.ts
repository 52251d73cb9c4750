/** A signed report: an in-toto statement in a DSSE envelope. */

/** https://github.com/secure-systems-lab/dsse/blob/master/envelope.md; `payload` and `sig` are Base64. */
export interface SignedEnvelope {
  readonly payloadType: string;
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

export const statementPayloadType = 'application/vnd.in-toto+json';

/** Signs for a worker: with a key in its memory, or by asking a service that holds one. */
export interface ReportSigner {
  /** Names the public key: hexadecimal SHA-256 of its SubjectPublicKeyInfo in DER. */
  readonly keyId: string;
  /** Ed25519. */
  sign(message: Uint8Array): Promise<Uint8Array>;
}
