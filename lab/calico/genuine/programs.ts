import { access, constants, readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { CustomResourceDefinition } from '../../kubernetes/custom-resources.ts';

/** Genuine Calico in a folder of the user's. Nothing of it, and nothing that builds it, belongs to this project. */
export interface CalicoPrograms {
  readonly felix: string;
  readonly kubeControllers: string;
  readonly crds: readonly CustomResourceDefinition[];
  /** The API that the programs use. */
  readonly apiVersion: (typeof apiVersions)[number];
  /** Of Felix and of kube-proxy. */
  readonly dataplane: Dataplane;
}

export type Dataplane = 'iptables' | 'nftables';

/** Calico prefers the first while it is served. */
const apiVersions = ['crd.projectcalico.org/v1', 'projectcalico.org/v3'] as const;

/** The folder that a user names has not what it must have. */
export class CalicoProgramsError extends Error {
  override name = 'CalicoProgramsError';
}

/**
 * What the folder `HEPFLOW_CALICO_PROGRAMS` holds: `calico-felix`, `kube-controllers` and `crds/`, of one release of
 * Calico. `HEPFLOW_CALICO_DATAPLANE`: iptables (default) or nftables. Undefined: the user has named no folder. Throws
 * CalicoProgramsError.
 */
export async function findCalicoPrograms(env: NodeJS.ProcessEnv = process.env): Promise<CalicoPrograms | undefined> {
  const folder = env['HEPFLOW_CALICO_PROGRAMS'] ?? '';
  if (folder === '') return undefined;
  const dataplane = env['HEPFLOW_CALICO_DATAPLANE'] ?? 'iptables';
  if (dataplane !== 'iptables' && dataplane !== 'nftables')
    throw new CalicoProgramsError(`HEPFLOW_CALICO_DATAPLANE is iptables or nftables; got ${dataplane}`);
  const missing = dataplane === 'iptables' ? await listMissing(iptablesCommands, env) : [];
  if (missing.length > 0)
    throw new CalicoProgramsError(
      `Felix and kube-proxy in iptables mode need ${missing.join(', ')}: apt install iptables ipset conntrack, ` +
        'or HEPFLOW_CALICO_DATAPLANE=nftables',
    );
  const [felix, kubeControllers] = ['calico-felix', 'kube-controllers'].map((name) => join(folder, name));
  for (const program of [felix, kubeControllers])
    await access(program ?? '', constants.X_OK).catch(() => {
      throw new CalicoProgramsError(`HEPFLOW_CALICO_PROGRAMS: ${program} is not there, or cannot be executed`);
    });
  const crds = await readDefinitions(join(folder, 'crds'));
  const served = crds.flatMap(({ spec }) => spec.versions.map(({ name }) => `${spec.group}/${name}`));
  const apiVersion = apiVersions.find((each) => served.includes(each));
  if (apiVersion === undefined)
    throw new CalicoProgramsError(
      `HEPFLOW_CALICO_PROGRAMS: no file of ${join(folder, 'crds')} defines resources of ${apiVersions.join(' or ')}`,
    );
  return { felix: felix ?? '', kubeControllers: kubeControllers ?? '', crds, apiVersion, dataplane };
}

const iptablesCommands = ['iptables-nft-restore', 'ipset', 'conntrack'];

async function listMissing(commands: readonly string[], { PATH = '' }: NodeJS.ProcessEnv): Promise<string[]> {
  const folders = [...PATH.split(delimiter), '/usr/sbin', '/sbin'];
  const isThere = (command: string): Promise<boolean> =>
    Promise.any(folders.map((folder) => access(join(folder, command), constants.X_OK))).then(
      () => true,
      () => false,
    );
  const found = await Promise.all(commands.map(isThere));
  return commands.filter((_, index) => !found[index]);
}

async function readDefinitions(folder: string): Promise<CustomResourceDefinition[]> {
  const names = (await readdir(folder).catch((): string[] => [])).filter((name) => /\.ya?ml$/.test(name));
  const texts = await Promise.all(names.toSorted().map((name) => readFile(join(folder, name), 'utf8')));
  return texts
    .flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as CustomResourceDefinition | null))
    .filter((object) => object?.kind === 'CustomResourceDefinition') as CustomResourceDefinition[];
}
