import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readPublicKey, readReportKey } from '../../src/config/report-key.ts';

const folder = mkdtempSync(join(tmpdir(), 'hepflow-key-'));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string, mode = 0o600): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  chmodSync(file, mode);
  return file;
}

const pem = { type: 'pkcs8', format: 'pem' } as const;
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const own = privateKey.export(pem).toString();
const shared = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

test('the private key is an Ed25519 one in a file of its owner, and its public half is read from any file', () => {
  assert.ok(readReportKey({ value: write('own', own) })().equals(privateKey));
  assert.ok(readPublicKey(write('shared', shared, 0o644)).equals(publicKey));
});

const refused: readonly (readonly [what: string, content: string, mode: number, says: RegExp])[] = [
  ['that others can read', own, 0o640, /must be readable by its owner only/],
  ['with a public key', shared, 0o600, /must hold an Ed25519 private key in PEM/],
  ['of another kind', rsa.privateKey.export(pem).toString(), 0o600, /must hold an Ed25519 private key in PEM/],
  ['with no key', 'key', 0o600, /must hold an Ed25519 private key in PEM/],
];
for (const [what, content, mode, says] of refused)
  test(`a private key file ${what} is refused with the command for one, and nothing of it is shown`, () => {
    assert.throws(
      () => readReportKey({ value: write('key', content, mode) }),
      ({ message, remedy }: Error & { remedy: string }) =>
        says.test(message) && /chmod 600/.test(remedy) && !message.includes(content.slice(30, 60) || '\0'),
    );
  });

test('a public key of another kind, or none, is refused', () => {
  for (const content of [rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString(), ''])
    assert.throws(() => readPublicKey(write('other', content)), /must be a file with an Ed25519 public key in PEM/);
  assert.throws(() => readPublicKey(join(folder, 'none')), /must be a file with an Ed25519 public key in PEM/);
});
