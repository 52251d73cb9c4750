import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import ssh2 from 'ssh2';
import { deriveRunKeys, type KeyPair } from '../../../src/adapters/ssh/keys.ts';
import { deriveKeysOf } from '../../support/keys.ts';

const secret = Buffer.alloc(32, 7);

/** What OpenSSH makes of a private key. */
function askSshKeygen(pair: KeyPair): string {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-keys-'));
  try {
    const file = join(folder, 'key');
    writeFileSync(file, pair.privateKey, { mode: 0o600 });
    return execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('ssh-keygen reads both private keys and finds the public keys that go with them', () => {
  for (const runId of ['0a1b2c3d', 'ffffffff', '00000000']) {
    const keys = deriveKeysOf(secret, runId);
    assert.equal(askSshKeygen(keys.client), keys.client.publicKey);
    assert.equal(askSshKeygen(keys.host), keys.host.publicKey);
  }
});

test('the SSH library reads them too', () => {
  const parsed = ssh2.utils.parseKey(deriveKeysOf(secret, '0a1b2c3d').client.privateKey);
  assert.ok(!(parsed instanceof Error) && parsed.isPrivateKey());
});

test('the same secret and run give the same bytes, the PEM included (W9)', () => {
  assert.deepEqual(deriveKeysOf(secret, '0a1b2c3d'), deriveKeysOf(new Uint8Array(secret), '0a1b2c3d'));
});

test('another secret, run id, workflow run or use gives another key', () => {
  const all = [
    deriveKeysOf(secret, 'a'),
    deriveKeysOf(secret, 'b'),
    deriveKeysOf(Buffer.alloc(32, 8), 'a'),
    deriveRunKeys(secret, { runId: 'a', firstExecutionRunId: 'second' }),
  ].flatMap(({ client, host }) => [client, host]);
  assert.equal(new Set(all.map(({ publicKey }) => publicKey.split(' ')[1])).size, 8);
  assert.equal(new Set(all.map(({ privateKey }) => privateKey)).size, 8);
});

test('a secret that can be guessed is refused', () => {
  assert.throws(() => deriveKeysOf(Buffer.alloc(31), 'a'), /31 bytes; at least 32/);
});
