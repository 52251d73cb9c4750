import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { createPayloadCodec } from '../../src/codec/payload-codec.ts';
import { type CodecServer, startCodecServer } from '../../src/codec/server.ts';

const ui = 'http://localhost:8233';
const keys = [{ id: 'k1', key: randomBytes(32) }];
let server: CodecServer;
before(async () => {
  server = await startCodecServer({ codec: createPayloadCodec(() => keys), port: 0, origins: [ui] });
});
after(() => server?.close());

interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: { readonly payloads: { metadata: Record<string, string>; data: string }[]; readonly message: string };
}

/** Not fetch: it forbids a Host of one's own. */
function ask(path: string, body: unknown, headers: Record<string, string> = {}, method = 'POST'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${server.url}${path}`,
      { method, headers: { 'content-type': 'application/json', ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: (text === '' ? {} : JSON.parse(text)) as Answer['body'],
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const plain = { payloads: [{ metadata: { encoding: base64('json/plain') }, data: base64('{"cluster":"zebra"}') }] };

test('what /encode gives, /decode turns back, also below the folder of a namespace', async () => {
  const encoded = await ask('/encode', plain);
  assert.equal(encoded.status, 200);
  assert.equal(encoded.body.payloads[0]?.metadata['encoding'], base64('binary/encrypted'));
  assert.doesNotMatch(Buffer.from(encoded.body.payloads[0]?.data ?? '', 'base64').toString(), /zebra/);
  for (const path of ['/decode', '/default/decode']) assert.deepEqual((await ask(path, encoded.body)).body, plain);
});

test('a Web UI of an allowed origin may ask, with the headers that it sends; another page may not even read', async () => {
  const preflight = await ask(
    '/decode',
    '',
    { origin: ui, 'access-control-request-headers': 'content-type,x-namespace' },
    'OPTIONS',
  );
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers['access-control-allow-origin'], ui);
  assert.match(String(preflight.headers['access-control-allow-headers']), /content-type, x-namespace/);
  assert.equal((await ask('/decode', plain, { origin: ui })).headers['access-control-allow-origin'], ui);
  for (const method of ['OPTIONS', 'POST']) {
    const refused = await ask('/decode', method === 'POST' ? plain : '', { origin: 'https://evil.example' }, method);
    assert.equal(refused.status, 403);
    assert.equal(refused.headers['access-control-allow-origin'], undefined);
  }
});

test('a name that only leads to the loopback is not served', async () => {
  assert.equal((await ask('/decode', plain, { host: 'evil.example:8888' })).status, 403);
});

test('what is no codec request is refused with a sentence', async () => {
  const rows: readonly [string, unknown, Record<string, string>, string, number][] = [
    ['/', plain, {}, 'POST', 404],
    ['/decode/', plain, {}, 'POST', 404],
    ['/decode', '', {}, 'GET', 405],
    ['/decode', plain, { 'content-type': 'text/plain' }, 'POST', 415],
    ['/decode', 'not json', {}, 'POST', 400],
    ['/decode', {}, {}, 'POST', 400],
    ['/decode', { payloads: ['x'] }, {}, 'POST', 400],
    ['/decode', 'x'.repeat((8 << 20) + 1), {}, 'POST', 413],
  ];
  for (const [path, body, headers, method, status] of rows) {
    const answer = await ask(path, body, headers, method);
    assert.deepEqual([answer.status, typeof answer.body.message], [status, 'string'], `${method} ${path}`);
  }
});

test('a payload of an unknown key is a 400 that names it', async () => {
  const metadata = { encoding: base64('binary/encrypted'), 'encryption-key-id': base64('k9') };
  const { status, body } = await ask('/decode', { payloads: [{ metadata, data: base64('x'.repeat(40)) }] });
  assert.equal(status, 400);
  assert.match(body.message, /"k9", but the key ring here holds k1/);
});
