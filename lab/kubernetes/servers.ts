import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Child, readTail, startChild } from '../process/child.ts';
import { createApi } from './api.ts';
import { buildApiServerCommand, buildEtcdCommand, type ServerName, type Servers } from './server-commands.ts';

export interface RunningServers {
  /** Port of the API server on the host's loopback. */
  readonly port: number;
  kill(...names: readonly ServerName[]): Promise<void>;
  restart(): Promise<void>;
}

/** Starts etcd and kube-apiserver; ready when the API server is. */
export async function startServers(servers: Servers): Promise<RunningServers> {
  const { scope, authority, users, ports } = servers;
  const logOf = (name: string): string => join(scope.logs, `${name}.log`);
  const commands = { etcd: buildEtcdCommand(servers), 'kube-apiserver': buildApiServerCommand(servers) };
  const children = new Map<ServerName, Child>();
  /** KILL, in the given order: kube-apiserver would take 40 s to obey TERM once etcd is gone. */
  const kill = async (...names: readonly ServerName[]): Promise<void> => {
    for (const name of names) await children.get(name)?.stop(0);
    for (const name of names) children.delete(name);
  };
  /** Starts what is not running, etcd first, and waits until the API server answers. */
  const restart = async (): Promise<void> => {
    for (const name of ['etcd', 'kube-apiserver'] as const)
      if (!children.has(name))
        children.set(name, await startChild({ name, command: commands[name], logFile: logOf(name) }));
    const probe = createApi(`https://127.0.0.1:${ports.apiServer}`, authority.caPem, users.tokens.admin);
    try {
      // Both at once: kube-apiserver would wait for ever for an etcd that has ended.
      await waitUntilReady([...children.values()], logOf, async () => (await probe.read<string>('/readyz')) === 'ok');
    } finally {
      probe.close();
    }
  };
  try {
    await restart();
  } catch (error) {
    await kill('kube-apiserver', 'etcd');
    throw error;
  }
  return { port: ports.apiServer, kill, restart };
}

async function waitUntilReady(
  children: readonly Child[],
  logOf: (name: string) => string,
  ready: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + 60_000;
  const anEnd = Promise.race(children.map((child) => child.ended.then(() => child)));
  for (;;) {
    const seen = await Promise.race([ready().catch(() => false), anEnd]);
    if (seen === true) return;
    if (seen !== false)
      throw new Error(`${seen.name} ended before it was ready. Its last output:\n${readTail(logOf(seen.name))}`);
    if (Date.now() > deadline)
      throw new Error(
        `kube-apiserver was not ready within 60 s. Its last output:\n${readTail(logOf('kube-apiserver'))}`,
      );
    await sleep(25);
  }
}
