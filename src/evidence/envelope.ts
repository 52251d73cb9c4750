/** DSSE envelopes (https://github.com/secure-systems-lab/dsse) with Ed25519 signatures. */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type ReportSigner, type SignedEnvelope, statementPayloadType } from '../contract/signing.ts';
import type { Statement } from './statement.ts';

/** A signer with its key in memory. */
export const createKeySigner = (privateKey: KeyObject): ReportSigner => ({
  keyId: identifyKey(createPublicKey(privateKey)),
  sign: async (message) => sign(null, message, privateKey),
});

/** Hexadecimal SHA-256 of the SubjectPublicKeyInfo in DER. */
export const identifyKey = (publicKey: KeyObject): string =>
  createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');

export async function signStatement(statement: Statement, signer: ReportSigner): Promise<SignedEnvelope> {
  const payload = Buffer.from(JSON.stringify(statement));
  const signature = await signer.sign(encodeSigned(statementPayloadType, payload));
  return {
    payloadType: statementPayloadType,
    payload: payload.toString('base64'),
    signatures: [{ keyid: signer.keyId, sig: Buffer.from(signature).toString('base64') }],
  };
}

/** Whether one of the signatures is of this key. Its `keyid` is a hint that nobody vouches for. */
export function isSignedBy({ payloadType, payload, signatures }: SignedEnvelope, publicKey: KeyObject): boolean {
  const message = encodeSigned(payloadType, Buffer.from(payload, 'base64'));
  return signatures.some(({ sig }) => verify(null, message, publicKey, Buffer.from(sig, 'base64')));
}

/** The bytes that are signed: DSSE's pre-authentication encoding. */
export const encodeSigned = (payloadType: string, payload: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.byteLength} `),
    payload,
  ]);
