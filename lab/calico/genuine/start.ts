/** Starts genuine Calico on the lab's nodes, in place of the stand-ins. */
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node';
import { type Child, readTail, startChild } from '../../process/child.ts';
import { runIn } from '../../process/run.ts';
import type { LabScope } from '../../scope.ts';
import { settleAll } from '../../settle-all.ts';
import type { CalicoLab } from '../start.ts';
import type { CalicoPrograms } from './programs.ts';

export interface GenuineOptions {
  readonly scope: LabScope;
  readonly programs: CalicoPrograms;
  /** A user that may do what Calico's programs do. Its server is the same on all nodes. */
  readonly kubeConfig: KubeConfig;
  /** kube-controllers runs on the first. */
  readonly nodes: readonly { readonly name: string; readonly netns: string }[];
  /** Whether kube-controllers has reported its configuration. */
  isConfigurationReported(): Promise<boolean>;
  /** Called when a program has ended for good. */
  onError(error: unknown): void;
}

/** Starts a Felix on each node, and kube-controllers on the first; ready when all of them are. */
export async function startGenuineCalico(options: GenuineOptions): Promise<CalicoLab> {
  const { scope, programs, kubeConfig, nodes, isConfigurationReported, onError } = options;
  const kubeconfigFile = join(scope.directory, 'calico.kubeconfig');
  await writeFile(kubeconfigFile, kubeConfig.exportConfig(), { mode: 0o600 });
  const folders = await createPrivateFolders();
  const children: Child[] = [];
  let isStopping = false;
  const stop = async (): Promise<void> => {
    isStopping = true;
    await Promise.all(children.map((child) => child.stop(0)));
    for (const folder of folders) await rmdir(folder).catch(() => {}); // another lab uses it
  };
  const start = async (program: Program): Promise<void> => {
    const logFile = join(scope.logs, `${program.name}.log`);
    const [shell, ...script] = keepRunning;
    const child = await startChild({ ...program, command: [shell, ...script, ...program.command], logFile });
    children.push(child);
    void child.ended.then(({ code, signal }) => {
      if (!isStopping) onError(new Error(`${program.name} ended (${signal ?? code}): ${readTail(logFile)}`));
    });
  };
  try {
    await settleAll([
      ...nodes.map((node) => start(describeFelix(programs, node, kubeconfigFile))),
      ...nodes.slice(0, 1).map(({ netns }) =>
        start({
          name: 'kube-controllers',
          command: [programs.kubeControllers, '-status-file', join(scope.directory, 'kube-controllers-status.json')],
          netns,
          env: { ...describeDatastore(programs, kubeconfigFile), ENABLED_CONTROLLERS: 'node' },
          ready: isConfigurationReported,
        }),
      ),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  const refuse = (): never => {
    throw new Error('Genuine Felix can be neither delayed nor distorted; run the lab without HEPFLOW_CALICO_PROGRAMS.');
  };
  return {
    setFelixDelayMs: (delayMs) => (delayMs === 0 ? undefined : refuse()),
    setFelixDistortion: async () => refuse(),
    stop,
  };
}

interface Program {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly netns: string;
  readonly env: Readonly<Record<string, string>>;
  readonly ready: () => Promise<boolean>;
}

const privateFolders = ['/var/lib/calico', '/var/run/calico'];

/** Where each program finds a file system of its own. Gives the folders that this machine did not have. */
async function createPrivateFolders(): Promise<string[]> {
  const created = await Promise.all(privateFolders.map((folder) => mkdir(folder, { recursive: true })));
  return privateFolders.filter((_, index) => created[index] !== undefined);
}

/**
 * Calico's programs end with 129 when their configuration has changed, and are started again at once, as by their
 * container. The mounts are seen by nobody else: `ip netns exec` gives every program its own.
 */
const keepRunning = [
  'sh',
  '-c',
  `for folder in ${privateFolders.join(' ')}; do mount -t tmpfs tmpfs "$folder" || exit; done
while :; do
  setpriv --pdeathsig KILL -- "$@"
  code=$?
  [ $code -eq 129 ] || exit $code
  echo "ended with 129: starting again"
done`,
  'keep-running',
] as const;

const describeDatastore = ({ apiVersion }: CalicoPrograms, kubeconfigFile: string): Record<string, string> => ({
  DATASTORE_TYPE: 'kubernetes',
  KUBECONFIG: kubeconfigFile,
  CALICO_API_GROUP: apiVersion,
});

/** Felix as on AKS, but for what namespaces cannot have: BPF programs, tunnels, IPv6, files outside. */
function describeFelix(
  programs: CalicoPrograms,
  node: { readonly name: string; readonly netns: string },
  kubeconfigFile: string,
): Program {
  return {
    name: `felix-${node.name}`,
    command: [programs.felix],
    netns: node.netns,
    env: {
      ...describeDatastore(programs, kubeconfigFile),
      FELIX_DATASTORETYPE: 'kubernetes',
      FELIX_FELIXHOSTNAME: node.name,
      USE_POD_CIDR: 'true',
      ...(programs.dataplane === 'nftables'
        ? { FELIX_NFTABLESMODE: 'Enabled' }
        : { FELIX_NFTABLESMODE: 'Disabled', FELIX_IPTABLESBACKEND: 'NFT' }),
      FELIX_INTERFACEPREFIX: 'azv',
      FELIX_DEFAULTENDPOINTTOHOSTACTION: 'ACCEPT',
      FELIX_DebugSkipCTLBCleanup: 'true', // read by exactly this name
      FELIX_XDPENABLED: 'false',
      FELIX_BPFENABLED: 'false',
      FELIX_IPV6SUPPORT: 'false',
      FELIX_IPINIPENABLED: 'false',
      FELIX_VXLANENABLED: 'false',
      FELIX_ENDPOINTSTATUSPATHPREFIX: 'none',
      FELIX_LOGFILEPATH: 'None',
      FELIX_LOGSEVERITYFILE: 'None',
      FELIX_LOGSEVERITYSYS: 'None',
      FELIX_HEALTHENABLED: 'true',
      FELIX_HEALTHHOST: '127.0.0.1',
      FELIX_USAGEREPORTINGENABLED: 'false',
    },
    ready: () =>
      runIn(node.netns, ['curl', '-sf', '--max-time', '1', 'http://127.0.0.1:9099/readiness']).then(() => true),
  };
}
