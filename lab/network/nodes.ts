import { addresses, cluster, type LabScope, nameNetns } from '../scope.ts';
import { type LinkEnd, link, runIp } from './links.ts';
import { createNamespace } from './namespaces.ts';

/** A node's place in the network. */
export interface NodeNet {
  readonly index: number;
  /** The node's name in the cluster. */
  readonly name: string;
  readonly netns: string;
  /** InternalIP. */
  readonly address: string;
  /** Its pods' addresses. */
  readonly podCidr: string;
}

export function listNodes(scope: LabScope): NodeNet[] {
  return cluster.nodeNames.map((name, index) => ({
    index,
    name,
    netns: nameNetns(scope, `node-${index}`),
    address: addresses.nodes[index] ?? '',
    podCidr: addresses.podCidrs[index] ?? '',
  }));
}

/**
 * Makes the node's namespace and plugs it into the cluster VNet's bridge. It forwards packets and has routes to the
 * other nodes' pods.
 */
export async function createNode(node: NodeNet, all: readonly NodeNet[], bridge: LinkEnd): Promise<void> {
  await createNamespace(node.netns, true);
  const port = { netns: bridge.netns, name: `node-${node.index}` };
  await link(port, { netns: node.netns, name: 'eth0' });
  await runIp(bridge.netns, `link set ${port.name} master ${bridge.name}`);
  await runIp(
    node.netns,
    `addr add ${node.address}/${addresses.clusterVnet.split('/')[1]} dev eth0`,
    `route add default via ${addresses.clusterGateway}`,
    ...all.filter((other) => other !== node).map((other) => `route add ${other.podCidr} via ${other.address}`),
  );
}
