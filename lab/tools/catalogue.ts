import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The programs of other projects that the lab runs. */
export const programNames = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-proxy',
  'kubectl',
  'temporal',
] as const;
export type ProgramName = (typeof programNames)[number];

/** Where a program comes from, and how to read its version. */
export interface Recipe {
  /** Folder below lab/tools with the go.mod that pins it. */
  readonly module: 'cluster' | 'temporal';
  readonly package: string;
  /** Go module of that go.mod whose version is the program's. */
  readonly versionedBy: string;
  readonly versionArguments: readonly string[];
  /** Variable that the linker sets to the version; the sources alone carry a placeholder. */
  readonly stamp?: { readonly variable: string; readonly value: (version: string) => string };
  /** Build time with empty Go caches on 2 cores, in seconds, for the progress line. */
  readonly typicalSeconds: number;
}

const describeKubernetes = (command: string, typicalSeconds: number, versionArguments = ['--version']): Recipe => ({
  module: 'cluster',
  package: `k8s.io/kubernetes/cmd/${command}`,
  versionedBy: 'k8s.io/kubernetes',
  versionArguments,
  stamp: { variable: 'k8s.io/component-base/version.gitVersion', value: (version) => `v${version}` },
  typicalSeconds,
});

export const recipes: Readonly<Record<ProgramName, Recipe>> = {
  etcd: {
    module: 'cluster',
    package: 'go.etcd.io/etcd/server/v3',
    versionedBy: 'go.etcd.io/etcd/server/v3',
    versionArguments: ['--version'],
    typicalSeconds: 60,
  },
  'kube-apiserver': describeKubernetes('kube-apiserver', 210),
  'kube-controller-manager': describeKubernetes('kube-controller-manager', 60),
  'kube-proxy': describeKubernetes('kube-proxy', 15),
  kubectl: describeKubernetes('kubectl', 25, ['version', '--client']),
  temporal: {
    module: 'temporal',
    package: 'github.com/temporalio/cli/cmd/temporal',
    versionedBy: 'github.com/temporalio/cli',
    versionArguments: ['--version'],
    stamp: { variable: 'github.com/temporalio/cli/temporalcli.Version', value: (version) => version },
    typicalSeconds: 190,
  },
};

/** Folder of this file: the Go modules lie beside it. */
export const toolsFolder = import.meta.dirname;

/** The version of the pinned module, without the leading `v`. */
export function readPinnedVersion(name: ProgramName): string {
  const { module, versionedBy } = recipes[name];
  for (const line of readGoMod(module).split('\n')) {
    const [path, version] = line
      .trim()
      .replace(/^require /, '')
      .split(' ');
    if (path === versionedBy && version?.startsWith('v')) return version.slice(1);
  }
  throw new Error(`lab/tools/${module}/go.mod does not require ${versionedBy}.`);
}

/** Changes whenever a build would give another result: the name of the cache folder. */
export function hashModule(module: Recipe['module']): string {
  const hash = createHash('sha256')
    .update(readGoMod(module))
    .update(readFileSync(join(toolsFolder, module, 'go.sum')));
  for (const name of programNames) if (recipes[name].module === module) hash.update(formatLinkerFlags(name));
  return hash.digest('hex').slice(0, 12);
}

export function formatLinkerFlags(name: ProgramName): string {
  const { stamp } = recipes[name];
  return stamp === undefined ? '-s -w' : `-s -w -X ${stamp.variable}=${stamp.value(readPinnedVersion(name))}`;
}

const readGoMod = (module: Recipe['module']): string => readFileSync(join(toolsFolder, module, 'go.mod'), 'utf8');
