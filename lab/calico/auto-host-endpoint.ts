import { createHash } from 'node:crypto';
import type { V1Node } from '@kubernetes/client-node';
import ipaddr from 'ipaddr.js';
import type { HostEndpoint } from './objects.ts';

const createdBy = 'projectcalico.org/created-by';
const creator = 'calico-kube-controllers';

/** Whether a host endpoint was made for a node, not by a user. */
export const isAutomatic = ({ metadata }: HostEndpoint): boolean => metadata.labels?.[createdBy] === creator;

/** `<node>-auto-hep`; a hash where that would be longer than a name may be. */
export function nameAutoHostEndpoint(node: string): string {
  const name = `${node}-auto-hep`;
  return name.length <= 253 ? name : `${createHash('sha256').update(node).digest('hex')}-auto-hep`;
}

/**
 * Creates the host endpoint that kube-controllers makes for a node: all interfaces, its InternalIPs, all its labels and
 * who created it. Neither external addresses nor invalid ones are in it.
 */
export function createAutoHostEndpoint(node: V1Node): HostEndpoint {
  const name = node.metadata?.name ?? '';
  const internal = (node.status?.addresses ?? [])
    .filter(({ type, address }) => type === 'InternalIP' && ipaddr.isValid(address))
    .map(({ address }) => address);
  const expectedIPs = [...new Set(internal)];
  return {
    metadata: { name: nameAutoHostEndpoint(name), labels: { ...node.metadata?.labels, [createdBy]: creator } },
    spec: {
      node: name,
      interfaceName: '*',
      profiles: ['projectcalico-default-allow'],
      ...(expectedIPs.length > 0 && { expectedIPs }),
    },
  };
}
