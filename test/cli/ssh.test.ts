import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareSsh, readLogin } from '../../src/cli/commands/ssh.ts';

const helper = join(import.meta.dirname, '../../src/cli/connect-through-proxy.ts');

test('ssh trusts the pinned host key only, with a key file that only its owner can read, and no argument holds a secret (W7)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-ssh-test-'));
  try {
    const args = prepareSsh(
      { address: '203.0.113.10', adminUser: 'azureuser', runId: '0a1b2c3d', firstExecutionRunId: 'first' },
      Buffer.alloc(32, 7),
      folder,
      'http://user:hush@127.0.0.1:9',
    );
    assert.equal(statSync(join(folder, 'key')).mode & 0o777, 0o600);
    assert.match(
      readFileSync(join(folder, 'known_hosts'), 'utf8'),
      /^203\.0\.113\.10 ssh-ed25519 \S+ hepflow-0a1b2c3d-host\n$/,
    );
    assert.deepEqual(args.slice(-2), ['--', 'azureuser@203.0.113.10']);
    assert.ok(args.includes('StrictHostKeyChecking=yes'));
    assert.doesNotMatch(args.join(' '), /hush|PRIVATE/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a login that no run could have made is not taken from history: options, names and commands in its fields', () => {
  const login = (change: object, runId = '0a1b2c3d') =>
    readLogin({ run: { runId, firstExecutionRunId: 'first' }, input: { change } });
  const good = { address: '203.0.113.10', adminUser: 'azureuser' };
  assert.deepEqual(login(good), { ...good, runId: '0a1b2c3d', firstExecutionRunId: 'first' });
  for (const adminUser of ['-oProxyCommand=touch x; #', 'root', 'a b', 'a@b', ''])
    assert.equal(login({ ...good, adminUser }), undefined, adminUser);
  for (const address of [
    '-oProxyCommand=x',
    'example.org',
    '203.0.113.10\nevil ssh-ed25519 AAAA',
    '203.0.113.10 -v',
    '::1',
  ])
    assert.equal(login({ ...good, address }), undefined, address);
  assert.equal(login(good, '../x'), undefined);
});

/** Runs the helper to its end, with something on stdin. */
function through(
  proxyUrl: string,
  host: string,
  port: number,
): Promise<{ stdout: string; stderr: string; failed: boolean }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [helper, host, String(port)],
      { env: { HEPFLOW_SSH_PROXY: proxyUrl }, timeout: 20_000 },
      (error, stdout, stderr) => resolve({ stdout, stderr, failed: error !== null }),
    );
    child.stdin?.write('hello');
  });
}

test('the helper of ssh speaks CONNECT with credentials, and passes what the server says first', async () => {
  const target = createTcpServer((socket) => {
    socket.write('SSH-2.0-x\n');
    socket.once('data', (data) => socket.end(`got ${data}`));
  });
  const proxy = createServer();
  let authorization: string | undefined;
  proxy.on('connect', (request, client, head) => {
    authorization = request.headers['proxy-authorization'];
    const [host, port] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      if (head.length > 0) upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
  });
  try {
    for (const server of [target, proxy]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { stdout, failed } = await through(
      `http://me:s%40fe@127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      '127.0.0.1',
      (target.address() as AddressInfo).port,
    );
    assert.deepEqual([stdout, failed], ['SSH-2.0-x\ngot hello', false]);
    assert.equal(authorization, `Basic ${Buffer.from('me:s@fe').toString('base64')}`);
  } finally {
    target.close();
    proxy.close();
    proxy.closeAllConnections();
  }
});

test('a proxy that refuses is told with its answer', async () => {
  const proxy = createServer();
  proxy.on('connect', (_, client) => client.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    const { stderr, failed } = await through(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, 'host', 22);
    assert.equal(failed, true);
    assert.match(stderr, /cannot connect to host:22: HTTP 403/);
  } finally {
    proxy.close();
  }
});
