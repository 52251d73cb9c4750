import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto'; // CommonJS, whose names Node cannot see
import type { PayloadKey } from '../config/payload-keys.ts';

/**
 * Value of the metadata field `encoding` of an encrypted payload, and the field that names its key: as in Temporal's
 * own samples.
 */
export const encryptedEncoding = 'binary/encrypted';
export const keyIdField = 'encryption-key-id';

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/** Why a payload cannot be read. Names key ids, never keys or contents. */
export class PayloadKeyError extends Error {}

/**
 * Encrypts what Temporal stores: AES-256-GCM over the whole payload, metadata included; data is nonce (12 bytes),
 * ciphertext, tag (16 bytes).
 * What is not encrypted is read as it is, so runs from before a key was introduced stay readable. Without keys nothing
 * is encrypted, and an
 * encrypted payload is refused with the id of the key that it needs. Nonces are random: a key is good for 2^32 payloads
 * (NIST SP 800-38D 8.3).
 */
export function createPayloadCodec(keys: () => readonly PayloadKey[] = () => []): PayloadCodec {
  return {
    async encode(payloads) {
      const [first] = keys();
      return first === undefined ? payloads : payloads.map((payload) => seal(payload, first));
    },
    async decode(payloads) {
      return payloads.map((payload) =>
        textOf(payload, 'encoding') === encryptedEncoding ? open(payload, keys()) : payload,
      );
    },
  };
}

function seal(payload: Payload, { id, key }: PayloadKey): Payload {
  const nonce = randomBytes(nonceBytes);
  const encryption = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes });
  const data = Buffer.concat([
    nonce,
    encryption.update(PayloadMessage.encode(payload).finish()),
    encryption.final(),
    encryption.getAuthTag(),
  ]);
  return { metadata: { encoding: Buffer.from(encryptedEncoding), [keyIdField]: Buffer.from(id) }, data };
}

function open(payload: Payload, keys: readonly PayloadKey[]): Payload {
  const id = textOf(payload, keyIdField);
  const found = keys.find((each) => each.id === id);
  if (found === undefined) {
    const known =
      keys.length === 0
        ? 'there is no key ring here'
        : `the key ring here holds ${keys.map((each) => each.id).join(', ')}`;
    throw new PayloadKeyError(
      `This is encrypted with the key ${JSON.stringify(id)}, but ${known}. Add that key to the file that ` +
        'HEPFLOW_PAYLOAD_KEY names.',
    );
  }
  const data = Buffer.from(payload.data ?? []);
  try {
    const decryption = createDecipheriv(cipher, found.key, data.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decryption.setAuthTag(data.subarray(-tagBytes));
    return PayloadMessage.decode(
      Buffer.concat([decryption.update(data.subarray(nonceBytes, -tagBytes)), decryption.final()]),
    );
  } catch {
    throw new PayloadKeyError(
      `A payload does not decrypt with the key ${id}: it was changed after it was written, or ${id} is another ` +
        `key than the writer's.`,
    );
  }
}

const textOf = ({ metadata }: Payload, field: string): string => Buffer.from(metadata?.[field] ?? []).toString('utf8');
