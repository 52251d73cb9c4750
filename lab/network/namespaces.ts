import { readdir, readlink, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, runIn } from '../process/run.ts';

/** Where `ip netns` keeps its names. */
const folder = '/run/netns';

/**
 * Kernel settings of every namespace. Reverse path filters would drop what the fabric routes asymmetrically, redirects
 * would teach machines routes past it; both depend on the host's defaults, so they are always written. Written before
 * any interface exists, so that each inherits them.
 */
const settings = ['all', 'default'].flatMap((of) => [
  `net.ipv4.conf.${of}.rp_filter=0`,
  `net.ipv4.conf.${of}.send_redirects=0`,
]);

/**
 * Creates a network namespace with its loopback up. `forwarding`: it routes packets of others. The host's own namespace
 * is not touched.
 */
export async function createNamespace(name: string, forwarding = false): Promise<void> {
  await run(['ip', 'netns', 'add', name]);
  await runIn(name, ['sysctl', '-qw', ...settings, `net.ipv4.ip_forward=${forwarding ? 1 : 0}`]);
  await run(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
}

/** Ends every process in these namespaces, then deletes them. Unknown names are fine. */
export async function deleteNamespaces(names: readonly string[]): Promise<void> {
  await endProcessesIn(names);
  await Promise.all(names.map(deleteNamespace));
}

/** The namespaces of a lab, by the id in their names. */
export async function listNamespaces(labId: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.startsWith(`hepflow-${labId}-`)).sort();
}

/** The ids of the processes that run in these namespaces, as `ip netns pids` would list them, in one pass. */
export async function listProcesses(names: readonly string[]): Promise<number[]> {
  const wanted = new Set<string>();
  for (const name of names) {
    const inode = await stat(`${folder}/${name}`).then(
      ({ ino }) => ino,
      () => undefined,
    );
    if (inode !== undefined) wanted.add(`net:[${inode}]`);
  }
  if (wanted.size === 0) return [];
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0 && pid !== process.pid);
  const inside = await Promise.all(
    pids.map(async (pid) => wanted.has(await readlink(`/proc/${pid}/ns/net`).catch(() => ''))),
  );
  return pids.filter((_, at) => inside[at]);
}

async function endProcessesIn(names: readonly string[]): Promise<void> {
  const deadline = Date.now() + 5000;
  for (;;) {
    const pids = await listProcesses(names);
    if (pids.length === 0) return;
    if (Date.now() > deadline)
      throw new Error(`Processes ${pids.join(', ')} in ${names.join(', ')} are still alive 5 s after KILL.`);
    for (const pid of pids) killProcess(pid);
    await sleep(10);
  }
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself before the signal
  }
}

async function deleteNamespace(name: string): Promise<void> {
  try {
    await run(['ip', 'netns', 'delete', name]);
  } catch (error) {
    if ((await readdir(folder).catch((): string[] => [])).includes(name)) throw error;
  }
}
