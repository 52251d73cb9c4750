/**
 * The lab: everything that hepflow talks to, on one machine.
 *
 * - main.ts         the `lab` command: a lab in the background
 * - scope.ts        a lab's id, folder, pace; the fixed names and addresses
 * - environment.ts  the variables that point the product at a lab
 * - leftovers.ts    a lab's folder, and the removal of killed labs
 * - certificates.ts the lab's certificate authority
 * - settle-all.ts   Promise.all that leaves nothing under way
 * - azure/          Resource Manager, Entra, faults (server.ts)
 * - network/        namespaces, links, security groups (fabric.ts)
 * - machines/       the VMs: disk, cloud-init, sshd (machine.ts)
 * - kubernetes/     control plane, nodes, pods (cluster.ts)
 * - calico/         stand-ins for kube-controllers and Felix (start.ts), or the genuine ones (installation.ts)
 * - temporal/       Temporal's dev server
 * - process/        child processes, commands, free ports
 * - tools/          finds the programs of other projects, or builds them
 *
 * A life: programs are found, killed labs are removed, a scope is opened. Temporal and the network start; then the
 * cluster, Azure and Calico, each as soon as what it needs is ready. The product gets `environment`. `stop` ends the
 * parts in reverse order and removes the folder last.
 */

import { appendFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AzureLab, startAzure } from './azure/server.ts';
import type { Flavour } from './calico/flavours.ts';
import { chooseCalico } from './calico/installation.ts';
import type { CalicoLab } from './calico/start.ts';
import type { CalicoPace } from './calico/timing.ts';
import { createAuthority } from './certificates.ts';
import { createEnvironment } from './environment.ts';
import { type ClusterLab, startCluster } from './kubernetes/cluster.ts';
import { cleanUpDeadLabs, closeScope, openScope } from './leftovers.ts';
import { createFabric, type Fabric } from './network/fabric.ts';
import type { LabScope, Pace } from './scope.ts';
import { settleAll } from './settle-all.ts';
import { startTemporal, type TemporalServer } from './temporal/dev-server.ts';
import { providePrograms } from './tools/programs.ts';

export interface LabOptions {
  /** Default `fast`. */
  readonly pace?: Pace;
  /** Default `oss`. */
  readonly calico?: Flavour;
  /** Whether the stand-ins take as long as Calico's programs do. Default `fast`: they do not. */
  readonly calicoPace?: CalicoPace;
  /** Whether Temporal serves its Web UI. Default true. */
  readonly ui?: boolean;
  /** File of Temporal's database, so that it survives a restart of the server; default: in memory. */
  readonly temporalDatabaseFile?: string;
  /** The worker's rights in Azure: a role definition. Default: deploy/azure-role.json. */
  readonly roleFile?: string;
  /** The worker's rights in the cluster: a folder of manifests. Default: deploy/kubernetes. */
  readonly deployFolder?: string;
  readonly onProgress?: (line: string) => void;
}

/** A lab under way: a stand-in Azure, a real cluster, a Calico stand-in and Temporal, joined by real packets. */
export interface Lab {
  readonly scope: LabScope;
  /** What the product under test is given: endpoints, credentials, files. */
  readonly environment: Readonly<Record<string, string>>;
  readonly azure: AzureLab;
  readonly cluster: ClusterLab;
  readonly calico: CalicoLab;
  readonly fabric: Fabric;
  readonly temporal: TemporalServer;
  /** Removes every trace. */
  stop(): Promise<void>;
}

const shipped = join(dirname(fileURLToPath(import.meta.url)), '..', 'deploy');

/** Starts a lab and resolves when every part answers. First cleans up after labs that were killed. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const report = options.onProgress ?? (() => {});
  const tools = await providePrograms(
    ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kubectl', 'temporal'],
    report,
  );
  for (const id of await cleanUpDeadLabs()) report(`cleaned up after lab ${id}, which was killed`);
  const scope = await openScope({ pace: options.pace ?? 'fast', calico: options.calico ?? 'oss' });
  const stops: (() => Promise<void>)[] = [() => closeScope(scope)];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const one of stops.splice(0).reverse()) await one().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, `lab ${scope.id} could not be stopped cleanly`);
  };
  /** Remembers how to stop a part that has been started. */
  const remember = <T extends { stop(): Promise<void> }>(name: string, part: T): T => {
    stops.push(() => part.stop());
    report(`${name} ready`);
    return part;
  };
  try {
    return { ...(await startParts(scope, options, tools, remember)), stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

async function startParts(
  scope: LabScope,
  options: LabOptions,
  tools: Awaited<ReturnType<typeof providePrograms>>,
  remember: <T extends { stop(): Promise<void> }>(name: string, part: T) => T,
): Promise<Omit<Lab, 'stop'>> {
  const installation = await chooseCalico(scope, options.calicoPace ?? 'fast');
  const authority = await createAuthority(join(scope.directory, 'certificates'));
  const {
    ui = true,
    temporalDatabaseFile,
    roleFile = join(shipped, 'azure-role.json'),
    deployFolder = join(shipped, 'kubernetes'),
  } = options;
  const database = temporalDatabaseFile ? { databaseFile: temporalDatabaseFile } : {};
  const temporalStart = startTemporal({ scope, program: tools.temporal, ui, ...database }).then((server) =>
    remember('Temporal', server),
  );
  const [fabric] = await settleAll([createFabric(scope).then((part) => remember('network', part))]);
  const cluster = startCluster({
    scope,
    authority,
    fabric,
    programs: tools,
    crds: installation.crds,
    proxyMode: installation.proxyMode,
    deployFolder,
  }).then((part) => remember('cluster', part));
  const azure = startAzure({
    scope,
    authority,
    dataPlane: fabric,
    userKubeconfig: async () => (await cluster).userKubeconfig(),
    roleFile,
  }).then((part) => remember('Azure', part));
  const calico = cluster.then(async (part) => {
    const kubeConfig = part.clientFor('calico');
    const onError = logTo(join(scope.logs, 'calico.log'));
    return remember(
      installation.name,
      await installation.start({ api: part.api, kubeConfig, nodes: fabric.nodes, onError }),
    );
  });
  const [temporal, clusterLab, azureLab, calicoLab] = await settleAll([temporalStart, cluster, azure, calico]);
  const environment = createEnvironment(scope, {
    temporal,
    cluster: clusterLab,
    azure: azureLab,
    fabric,
    caFile: authority.caFile,
    kubectl: tools.kubectl,
    temporalCli: tools.temporal,
  });
  return { scope, environment, azure: azureLab, cluster: clusterLab, calico: calicoLab, fabric, temporal };
}

/** Logs the failures that a stand-in retries, one a line. */
const logTo =
  (file: string) =>
  (error: unknown): void =>
    appendFileSync(file, `${new Date().toISOString()} ${error instanceof Error ? error.message : String(error)}\n`);
