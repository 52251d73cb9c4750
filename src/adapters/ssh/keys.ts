import { createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';

/** An ed25519 key pair in OpenSSH's own forms. */
export interface KeyPair {
  /** One line: `ssh-ed25519 <base64> <comment>`. */
  readonly publicKey: string;
  /** PEM, `BEGIN OPENSSH PRIVATE KEY`, without passphrase; ends with a newline. A secret (W7). */
  readonly privateKey: string;
}

export interface RunKeys {
  /** Logs in to the VM. */
  readonly client: KeyPair;
  /** The VM's own: it is pinned before the first connection. */
  readonly host: KeyPair;
}

/** Two runs never share keys, even if their random ids were equal. */
export interface KeyOwner {
  readonly runId: string;
  readonly firstExecutionRunId: string;
}

const minimumSecretBytes = 32;

/**
 * The keys of a run, derived by HKDF-SHA256: the same secret and run give the same bytes on every worker, the PEM
 * included, because the VM's customData may not differ between two tries of its creation. Throws RangeError when the
 * secret is shorter than 32 bytes.
 */
export function deriveRunKeys(secret: Uint8Array, run: KeyOwner): RunKeys {
  if (secret.byteLength < minimumSecretBytes)
    throw new RangeError(`The key secret has ${secret.byteLength} bytes; at least ${minimumSecretBytes} are needed.`);
  return { client: deriveKeyPair(secret, run, 'client'), host: deriveKeyPair(secret, run, 'host') };
}

function deriveKeyPair(secret: Uint8Array, { runId, firstExecutionRunId }: KeyOwner, use: keyof RunKeys): KeyPair {
  const derive = (what: string, length: number) =>
    Buffer.from(hkdfSync('sha256', secret, `${runId}/${firstExecutionRunId}`, `hepflow ssh ${use} ${what} v2`, length));
  const seed = derive('ed25519 seed', 32);
  return opensshPair(seed, derive('check bytes', 4), `hepflow-${runId}-${use}`);
}

/** PKCS #8 frame of an ed25519 seed (RFC 8410, section 7). */
const pkcs8Head = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Serialises as OpenSSH's PROTOCOL.key says. Libraries draw the check bytes at random; here they are given, so that the
 * text is deterministic.
 */
function opensshPair(seed: Buffer, check: Buffer, comment: string): KeyPair {
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: 'der', type: 'pkcs8' });
  const point = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  const publicBlob = Buffer.concat([text('ssh-ed25519'), text(point)]);
  const inner = padded(Buffer.concat([check, check, publicBlob, text(Buffer.concat([seed, point])), text(comment)]));
  const blob = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    text('none'),
    text('none'),
    text(''),
    uint32(1),
    text(publicBlob),
    text(inner),
  ]);
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    publicKey: `ssh-ed25519 ${publicBlob.toString('base64')} ${comment}`,
    privateKey: ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n'),
  };
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A string as SSH sends it: length, then bytes. */
function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** The bytes 1, 2, 3 ... up to the next multiple of 8. */
function padded(bytes: Buffer): Buffer {
  const missing = (8 - (bytes.length % 8)) % 8;
  return Buffer.concat([bytes, Buffer.from(Array.from({ length: missing }, (_, index) => index + 1))]);
}
