/** Who can write to Temporal has no key, but can put any payload, theirs or a copy, into any place. */
import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { defaultPayloadConverter, type Payload, type SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';
import fc from 'fast-check';
import {
  createPayloadCodec,
  encryptedEncoding,
  keyIdField,
  PayloadKeyError,
  placeField,
} from '../../src/codec/payload-codec.ts';
import { startCodecServer } from '../../src/codec/server.ts';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;
const [k1, k2] = [
  { id: 'k1', key: randomBytes(32) },
  { id: 'k2', key: randomBytes(32) },
];
const accepting = createPayloadCodec(() => [k1, k2]);
const requiring = createPayloadCodec(() => [k1, k2], 'require');
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value) as Payload;
const readValue = (payload: Payload | undefined): unknown => defaultPayloadConverter.fromPayload(payload as Payload);
const workflow = (workflowId: string, namespace = 'prod'): SerializationContext => ({
  type: 'workflow',
  namespace,
  workflowId,
});
const activity = (workflowId: string, namespace = 'prod'): SerializationContext => ({
  ...{ type: 'activity', namespace, workflowId, activityId: '7', isLocal: false },
});
const encode = async (value: unknown, context?: SerializationContext): Promise<Payload> => {
  const [payload] = await requiring.encode([payloadOf(value)], context);
  assert.ok(payload);
  return payload;
};

/** As it was written before payloads told their place. */
function encodeOld(value: unknown): Payload {
  const nonce = randomBytes(12);
  const encryption = createCipheriv('aes-256-gcm', k1.key, nonce);
  const text = encryption.update(PayloadMessage.encode(payloadOf(value)).finish());
  const data = Buffer.concat([nonce, text, encryption.final(), encryption.getAuthTag()]);
  return { metadata: { encoding: Buffer.from(encryptedEncoding), [keyIdField]: Buffer.from('k1') }, data };
}

const ids = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' });

test('A payload is read in its own workflow, by its activities too, and in no other one, and in no other namespace.', async () => {
  await fc.assert(
    fc.asyncProperty(ids, ids, ids, fc.jsonValue(), async (namespace, id, other, value) => {
      fc.pre(id !== other);
      for (const [write, read] of [
        [workflow, activity],
        [activity, workflow],
      ] as const) {
        const payload = await encode(value, write(id, namespace));
        for (const codec of [accepting, requiring]) {
          const [read1] = await codec.decode([payload], read(id, namespace));
          assert.deepEqual(readValue(read1), JSON.parse(JSON.stringify(value)));
          await assert.rejects(codec.decode([payload], read(other, namespace)), /was put into another workflow/);
          await assert.rejects(codec.decode([payload], read(id, `${namespace}x`)), PayloadKeyError);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('A payload whose data, key id or place was changed, or that lost its place, is not read.', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), fc.nat(), fc.integer({ min: 1, max: 255 }), async (value, at, bits) => {
      const payload = await encode(value, workflow('a'));
      const data = Buffer.from(payload.data ?? []);
      data[at % data.length] = (data[at % data.length] ?? 0) ^ bits;
      const { [placeField]: place, ...placeless } = payload.metadata ?? {};
      assert.ok(place);
      const claims = ['["prod","b"]', '["prod"]', '[]', '', 'null'].map((text) => ({
        [placeField]: Buffer.from(text),
      }));
      const forged: Payload[] = [
        { ...payload, data },
        { ...payload, metadata: placeless },
        { ...payload, metadata: { ...payload.metadata, [keyIdField]: Buffer.from('k2') } },
        ...claims.map((claim) => ({ ...payload, metadata: { ...payload.metadata, ...claim } })),
      ];
      for (const codec of [accepting, requiring])
        for (const one of forged)
          for (const context of [workflow('a'), workflow('b'), undefined])
            await assert.rejects(codec.decode([one], context), PayloadKeyError);
    }),
    { numRuns: 40 },
  );
});

test('What has no place, or only a namespace, is read by every workflow there: the codec server knows no more.', async () => {
  for (const context of [undefined, { type: 'activity', namespace: 'prod', isLocal: false } as const]) {
    const payload = await encode('input', context);
    assert.deepEqual((await requiring.decode([payload], workflow('any'))).map(readValue), ['input']);
  }
  const elsewhere = await encode('input', { type: 'activity', namespace: 'test', isLocal: false });
  await assert.rejects(requiring.decode([elsewhere], workflow('any')), PayloadKeyError);
});

test('A run that a schedule starts reads what was written for the schedule, and nothing else with such an id does.', async () => {
  const payload = await encode('input', workflow('nightly'));
  const [read] = await requiring.decode([payload], workflow('nightly-2026-11-25T03:00:00Z'));
  assert.equal(readValue(read), 'input');
  for (const id of [
    'nightly-2',
    'nightly-2026-11-25T03:00:00Z-x',
    '2026-11-25T03:00:00Z',
    'other-2026-11-25T03:00:00Z',
  ])
    await assert.rejects(requiring.decode([payload], workflow(id)), PayloadKeyError, id);
});

test('The old form and plaintext are read until the mode is require.', async () => {
  const old = encodeOld('before');
  const plain = payloadOf('plain');
  assert.deepEqual((await accepting.decode([old, plain], workflow('a'))).map(readValue), ['before', 'plain']);
  await assert.rejects(requiring.decode([old], workflow('a')), /old form.*HEPFLOW_PAYLOAD_MODE is require/);
  await assert.rejects(requiring.decode([plain], workflow('a')), /not encrypted.*HEPFLOW_PAYLOAD_MODE is require/);
  await assert.rejects(requiring.decode([{}], workflow('a')), PayloadKeyError);
  const withPlace = { ...plain, metadata: { ...plain.metadata, [placeField]: Buffer.from('["prod","a"]') } };
  await assert.rejects(requiring.decode([withPlace], workflow('a')), /not encrypted/);
});

test('The codec server shows payloads of every workflow, and binds what it encrypts to the namespace that is asked for.', async (t) => {
  const server = await startCodecServer({ codec: accepting, port: 0, origins: [] });
  t.after(() => server.close());
  const ask = async (path: string, payloads: readonly unknown[], headers: Record<string, string> = {}) => {
    const body = JSON.stringify({ payloads });
    const answer = await fetch(`${server.url}${path}`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body },
    });
    return (await answer.json()) as { payloads: { metadata: Record<string, string>; data: string }[] };
  };
  const wire = ({ metadata, data }: Payload): object => ({
    metadata: Object.fromEntries(
      Object.entries(metadata ?? {}).map(([key, bytes]) => [key, Buffer.from(bytes).toString('base64')]),
    ),
    data: Buffer.from(data ?? []).toString('base64'),
  });
  const shown = await ask('/decode', [wire(await encode('hello', workflow('a'))), wire(encodeOld('hello'))]);
  for (const { data } of shown.payloads) assert.equal(Buffer.from(data, 'base64').toString(), '"hello"');
  const { payloads } = await ask('/encode', [wire(payloadOf('x'))], { 'x-namespace': 'prod' });
  assert.equal(Buffer.from(payloads[0]?.metadata[placeField] ?? '', 'base64').toString(), '["prod"]');
});
