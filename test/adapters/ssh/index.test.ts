import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createProxy } from 'proxy';
import {
  createSsh,
  type RunOptions,
  SshError,
  type SshErrorKind,
  type SshTarget,
  type Stdin,
} from '../../../src/adapters/ssh/index.ts';
import { classifySshError } from '../../../src/step/failures/ssh.ts';
import { deriveKeysOf } from '../../support/keys.ts';
import { type Sshd, startSshd } from './sshd.ts';

const keys = deriveKeysOf(Buffer.alloc(32, 1), '0a1b2c3d');
const strangers = deriveKeysOf(Buffer.alloc(32, 2), '0a1b2c3d');
const ssh = createSsh({ connectTimeoutMs: 10_000, keepaliveMs: 1000 });
const never = new AbortController().signal;
const options = { signal: never, timeoutMs: 20_000 };

const failsAs = (kind: SshErrorKind) => (error: unknown) => {
  assert.ok(error instanceof SshError, `${error}`);
  assert.equal(error.kind, kind, error.message);
  return true;
};

describe('against a real OpenSSH server', { timeout: 60_000 }, () => {
  let sshd: Sshd;
  let target: SshTarget;
  before(async () => {
    sshd = await startSshd(keys);
    target = {
      host: '127.0.0.1',
      port: sshd.port,
      username: sshd.username,
      privateKey: keys.client.privateKey,
      hostKey: keys.host.publicKey,
    };
  });
  after(() => sshd.stop());

  test('a command gets its stdin and gives stdout, stderr and exit code 0', async () => {
    const result = await ssh.run(target, 'cat; echo problem >&2', { ...options, stdin: 'Grüße\nand more\n' });
    assert.deepEqual(result, { stdout: 'Grüße\nand more\n', stderr: 'problem\n', exitCode: 0 });
  });

  test('a command that says no is a result, not an error (W10)', async () => {
    assert.deepEqual(await ssh.run(target, 'echo no; exit 7', options), { stdout: 'no\n', stderr: '', exitCode: 7 });
    assert.equal((await ssh.run(target, 'no-such-program', options)).exitCode, 127);
  });

  test('a command that a signal ended is a result that says so', async () => {
    const result = await ssh.run(target, 'kill -KILL $$', options);
    assert.deepEqual([result.exitCode, result.signal], [null, 'SIGKILL']);
  });

  test('lines are told while the command still runs', async () => {
    const told: string[] = [];
    const controller = new AbortController();
    const running = ssh.run(target, 'printf "one\\ntw"; sleep 0.2; printf "o\\nlast"; sleep 60', {
      ...options,
      signal: controller.signal,
      onLine: (line) => {
        told.push(line);
        if (line === 'two') controller.abort(new Error('seen enough'));
      },
    });
    await assert.rejects(running, /seen enough/);
    assert.deepEqual(told, ['one', 'two']);
  });

  test('a dialogue: what onLine writes is read by the command, until it ends stdin', async () => {
    const rest: string[] = ['two\n', 'three\n'];
    const result = await ssh.run(target, 'while read -r line; do echo "got $line"; done; echo end', {
      ...options,
      stdin: 'one\n',
      dialogue: true,
      onLine: (line, stdin) => {
        const next = rest.shift();
        if (next !== undefined) stdin.write(next);
        else if (line !== 'end') stdin.end();
      },
    });
    assert.deepEqual(result, { stdout: 'got one\ngot two\ngot three\nend\n', stderr: '', exitCode: 0 });
  });

  test('a dialogue that the command ends is over, whatever is still written', async () => {
    const onLine = (_: string, stdin: Stdin): void => {
      stdin.write('x'.repeat(1 << 20));
      stdin.end();
      stdin.write('after the end\n');
    };
    const result = await ssh.run(target, 'echo enough; exec 0<&-; sleep 0.1; exit 3', {
      ...options,
      dialogue: true,
      onLine,
    });
    assert.deepEqual([result.stdout, result.exitCode], ['enough\n', 3]);
  });

  test('a dialogue in which the command waits in vain ends by its time limit', async () => {
    await assert.rejects(ssh.run(target, 'cat', { ...options, timeoutMs: 300, dialogue: true }), failsAs('timeout'));
  });

  test('what onLine throws ends the command, and is thrown', async () => {
    const error = new TypeError('not a line of ours');
    const onLine = (): never => {
      throw error;
    };
    await assert.rejects(
      ssh.run(target, 'echo strange; sleep 60', { ...options, onLine }),
      (thrown) => thrown === error,
    );
  });

  test('another host key than the pinned one ends it before any authentication', async () => {
    const before = sshd.log();
    await assert.rejects(
      ssh.run({ ...target, hostKey: strangers.host.publicKey }, 'true', options),
      failsAs('hostKeyChanged'),
    );
    const log = (await sshd.logged('[preauth]')).slice(before.length);
    assert.doesNotMatch(log, /publickey|Accepted/);
  });

  test('a host key of another type than the pinned one is another host key', async () => {
    const rsaLike = `ssh-rsa ${Buffer.from('some other key').toString('base64')}`;
    await assert.rejects(ssh.run({ ...target, hostKey: rsaLike }, 'true', options), failsAs('hostKeyChanged'));
  });

  test('a pinned key that is none is refused before anything is dialled', async () => {
    const before = sshd.accepted();
    await assert.rejects(ssh.run({ ...target, hostKey: '' }, 'true', options), TypeError);
    assert.equal(sshd.accepted(), before);
  });

  test('a client key that the server does not know is refused', async () => {
    await assert.rejects(
      ssh.run({ ...target, privateKey: strangers.client.privateKey }, 'true', options),
      failsAs('refused'),
    );
  });

  test('a user that the server does not know is refused', async () => {
    await assert.rejects(ssh.run({ ...target, username: 'nobody-of-that-name' }, 'true', options), failsAs('refused'));
  });

  test('a session that breaks before the exit status is lost, whatever it printed (W10)', async () => {
    const running = ssh.run(target, 'echo started; sleep 60', { ...options, onLine: () => sshd.cut() });
    await assert.rejects(running, failsAs('lost'));
  });

  test('a command that takes too long is a timeout', async () => {
    await assert.rejects(ssh.run(target, 'sleep 60', { ...options, timeoutMs: 300 }), failsAs('timeout'));
  });

  test('abort throws its reason and closes the connection', async () => {
    const controller = new AbortController();
    const reason = new Error('the run was cancelled');
    const running = ssh.run(target, 'echo started; sleep 60', {
      ...options,
      signal: controller.signal,
      onLine: () => controller.abort(reason),
    });
    await assert.rejects(running, (error) => error === reason);
    await sshd.logged('Connection closed by');
  });

  test('an abort before the start dials nothing', async () => {
    const before = sshd.accepted();
    await assert.rejects(
      ssh.run(target, 'true', { ...options, signal: AbortSignal.abort(new Error('too late')) }),
      /too late/,
    );
    assert.equal(sshd.accepted(), before);
  });

  test('output without end is cut off instead of filling the memory', async () => {
    await assert.rejects(ssh.run(target, 'yes', options), failsAs('lost'));
  });

  describe('through an HTTP CONNECT proxy', () => {
    let proxy: Server;
    let proxyUrl: string;
    const asked: string[] = [];
    before(async () => {
      proxy = createProxy(createServer());
      proxy.on('connect', (request) => asked.push(request.url ?? ''));
      proxy.listen(0, '127.0.0.1');
      await once(proxy, 'listening');
      proxyUrl = `http://127.0.0.1:${portOf(proxy)}`;
    });
    after(() => {
      proxy.closeAllConnections();
      proxy.close();
    });

    test('a command runs, and may take longer than the connection may take to be made', async () => {
      const throughProxy = createSsh({ proxyUrl, connectTimeoutMs: 2000, keepaliveMs: 1000 });
      const result = await throughProxy.run(target, 'sleep 2.5; echo done', options);
      assert.deepEqual(result, { stdout: 'done\n', stderr: '', exitCode: 0 });
      assert.deepEqual(asked, [`127.0.0.1:${sshd.port}`]);
    });

    test('a target that the proxy cannot reach is unreachable', async () => {
      const throughProxy = createSsh({ proxyUrl, connectTimeoutMs: 5000, keepaliveMs: 1000 });
      await assert.rejects(
        throughProxy.run({ ...target, port: await closedPort() }, 'true', options),
        failsAs('unreachable'),
      );
    });
  });
});

test('a closed port is unreachable', async () => {
  await assert.rejects(ssh.run({ ...nobody, port: await closedPort() }, 'true', options), failsAs('unreachable'));
});

test('a server that accepts and never speaks is unreachable after the time limit', async () => {
  const silent = createTcpServer(() => {});
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const impatient = createSsh({ connectTimeoutMs: 300, keepaliveMs: 1000 });
  await assert
    .rejects(impatient.run({ ...nobody, port: portOf(silent) }, 'true', options), failsAs('unreachable'))
    .finally(() => silent.close());
});

test('a server that hangs up at once, as a booting one may, is unreachable', async () => {
  const rude = createTcpServer((socket) => socket.destroy());
  rude.listen(0, '127.0.0.1');
  await once(rude, 'listening');
  await assert
    .rejects(ssh.run({ ...nobody, port: portOf(rude) }, 'true', options), failsAs('unreachable'))
    .finally(() => rude.close());
});

const nobody: SshTarget = {
  host: '127.0.0.1',
  username: 'nobody',
  privateKey: keys.client.privateKey,
  hostKey: keys.host.publicKey,
};

function portOf(server: { address(): unknown }): number {
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null && 'port' in address && typeof address.port === 'number');
  return address.port;
}

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createTcpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('only ed25519 host keys, no compression and nothing of SHA-1 are offered', async () => {
  let offered = '';
  const listener = createTcpServer((socket) => {
    socket.write('SSH-2.0-OpenSSH_9.6\r\n');
    socket
      .on('error', () => {})
      .on('data', (data) => {
        offered += data.toString('latin1');
        if (offered.includes('none')) socket.destroy();
      });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  await assert
    .rejects(ssh.run({ ...nobody, port: portOf(listener) }, 'true', options), failsAs('unreachable'))
    .finally(() => listener.close());
  assert.match(offered, /curve25519-sha256.*ssh-ed25519.*aes256-gcm@openssh.com.*none/s);
  assert.doesNotMatch(offered, /ssh-rsa|rsa-sha2|ecdsa|sha1|zlib|cbc|diffie-hellman/);
});

test('a server without an ed25519 host key is told as that, with what it offers, and not as another host key', {
  timeout: 60_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-rsa-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'rsa');
  execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', file]);
  const rsaOnly = await startSshd(keys, undefined, [`HostKey ${file}`]);
  t.after(() => rsaOnly.stop());
  const target = { host: '127.0.0.1', port: rsaOnly.port, username: rsaOnly.username };
  const login = ssh.run(
    { ...target, privateKey: keys.client.privateKey, hostKey: keys.host.publicKey },
    'true',
    options,
  );
  await assert.rejects(login, (error) => {
    assert.ok(error instanceof SshError);
    assert.match(error.message, /127\.0\.0\.1 offers no ed25519 host key \(only rsa-sha2-512, rsa-sha2-256\)\./);
    return error.kind === 'incompatible' && classifySshError(error).code === 'SshIncompatible';
  });
});

describe('a login shell that prints before the command begins', { timeout: 60_000 }, () => {
  const greet = (greeting: string) => `ForceCommand ${greeting}; exec sh -c "$SSH_ORIGINAL_COMMAND"`;
  const login = async (greeting: string, command: string, more: Partial<RunOptions> = {}) => {
    const sshd = await startSshd(keys, undefined, [greet(greeting)]);
    try {
      const target = { host: '127.0.0.1', port: sshd.port, username: sshd.username };
      const secret = { privateKey: keys.client.privateKey, hostKey: keys.host.publicKey };
      return await ssh.run({ ...target, ...secret }, command, { ...options, ...more });
    } finally {
      await sshd.stop();
    }
  };

  test("its lines are passed over, and the command's are not", async () => {
    const lines: string[] = [];
    const notice = `printf '*** Authorized use only ***\\nhello, without an end of line'`;
    const { stdout, exitCode } = await login(notice, 'cat; exit 4', {
      stdin: 'one\ntwo\n',
      onLine: (line) => lines.push(line),
    });
    assert.deepEqual([stdout, exitCode, lines], ['one\ntwo\n', 4, ['one', 'two']]);
  });

  test('a long greeting is not kept, and one without end is cut off', async () => {
    assert.equal((await login('head -c 3000000 /dev/zero', 'echo here')).stdout, 'here\n');
    await assert.rejects(login('yes', 'echo never'), failsAs('lost'));
  });

  test('one that ends before the command begins is told with its words, not taken for an empty answer', async () => {
    await assert.rejects(login('echo this account is closed >&2; exit 0', 'true'), (error) => {
      assert.match(String(error), /the login shell ended before the command began: this account is closed/);
      return failsAs('lost')(error);
    });
  });
});
