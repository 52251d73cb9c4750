import type { FelixConfigurationSpec, ProtoPort } from '../objects.ts';
import type { Script } from './script.ts';

const tcp = (...ports: readonly number[]): ProtoPort[] => ports.map((port) => ({ protocol: 'TCP', port }));
const udp = (...ports: readonly number[]): ProtoPort[] => ports.map((port) => ({ protocol: 'UDP', port }));

/** Calico's defaults: SSH, BGP, etcd, Typha, the API server; DHCP and DNS. The kubelet's 10250 is not among them. */
export const defaultFailsafePorts: { readonly inbound: readonly ProtoPort[]; readonly outbound: readonly ProtoPort[] } =
  {
    inbound: [...tcp(22, 179, 2379, 2380, 5473, 6443, 6666, 6667), ...udp(68)],
    outbound: [...tcp(179, 2379, 2380, 5473, 6443, 6666, 6667), ...udp(53, 67)],
  };

/**
 * Adds the chain that accepts a host endpoint's failsafe ports finally. Before connection tracking (`untracked`),
 * answers to the other direction's ports need it too.
 */
export function addFailsafeChain(
  script: Script,
  configuration: FelixConfigurationSpec,
  direction: 'in' | 'out',
  untracked: boolean,
): string {
  return script.chain(`failsafe-${direction}${untracked ? '-untracked' : ''}`, () => {
    const inbound = configuration.failsafeInboundHostPorts ?? defaultFailsafePorts.inbound;
    const outbound = configuration.failsafeOutboundHostPorts ?? defaultFailsafePorts.outbound;
    const [own, other] = direction === 'in' ? [inbound, outbound] : [outbound, inbound];
    const address = direction === 'in' ? 'saddr' : 'daddr';
    return [
      ...own.flatMap((port) => acceptPort(port, 'dport', address)),
      ...(untracked ? other.flatMap((port) => acceptPort(port, 'sport', address)) : []),
    ];
  });
}

function acceptPort(
  { protocol, port, net }: ProtoPort,
  field: 'dport' | 'sport',
  address: 'saddr' | 'daddr',
): string[] {
  if (net?.includes(':')) return []; // IPv6
  return [`${net === undefined ? '' : `ip ${address} ${net} `}${protocol.toLowerCase()} ${field} ${port} accept`];
}
