import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto'; // CommonJS, whose names Node cannot see
import type { PayloadKey, PayloadMode } from '../config/payload-keys.ts';
import { isHere, type PayloadPlace, placeOf, readPlace } from './payload-place.ts';

/**
 * Value of the metadata field `encoding` of an encrypted payload, and the field that names its key: as in Temporal's
 * own samples.
 */
export const encryptedEncoding = 'binary/encrypted';
export const keyIdField = 'encryption-key-id';
/**
 * The place that the payload belongs to: it is authenticated with the payload, as is the key's id. Absent in the old
 * form.
 */
export const placeField = 'encryption-place';

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

/** Why a payload cannot be read. Names key ids, never keys or contents. */
export class PayloadKeyError extends Error {}

/**
 * Encrypts what Temporal stores: AES-256-GCM over the whole payload, metadata included; data is nonce (12 bytes),
 * ciphertext, tag (16 bytes). What belongs to one workflow is not read in another.
 * What is not encrypted is read as it is, so runs from before a key was introduced stay readable; not in the mode
 * `require`. Without keys nothing is encrypted, and an encrypted payload is refused with the id of the key that it
 * needs. Nonces are random: a key is good for 2^32 payloads (NIST SP 800-38D 8.3).
 */
export function createPayloadCodec(
  keys: () => readonly PayloadKey[] = () => [],
  mode: PayloadMode = 'accept',
): PayloadCodec {
  return {
    async encode(payloads, context) {
      const [first] = keys();
      return first === undefined ? payloads : payloads.map((payload) => seal(payload, first, placeOf(context)));
    },
    async decode(payloads, context) {
      return payloads.map((payload) => {
        const isEncrypted = textOf(payload, 'encoding') === encryptedEncoding;
        if (mode === 'require') refuseUnproved(payload, isEncrypted);
        return isEncrypted ? open(payload, keys(), context) : payload;
      });
    },
  };
}

function refuseUnproved({ metadata }: Payload, isEncrypted: boolean): void {
  if (isEncrypted && metadata?.[placeField] !== undefined) return;
  const what = isEncrypted ? 'is encrypted in the old form, which tells no place' : 'is not encrypted';
  throw new PayloadKeyError(`A payload ${what}, and HEPFLOW_PAYLOAD_MODE is require.`);
}

function seal(payload: Payload, { id, key }: PayloadKey, place: PayloadPlace): Payload {
  const nonce = randomBytes(nonceBytes);
  const encryption = createCipheriv(cipher, key, nonce, { authTagLength: tagBytes });
  const written = JSON.stringify(place);
  encryption.setAAD(bind(id, written));
  const data = Buffer.concat([
    nonce,
    encryption.update(PayloadMessage.encode(payload).finish()),
    encryption.final(),
    encryption.getAuthTag(),
  ]);
  const fields = { encoding: encryptedEncoding, [keyIdField]: id, [placeField]: written };
  return {
    metadata: Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, Buffer.from(text)])),
    data,
  };
}

/** What is authenticated beside the payload. */
const bind = (keyId: string, place: string): Buffer => Buffer.from(JSON.stringify(['hepflow', 2, keyId, place]));

function open(payload: Payload, keys: readonly PayloadKey[], context: SerializationContext | undefined): Payload {
  const id = textOf(payload, keyIdField);
  const opened = decrypt(payload, findKey(id, keys));
  if (payload.metadata?.[placeField] === undefined) return opened;
  // Only now is the place proved to be its writer's.
  const place = textOf(payload, placeField);
  if (isHere(readPlace(place), context)) return opened;
  throw new PayloadKeyError(`A payload of ${place} was put into another workflow or namespace; it is not read.`);
}

function findKey(id: string, keys: readonly PayloadKey[]): PayloadKey {
  const found = keys.find((each) => each.id === id);
  if (found !== undefined) return found;
  const known =
    keys.length === 0
      ? 'there is no key ring here'
      : `the key ring here holds ${keys.map((each) => each.id).join(', ')}`;
  throw new PayloadKeyError(
    `This is encrypted with the key ${JSON.stringify(id)}, but ${known}. Add that key to the file that ` +
      'HEPFLOW_PAYLOAD_KEY names.',
  );
}

function decrypt(payload: Payload, { id, key }: PayloadKey): Payload {
  const data = Buffer.from(payload.data ?? []);
  try {
    const decryption = createDecipheriv(cipher, key, data.subarray(0, nonceBytes), { authTagLength: tagBytes });
    if (payload.metadata?.[placeField] !== undefined) decryption.setAAD(bind(id, textOf(payload, placeField)));
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
