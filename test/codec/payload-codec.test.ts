import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import {
  createPayloadCodec,
  encryptedEncoding,
  keyIdField,
  PayloadKeyError,
  placeField,
} from '../../src/codec/payload-codec.ts';
import type { PayloadKey } from '../../src/config/payload-keys.ts';

const [old, fresh]: [PayloadKey, PayloadKey] = [
  { id: 'k1', key: randomBytes(32) },
  { id: 'k2', key: randomBytes(32) },
];
const codecWith = (...keys: PayloadKey[]) => createPayloadCodec(() => keys);
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value) as Payload;
const decodedOf = (payload: Payload | undefined): unknown => defaultPayloadConverter.fromPayload(payload as Payload);
const textOf = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();

async function sealed(value: unknown, ...keys: PayloadKey[]): Promise<Payload> {
  const [payload] = await codecWith(...keys).encode([payloadOf(value)]);
  assert.ok(payload);
  return payload;
}

test('what was encoded comes back with its type, and shows nothing of itself in between', async () => {
  const values = [{ cluster: 'zebra', nodes: ['a', 'b'] }, 'zebra', null, undefined, new Uint8Array([1, 2, 3])];
  const codec = codecWith(old);
  const encoded = await codec.encode(values.map(payloadOf));
  for (const { metadata, data } of encoded) {
    assert.deepEqual(Object.keys(metadata ?? {}), ['encoding', keyIdField, placeField]);
    assert.deepEqual([textOf(metadata?.['encoding']), textOf(metadata?.[keyIdField])], [encryptedEncoding, 'k1']);
    assert.doesNotMatch(textOf(data), /zebra|json/);
  }
  assert.deepEqual((await codec.decode(encoded)).map(decodedOf), values);
});

test('the same value never looks the same twice', async () => {
  const [one, two] = [await sealed('zebra', old), await sealed('zebra', old)];
  assert.notDeepEqual(one.data, two.data);
});

test('rotation: a new first key encrypts, and what the old one encrypted is still read', async () => {
  const before = await sealed('before', old);
  const rotated = codecWith(fresh, old);
  const after = await sealed('after', fresh, old);
  assert.equal(textOf(after.metadata?.[keyIdField]), 'k2');
  assert.deepEqual((await rotated.decode([before, after])).map(decodedOf), ['before', 'after']);
});

test('a key that the ring lacks is named, with the ids that it has and what to do', async () => {
  const payload = await sealed('zebra', fresh);
  await assert.rejects(codecWith(old).decode([payload]), (error) => {
    assert.ok(error instanceof PayloadKeyError);
    assert.match(
      error.message,
      /with the key "k2", but the key ring here holds k1\. Add that key to the file that HEPFLOW_PAYLOAD_KEY names/,
    );
    return true;
  });
  await assert.rejects(createPayloadCodec().decode([payload]), /"k2", but there is no key ring here/);
});

test('a changed byte anywhere, a shortened text and another key of the same id are refused, not read', async () => {
  const payload = await sealed({ cluster: 'zebra' }, old);
  const data = Buffer.from(payload.data ?? []);
  const flipped = [0, 11, 12, 20, data.length - 17, data.length - 16, data.length - 1].map((at) => {
    const copy = Buffer.from(data);
    copy[at] = (copy[at] ?? 0) ^ 1;
    return copy;
  });
  for (const changed of [...flipped, data.subarray(0, -1), data.subarray(0, 20), data.subarray(0, 5), Buffer.alloc(0)])
    await assert.rejects(codecWith(old).decode([{ ...payload, data: changed }]), PayloadKeyError);
  await assert.rejects(codecWith({ id: 'k1', key: fresh.key }).decode([payload]), /does not decrypt with the key k1/);
  assert.deepEqual(decodedOf((await codecWith(old).decode([payload]))[0]), { cluster: 'zebra' });
});

test('without keys nothing is changed on the way in, and what was never encrypted is read with keys and without', async () => {
  const plain = payloadOf({ cluster: 'zebra' });
  assert.deepEqual(await createPayloadCodec().encode([plain]), [plain]);
  for (const codec of [createPayloadCodec(), codecWith(old)]) assert.deepEqual(await codec.decode([plain]), [plain]);
});
