import type { Duplex } from 'node:stream';
import { type Algorithms, Client } from 'ssh2';
import { dial } from './dial.ts';
import { SshError } from './error.ts';

/** Whom to log in to, and what to trust. */
export interface SshTarget {
  readonly host: string;
  /** Default 22. */
  readonly port?: number;
  readonly username: string;
  /** OpenSSH PEM. A secret (W7). */
  readonly privateKey: string;
  /** The pinned public host key, OpenSSH one-line form. */
  readonly hostKey: string;
}

export interface SshSettings {
  /** HTTP proxy, such as `http://user:password@127.0.0.1:3128`; absent: connect directly. */
  readonly proxyUrl?: string;
  /** Limit for connection, key exchange and authentication together. */
  readonly connectTimeoutMs: number;
  /** Interval of keepalives; three unanswered ones mean that the session is lost. */
  readonly keepaliveMs: number;
}

/** What OpenSSH of every Ubuntu image speaks, and nothing older; hepflow's own host keys are of this one type. */
const algorithms: Algorithms = {
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256', 'ecdh-sha2-nistp384'],
  serverHostKey: ['ssh-ed25519'],
  cipher: ['aes256-gcm@openssh.com', 'aes128-gcm@openssh.com', 'aes256-ctr', 'aes128-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com'],
  compress: ['none'],
};

/** An authenticated connection. Throws SshError, or the signal's reason. */
export async function connect(target: SshTarget, settings: SshSettings, signal: AbortSignal): Promise<Client> {
  signal.throwIfAborted();
  const pinned = keyBytes(target.hostKey);
  const host = { host: target.host, port: target.port ?? 22 };
  const limit = AbortSignal.any([signal, AbortSignal.timeout(settings.connectTimeoutMs)]);
  try {
    return await handshake(await dial(host, settings.proxyUrl, limit), { ...target, pinned }, settings, limit);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SshError) throw error;
    const why = limit.aborted ? `no SSH session within ${settings.connectTimeoutMs} ms` : describeReason(error);
    throw new SshError('unreachable', `${host.host}:${host.port} cannot be reached: ${why}.`, error);
  }
}

function handshake(
  sock: Duplex,
  target: SshTarget & { readonly pinned: Buffer },
  settings: SshSettings,
  limit: AbortSignal,
): Promise<Client> {
  const client = new Client();
  let foreignKey = false;
  let offered = '';
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      sock.destroy();
      reject(error);
    };
    const giveUp = (): void => fail(limit.reason);
    limit.addEventListener('abort', giveUp, { once: true });
    // These two stay for the life of the connection: an error without a listener would end the process.
    client.on('error', (error) => fail(foreignKey ? hostKeyChanged(target) : explainHandshake(error, target, offered)));
    client.on('close', () => fail(new Error('the connection was closed before the login')));
    client.once('ready', () => {
      limit.removeEventListener('abort', giveUp);
      resolve(client);
    });
    client.connect({
      sock,
      username: target.username,
      privateKey: target.privateKey,
      authHandler: ['publickey'],
      algorithms,
      hostVerifier: (key: Buffer) => {
        foreignKey = !key.equals(target.pinned);
        return !foreignKey;
      },
      readyTimeout: settings.connectTimeoutMs,
      keepaliveInterval: settings.keepaliveMs,
      keepaliveCountMax: 3,
      // The only place where ssh2 tells what a server offered that it cannot agree with.
      debug: (line) => {
        offered = /^Handshake: \(remote\) Host key format: (.*)$/.exec(line)?.[1] ?? offered;
      },
    });
  });
}

/** The key itself, from `ssh-ed25519 <base64> <comment>`. */
function keyBytes(line: string): Buffer {
  const [type = '', base64 = ''] = line.trim().split(/\s+/);
  const bytes = Buffer.from(base64, 'base64');
  if (type === '' || bytes.length === 0) throw new TypeError('The pinned host key is not an OpenSSH public key line.');
  return bytes;
}

const hostKeyChanged = (target: SshTarget): SshError =>
  new SshError(
    'hostKeyChanged',
    `${target.host} showed another host key than the pinned one; the connection was closed before anything was sent.`,
  );

/** `offered`: the kinds of host key that the server has. */
function explainHandshake(error: Error & { level?: string }, target: SshTarget, offered: string): Error {
  const [, lacks] = /^Handshake failed: no matching (.*)$/.exec(error.message) ?? [];
  if (lacks === 'host key format') {
    const message = `${target.host} offers no ed25519 host key (only ${offered.replaceAll(',', ', ')}).`;
    return new SshError('incompatible', message, error);
  }
  if (lacks !== undefined)
    return new SshError('incompatible', `${target.host} and hepflow have no ${lacks} in common.`, error);
  if (error.level !== 'client-authentication') return error;
  return new SshError('refused', `${target.host} refused the key of ${target.username}.`, error);
}

/** Several addresses tried in turn give an AggregateError without a message of its own. */
export function describeReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error && String(error.code)) || error.name;
}
