/**
 * kube-proxy's mode, where it can be read: from its ConfigMap (kubeadm and others), else from the command of its
 * DaemonSet (AKS).
 */

import { parse } from 'yaml';
import type { Cluster } from '../../adapters/kubernetes/index.ts';
import { configMaps, type DaemonSet, daemonSets } from '../../adapters/kubernetes/resources.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import { formCommand } from '../../contract/shell.ts';
import { look, takeFound, tellInfo, tellOk } from '../look.ts';
import { kubeProxy } from '../rights.ts';

export async function inspectKubeProxy(cluster: Cluster): Promise<readonly Diagnosis[]> {
  const { name, namespace } = kubeProxy;
  const [config, daemonSet] = await Promise.all([
    look(cluster.find(configMaps, name, namespace)),
    look(cluster.find(daemonSets, name, namespace)),
  ]);
  const mode = modeInConfig(takeFound(config)?.data?.['config.conf']) ?? modeInCommand(takeFound(daemonSet));
  if (mode !== undefined) return [modeFinding(mode)];
  const why =
    config === 'unknown' || daemonSet === 'unknown'
      ? `Not readable: the credential may not read ConfigMap and DaemonSet ${name} in namespace ${namespace}.`
      : `There is neither a ConfigMap nor a DaemonSet ${name} in namespace ${namespace} that tells the mode: ` +
        `Calico's eBPF data plane or another program may do its work.`;
  return [
    tellInfo(
      'kubeProxy',
      why,
      'To see it: ' +
        formCommand('kubectl', '--namespace', namespace, 'get', 'configmap,daemonset', name, '--output', 'yaml'),
    ),
  ];
}

function modeFinding(mode: string): Diagnosis {
  if (mode === 'iptables')
    return tellOk('kubeProxy', 'kube-proxy runs in mode iptables: its DNAT comes after the hook of preDNAT policies.');
  if (mode === 'nftables')
    return tellInfo(
      'kubeProxy',
      "kube-proxy runs in mode nftables: its DNAT comes after the hook of preDNAT policies, though Calico's " +
        'own tests of these skip that mode.',
    );
  return tellInfo('kubeProxy', `kube-proxy runs in mode ${mode}, with which hepflow is not tested.`);
}

/** An absent or empty mode is iptables on Linux. */
const orDefault = (mode: unknown): string => (typeof mode === 'string' && mode !== '' ? mode : 'iptables');

function modeInConfig(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    const config: unknown = parse(text);
    return typeof config === 'object' && config !== null
      ? orDefault('mode' in config ? config.mode : undefined)
      : undefined;
  } catch {
    return undefined;
  }
}

/** A command with a configuration file does not tell the mode. */
function modeInCommand(daemonSet: DaemonSet | undefined): string | undefined {
  const [container] = daemonSet?.spec?.template?.spec?.containers ?? [];
  if (container === undefined) return undefined;
  const words = [...(container.command ?? []), ...(container.args ?? [])].flatMap((word) => word.split(/\s+/));
  if (words.some((word) => /^--config(=|$)/.test(word))) return undefined;
  const at = words.findIndex((word) => /^--proxy-mode(=|$)/.test(word));
  return orDefault(at < 0 ? undefined : (/=(.*)$/.exec(words[at] ?? '')?.[1] ?? words[at + 1]));
}
