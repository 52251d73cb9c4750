import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAuthority } from '../../../lab/certificates.ts';
import { type ClusterLab, startCluster } from '../../../lab/kubernetes/cluster.ts';
import { createFabric, type Fabric } from '../../../lab/network/fabric.ts';
import type { LabScope } from '../../../lab/scope.ts';
import { providePrograms } from '../../../lab/tools/programs.ts';

/** A lab of the test's own, and how to remove it. */
export function openScope(): { scope: LabScope; remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'hepflow-k8s-'));
  const scope: LabScope = {
    id: `k${randomInt(36 ** 4)
      .toString(36)
      .padStart(4, '0')}`,
    directory,
    logs: join(directory, 'logs'),
    pace: 'fast',
    calico: 'oss',
  };
  mkdirSync(scope.logs);
  return { scope, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

export interface TestCluster {
  readonly scope: LabScope;
  readonly fabric: Fabric;
  readonly cluster: ClusterLab;
  /** Removes everything, also after a test has stopped the cluster itself. */
  readonly remove: () => Promise<void>;
}

export const deployFolder = join(import.meta.dirname, '../../../deploy/kubernetes');

/** A whole cluster in a network of its own. */
export async function openCluster(crds: readonly object[] = []): Promise<TestCluster> {
  const { scope, remove } = openScope();
  const undo: (() => void | Promise<void>)[] = [remove];
  const removeAll = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    const tools = await providePrograms(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-proxy']);
    const authority = await createAuthority(join(scope.directory, 'ca'));
    const fabric = await createFabric(scope);
    undo.push(() => fabric.stop());
    const cluster = await startCluster({ scope, authority, fabric, programs: tools, crds, deployFolder });
    undo.push(() => cluster.stop());
    return { scope, fabric, cluster, remove: removeAll };
  } catch (error) {
    await removeAll();
    throw error;
  }
}

/** Looks until there is something; fails with what was missing. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = 20_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(50);
  }
}

/** Command lines of all running processes that mention this text, such as a lab's folder. */
export async function commandsMentioning(text: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.map((line) => line.replaceAll('\0', ' ')).filter((line) => line.includes(text));
}
