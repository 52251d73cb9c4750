/** Everything that a run may touch, for comparison before and after. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Lab } from '../../lab/lab.ts';
import { run } from '../../lab/process/run.ts';

export interface State {
  /** Azure's resources by id. */
  readonly azure: Readonly<Record<string, unknown>>;
  /** The cluster's objects by version, kind and name. */
  readonly cluster: Readonly<Record<string, unknown>>;
  /** The cluster's leases by name, which its snapshot leaves out since their times change all the time. */
  readonly leases: readonly string[];
  /** The lab's network namespaces, of which each VM and its VNet have one. */
  readonly namespaces: readonly string[];
}

export async function readState(lab: Lab): Promise<State> {
  const { resources } = lab.azure.inventory() as { readonly resources: readonly { readonly id: string }[] };
  const [cluster, { items }, names] = await Promise.all([
    lab.cluster.snapshot(),
    lab.cluster.api.read<{ readonly items: readonly { readonly metadata: { readonly name: string } }[] }>(
      '/apis/coordination.k8s.io/v1/leases',
    ),
    run(['ip', 'netns', 'list']),
  ]);
  const leases = items.map(({ metadata }) => metadata.name).toSorted();
  const namespaces = names
    .split('\n')
    .flatMap((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.startsWith(`hepflow-${lab.scope.id}-`))
    .toSorted();
  return {
    azure: Object.fromEntries(resources.map((resource) => [resource.id, resource])),
    cluster,
    leases,
    namespaces,
  };
}

const absent = '(absent)';

/** Every place where two states differ, down to the value, with both. */
export function listDifferences(
  before: unknown,
  after: unknown,
  path = '',
): Record<string, { readonly before: unknown; readonly after: unknown }> {
  if (isTree(before) && isTree(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return Object.assign(
      {},
      ...[...keys].map((key) => listDifferences(memberOf(before, key), memberOf(after, key), `${path} › ${key}`)),
    );
  }
  return Object.is(before, after) ? {} : { [path]: { before, after } };
}

const isTree = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const memberOf = (tree: Record<string, unknown>, key: string): unknown =>
  Object.hasOwn(tree, key) ? tree[key] : absent;

export interface Process {
  readonly pid: number;
  /** Command line. */
  readonly command: string;
  /** Inode of its network namespace, as `net:[4026531840]`. */
  readonly network: string;
}

/**
 * All processes that this one started, and theirs. Those of a VM are known by a network namespace that was not there
 * before, whatever its name became.
 */
export async function listDescendants(): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = (await Promise.all(pids.map((pid) => look(pid).catch(() => undefined)))).filter(
    (each) => each !== undefined,
  );
  const mine = new Set([process.pid]);
  for (let size = 0; size < mine.size; ) {
    size = mine.size;
    for (const { pid, parent } of all) if (mine.has(parent)) mine.add(pid);
  }
  return all.filter(({ pid }) => mine.has(pid)).map(({ pid, command, network }) => ({ pid, command, network }));
}

async function look(pid: number): Promise<Process & { readonly parent: number }> {
  const [stat, command, network] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
    readlink(`/proc/${pid}/ns/net`),
  ]);
  const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid, parent: Number(parent), command: command.replaceAll('\0', ' ').trim(), network };
}
