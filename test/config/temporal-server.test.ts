import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { createAuthority } from '../../lab/certificates.ts';
import { explainUnreachable } from '../../src/config/temporal-server.ts';

async function listen(t: TestContext, server: Server): Promise<string> {
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

const hangUp = (): Server => createServer((socket) => socket.on('error', () => {}).on('data', () => socket.destroy()));

test('nobody there: address, TLS off, why, and what to set', async () => {
  assert.equal(
    await explainUnreachable({ address: '127.0.0.1:1' }, 'Failed to connect before the deadline'),
    'Temporal cannot be reached at 127.0.0.1:1 (TLS off): connect ECONNREFUSED 127.0.0.1:1.\n' +
      'Set TEMPORAL_ADDRESS (or a profile, TEMPORAL_PROFILE), or start the lab: hepflow lab up',
  );
});

test('an address without a port, or a URL, is told as that', async () => {
  for (const address of ['temporal', 'https://temporal:7233', 'temporal:http'])
    assert.match(await explainUnreachable({ address }, 'x'), /is not of the form host:port\.\nSet TEMPORAL_ADDRESS/);
});

test('an API key turns TLS on: a server without TLS is told as that, and how to turn it off', async (t) => {
  const address = await listen(t, hangUp());
  for (const server of [
    { address, apiKey: 'key' },
    { address, tls: {} },
    { address, tls: true },
  ]) {
    const told = await explainUnreachable(server, 'tonic::transport::Error(Transport, ConnectError(...))');
    assert.match(told, /\(TLS on\): it does not speak TLS \(.+\)\.\n.*TEMPORAL_API_KEY; set TEMPORAL_TLS=false/);
    assert.doesNotMatch(told, /tonic|openssl/);
  }
});

test("OpenSSL's words for a server that answers without TLS are cut to the reason", async (t) => {
  const address = await listen(
    t,
    createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 no\r\n\r\n')),
  );
  assert.match(
    await explainUnreachable({ address, apiKey: 'key' }, 'x'),
    /\(TLS on\): it does not speak TLS \((wrong version number|packet length too long)\)\.\n/,
  );
});

test('a server with TLS is told as that when TLS is off, and keeps the reason when it is on', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { certPem: cert, keyPem: key } = await (await createAuthority(folder)).issue('127.0.0.1');
  const address = await listen(t, createTlsServer({ cert, key }));
  assert.match(await explainUnreachable({ address }, 'x'), /\(TLS off\): it speaks TLS\.\nSet TEMPORAL_TLS=true/);
  assert.match(
    await explainUnreachable({ address, tls: {} }, 'unknown certificate authority'),
    /\(TLS on\): unknown certificate authority\nCheck the certificates/,
  );
});
