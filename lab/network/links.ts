import { createHash } from 'node:crypto';
import { run, runIn } from '../process/run.ts';

/** One end of a veth pair. */
export interface LinkEnd {
  readonly netns: string;
  /** At most 15 characters. */
  readonly name: string;
}

/**
 * Makes a veth pair directly between two namespaces: neither end ever exists in the host's. Both ends are up
 * afterwards.
 */
export async function link(a: LinkEnd, b: LinkEnd): Promise<void> {
  await runIp(a.netns, `link add ${a.name} type veth peer name ${b.name} netns ${b.netns}`, `link set ${a.name} up`);
  await runIp(b.netns, `link set ${b.name} up`);
}

/** Deletes a veth pair by one end. Deleting a namespace does it too, but some time later, at the kernel's own pace. */
export async function unlink(end: LinkEnd): Promise<void> {
  const present = await run(['ip', '-n', end.netns, '-br', 'link', 'show', 'dev', end.name]).then(
    () => true,
    () => false,
  );
  if (present) await runIp(end.netns, `link delete ${end.name}`);
}

/** Runs commands of `ip` inside a namespace, one a line, up to the first that fails. */
export const runIp = (netns: string, ...commands: readonly string[]): Promise<string> =>
  run(['ip', '-n', netns, '-batch', '-'], `${commands.join('\n')}\n`);

/**
 * Lets a namespace answer ARP on this interface for every address that it routes elsewhere, at once: the kernel's
 * default waits up to 0.8 s (`proxy_delay`).
 */
export const enableProxyArp = (end: LinkEnd): Promise<string> =>
  runIn(end.netns, [
    'sysctl',
    '-qw',
    `net.ipv4.conf.${end.name}.proxy_arp=1`,
    `net.ipv4.neigh.${end.name}.proxy_delay=0`,
  ]);

/** A short, stable stand-in for a long name: hexadecimal digits of its hash. */
export const shortenName = (name: string, digits: number): string =>
  createHash('sha256').update(name).digest('hex').slice(0, digits);
