import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RunKeys } from '../../../src/adapters/ssh/keys.ts';

/** A genuine OpenSSH server behind a loopback listener, one `sshd -i` for each connection, as inetd would start it. */
export interface Sshd {
  readonly port: number;
  readonly username: string;
  /** Connections accepted so far. */
  readonly accepted: () => number;
  /** What sshd logged so far. */
  readonly log: () => string;
  /** Resolves with the log as soon as it contains the text. */
  readonly logged: (text: string) => Promise<string>;
  /** Breaks every connection without a farewell. */
  readonly cut: () => void;
  readonly stop: () => Promise<void>;
}

/** sshd needs the folder /run/sshd; it gets one of its own, and the machine's /run stays as it is. */
const startInOwnRun = 'mount -t tmpfs hepflow-sshd /run && mkdir -m 755 /run/sshd && exec /usr/sbin/sshd -i -e -f "$1"';

/** sshd with these keys and no other, its sessions in the given network namespace, whatever its listener is in; port 0 is bound here, so that no other program can take it in between. */
export async function startSshd(keys: RunKeys, netns?: string, more: readonly string[] = []): Promise<Sshd> {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-sshd-'));
  const config = writeFiles(folder, keys, more);
  const sockets = new Set<Socket>();
  const children = new Set<ChildProcess>();
  let log = '';
  let accepted = 0;
  const watchers = new Set<() => void>();
  const server = createServer((socket) => {
    accepted += 1;
    sockets.add(socket);
    const enter = netns === undefined ? [] : ['ip', 'netns', 'exec', netns];
    const child = spawn('env', [...enter, 'unshare', '--mount', 'sh', '-c', startInOwnRun, 'sh', config], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    children.add(child);
    createInterface({ input: child.stderr }).on('line', (line) => {
      log += `${line}\n`;
      for (const watcher of watchers) watcher();
    });
    for (const stream of [socket, child.stdin, child.stdout]) stream.on('error', () => {});
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
    socket.on('close', () => sockets.delete(socket));
    child.on('exit', () => children.delete(child));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    username: userInfo().username,
    accepted: () => accepted,
    log: () => log,
    logged: async (text) => {
      while (!log.includes(text)) await new Promise<void>((resolve) => watchers.add(resolve));
      return log;
    },
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      const ends = [...children].map((child) => once(child, 'exit'));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(ends);
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function writeFiles(folder: string, keys: RunKeys, more: readonly string[]): string {
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const hostKey = file('host_key', keys.host.privateKey);
  const authorized = file('authorized_keys', `${keys.client.publicKey}\n`);
  const lines = [
    ...(more.some((line) => line.startsWith('HostKey ')) ? [] : [`HostKey ${hostKey}`]),
    `AuthorizedKeysFile ${authorized}`,
    'UsePAM no',
    'PidFile none',
    'StrictModes no',
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'LogLevel VERBOSE',
    ...more,
  ];
  return file('sshd_config', `${lines.join('\n')}\n`);
}
