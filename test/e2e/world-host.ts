/** What of a lab can be seen on the host. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { labsDirectory } from '../../lab/leftovers.ts';
import { listNamespaces } from '../../lab/network/namespaces.ts';
import { run } from './world.ts';

/** The host's own network: addresses, links, routes, rules, nftables, and the settings that a router would change. */
export async function readHostNetwork(): Promise<string> {
  const looks = [
    ['ip', '-br', 'address'],
    ['ip', '-br', 'link'],
    ['ip', 'route', 'show', 'table', 'all'],
    ['ip', '-6', 'route', 'show', 'table', 'all'],
    ['ip', 'rule'],
    ['nft', '-s', 'list', 'ruleset'],
    ['sysctl', 'net.ipv4.ip_forward', 'net.ipv4.conf.all.rp_filter', 'net.ipv4.conf.default.rp_filter'],
  ];
  const seen = await Promise.all(looks.map((command) => run(command)));
  return looks.map((command, at) => `${command.join(' ')}\n${seen[at]?.stdout}${seen[at]?.stderr}`).join('\n');
}

/** Listens to the kernel for changes of the host's network; `stop` gives what was heard. */
export async function listenToHost(): Promise<{ stop(): Promise<string[]> }> {
  const child = spawn('ip', ['monitor', 'link', 'address', 'route', 'rule'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let heard = '';
  child.stdout.on('data', (chunk: Buffer) => {
    heard += chunk.toString();
  });
  await once(child, 'spawn');
  return {
    stop: async () => {
      child.kill();
      await once(child, 'close');
      return heard.split('\n').filter((line) => line !== '');
    },
  };
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Clock ticks from the machine's boot: tells it from a later one with the same number. */
  readonly startTime: string;
}

/** The processes that a process has started, directly or not. */
export async function findDescendants(pid: number): Promise<Process[]> {
  const all = await processes();
  const found = new Set([pid]);
  for (let before = 0; before < found.size; ) {
    before = found.size;
    for (const one of all) if (found.has(one.parent)) found.add(one.pid);
  }
  return all.filter((one) => one.pid !== pid && found.has(one.pid));
}

/** Those of these processes that still run. */
export async function findRunning(known: readonly Process[]): Promise<Process[]> {
  const now = new Map((await processes()).map((one) => [one.pid, one]));
  return known.filter(({ pid, startTime }) => now.get(pid)?.startTime === startTime);
}

/** Every process that has not ended. Field numbers as in proc(5); the program's name before them may hold anything. */
async function processes(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return lines.flatMap((line, at) => {
    const [state = '', parent, ...rest] = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return ['', 'Z', 'X'].includes(state)
      ? []
      : [{ pid: Number(pids[at]), parent: Number(parent), startTime: rest[17] ?? '' }];
  });
}

/** What a lab has left: namespaces, mounts, its folder, processes that name it. Empty when every trace is gone. */
export async function findTraces(id: string): Promise<string[]> {
  const [namespaces, folders, mounts, commands] = await Promise.all([
    listNamespaces(id),
    readdir(labsDirectory),
    readFile('/proc/mounts', 'utf8'),
    commandLines(),
  ]);
  const names = (text: string): boolean => text.includes(`hepflow-${id}-`) || text.includes(`${labsDirectory}/${id}`);
  return [
    ...namespaces.map((name) => `namespace ${name}`),
    ...folders.filter((name) => name === id).map((name) => `folder ${name}`),
    ...mounts
      .split('\n')
      .filter(names)
      .map((line) => `mount ${line}`),
    ...commands.filter(names).map((line) => `process ${line}`),
  ];
}

async function commandLines(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return Promise.all(
    pids.map(
      async (pid) => `${pid} ${(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')}`,
    ),
  );
}

/** Waits until nothing of these processes runs any more. */
export async function awaitEnds(known: readonly Process[], boundMs = 10_000): Promise<void> {
  const deadline = Date.now() + boundMs;
  for (;;) {
    const left = await findRunning(known);
    if (left.length === 0) return;
    if (Date.now() > deadline)
      throw new Error(`Still running after ${boundMs} ms: ${left.map(({ pid }) => pid).join(', ')}`);
    await sleep(50);
  }
}
