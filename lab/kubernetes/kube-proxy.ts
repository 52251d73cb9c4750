import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeNet } from '../network/nodes.ts';
import { type Child, startChild } from '../process/child.ts';
import type { LabScope } from '../scope.ts';
import type { KubernetesObject } from './api.ts';
import type { NodeAgent } from './node-agents.ts';

/** The first needs the packages iptables, ipset and conntrack. */
export type ProxyMode = 'iptables' | 'nftables';

export interface KubeProxyOptions {
  readonly scope: LabScope;
  readonly mode: ProxyMode;
  readonly program: string;
  /** The same for all nodes: each reaches the API server at its own 127.0.0.1 through the relay. */
  readonly kubeconfigFile: string;
  readonly agent: NodeAgent;
}

/**
 * Starts a real kube-proxy in the node's namespace; ready when it has written its first rules. The Node object must
 * have its InternalIP.
 */
export function startKubeProxy({ scope, mode, program, kubeconfigFile, agent }: KubeProxyOptions): Promise<Child> {
  const { node } = agent;
  const configFile = join(scope.directory, 'kubernetes', `kube-proxy-${node.index}.json`);
  writeFileSync(configFile, JSON.stringify(createConfiguration(mode, node, kubeconfigFile)));
  return startChild({
    name: `kube-proxy-${node.index}`,
    command: [program, '--config', configFile],
    netns: node.netns,
    logFile: join(scope.logs, `kube-proxy-${node.index}.log`),
    ready: async () => (await agent.probe('http://127.0.0.1:10256/healthz', 1000)) === undefined,
  });
}

/** The shared part of the nodes' configuration where clusters keep it, for clients that look up the mode. */
export const createKubeProxyConfigMap = (mode: ProxyMode): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'kube-proxy', namespace: 'kube-system', labels: { app: 'kube-proxy' } },
  data: { 'config.conf': JSON.stringify(createConfiguration(mode, undefined, '/var/lib/kube-proxy/kubeconfig.conf')) },
});

function createConfiguration(mode: ProxyMode, node: NodeNet | undefined, kubeconfig: string): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode,
    [mode]: { minSyncPeriod: '100ms' },
    ...(node && { hostnameOverride: node.name }),
    clientConnection: { kubeconfig },
    clusterCIDR: '10.244.0.0/16',
    // nf_conntrack_max is read-only in a namespace; 0 leaves these alone
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    metricsBindAddress: '127.0.0.1:10249',
    healthzBindAddress: '0.0.0.0:10256',
  };
}
