import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import tls from 'node:tls';
import { createAuthority } from '../../lab/certificates.ts';

test('a TLS server and client with certificates of the authority accept one another, by name and by address', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'hepflow-ca-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const authority = await createAuthority(directory);
  const server = await authority.issue('localhost', { dns: ['localhost'], ips: ['127.0.0.1'] });
  const client = await authority.issue('system:node:n1', { organizations: ['system:nodes'] });

  const listener = tls.createServer({
    cert: server.certPem,
    key: server.keyPem,
    ca: authority.caPem,
    requestCert: true,
    rejectUnauthorized: true,
  });
  t.after(() => listener.close());
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  for (const servername of ['localhost', undefined]) {
    const accepted = once(listener, 'secureConnection');
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      ca: authority.caPem,
      cert: client.certPem,
      key: client.keyPem,
      ...(servername && { servername }),
    });
    await once(socket, 'secureConnect');
    const [peer] = (await accepted) as [tls.TLSSocket];
    assert.equal(peer.authorized, true);
    assert.equal(peer.getPeerCertificate().subject.CN, 'system:node:n1');
    socket.destroy();
    peer.destroy();
  }
});

test('issued files can be read by their owner only, and groups are in the subject', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'hepflow-ca-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const authority = await createAuthority(directory);
  const issued = await authority.issue('admin', { organizations: ['system:masters'] });
  for (const file of [authority.caFile, issued.certFile, issued.keyFile])
    assert.equal(statSync(file).mode & 0o777, 0o600, file);
  const certificate = new X509Certificate(issued.certPem);
  assert.match(certificate.subject, /O=system:masters/);
  assert.equal(certificate.verify(new X509Certificate(authority.caPem).publicKey), true);
});
