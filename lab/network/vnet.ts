import { addresses, cluster, type LabScope, nameNetns } from '../scope.ts';
import { nameEdge } from './internet.ts';
import { enableProxyArp, type LinkEnd, link, runIp, shortenName, unlink } from './links.ts';
import { createNamespace, deleteNamespaces } from './namespaces.ts';
import type { LinkAddresses } from './transit.ts';

/** Lower-case ARM id of the cluster's VNet, which the fabric has from the start. */
export const clusterVnetId = [
  `/subscriptions/${cluster.subscriptionId}/resourceGroups/${cluster.nodeResourceGroup}`,
  `/providers/Microsoft.Network/virtualNetworks/${cluster.vnetName}`,
]
  .join('')
  .toLowerCase();

/**
 * A VNet is a routing namespace of its own, so two VNets may use the same addresses, and a peering is a link between
 * two of them: without it there is no route. Its interfaces: `nodes` (bridge, cluster VNet only), `edge` (to the
 * internet), `vm<hash>` for each machine, `peer<hash>` for each connected VNet.
 */
export interface Vnet {
  readonly id: string;
  readonly netns: string;
  /** Interfaces of its machines, by lower-case VM id. */
  readonly machines: Map<string, MachineLink>;
  /** Addresses of its link to the edge; the cluster's VNet has none. */
  readonly edge?: LinkAddresses;
}

export interface MachineLink {
  /** The interface on the VNet's side. */
  readonly name: string;
  readonly privateAddress: string;
}

/**
 * The cluster's VNet: a bridge that holds the gateway; the nodes are its ports. Its path to the internet is not
 * emulated.
 */
export async function createClusterVnet(scope: LabScope): Promise<{ vnet: Vnet; bridge: LinkEnd }> {
  const vnet: Vnet = { id: clusterVnetId, netns: nameNetns(scope, 'vnet-cluster'), machines: new Map() };
  await createNamespace(vnet.netns, true);
  await runIp(
    vnet.netns,
    'link add nodes type bridge',
    'link set nodes up',
    `addr add ${addresses.clusterGateway}/${addresses.clusterVnet.split('/')[1]} dev nodes`,
    'route add blackhole default',
  );
  return { vnet, bridge: { netns: vnet.netns, name: 'nodes' } };
}

/** Creates a VNet with its link to the edge. */
export async function createVnet(scope: LabScope, id: string, transit: LinkAddresses): Promise<Vnet> {
  const hash = shortenName(id, 8);
  const vnet: Vnet = { id, netns: nameNetns(scope, `vnet-${hash}`), machines: new Map(), edge: transit };
  await createNamespace(vnet.netns, true);
  await connect({ netns: vnet.netns, name: 'edge' }, locateEdgeEnd(scope, id), transit);
  await runIp(vnet.netns, `route add default via ${transit.far} dev edge onlink`);
  return vnet;
}

export async function deleteVnet(scope: LabScope, vnet: Vnet): Promise<void> {
  await unlink(locateEdgeEnd(scope, vnet.id));
  await deleteNamespaces([vnet.netns]);
}

/** The edge's interface towards a VNet. */
export const locateEdgeEnd = (scope: LabScope, vnetId: string): LinkEnd => ({
  netns: nameEdge(scope),
  name: `vnet${shortenName(vnetId, 8)}`,
});

/**
 * Links a machine's namespace to its VNet. Every packet of it is routed, even to its own subnet, so that security
 * groups see them all; Azure's fabric does the same and answers every ARP request itself.
 */
export async function plugIn(
  vnet: Vnet,
  vmId: string,
  machine: string,
  address: { privateAddress: string; subnetPrefix: string },
): Promise<void> {
  const [network = '', length = ''] = address.subnetPrefix.split('/');
  const gateway = network.replace(/\d+$/, (last) => String(Number(last) + 1));
  const end = { netns: vnet.netns, name: `vm${shortenName(vmId, 8)}` };
  vnet.machines.set(vmId, { name: end.name, privateAddress: address.privateAddress });
  await link(end, { netns: machine, name: 'eth0' });
  await runIp(
    end.netns,
    `addr add ${gateway}/32 dev ${end.name}`,
    `route add ${address.privateAddress}/32 dev ${end.name}`,
  );
  await enableProxyArp(end);
  await runIp(machine, `addr add ${address.privateAddress}/${length} dev eth0`, `route add default via ${gateway}`);
}

export async function unplug(vnet: Vnet, vmId: string): Promise<void> {
  const machine = vnet.machines.get(vmId);
  if (machine === undefined) return;
  await unlink({ netns: vnet.netns, name: machine.name });
  vnet.machines.delete(vmId);
}

/** Creates the link of a peering, with a route for each side's address space. */
export async function peer(
  near: Vnet,
  far: Vnet,
  spaces: { near: readonly string[]; far: readonly string[] },
  transit: LinkAddresses,
): Promise<void> {
  const [nearEnd, farEnd] = [locatePeerEnd(near, far.id), locatePeerEnd(far, near.id)];
  await connect(nearEnd, farEnd, transit);
  await runIp(
    near.netns,
    ...spaces.far.map((space) => `route add ${space} via ${transit.far} dev ${nearEnd.name} onlink`),
  );
  await runIp(
    far.netns,
    ...spaces.near.map((space) => `route add ${space} via ${transit.near} dev ${farEnd.name} onlink`),
  );
}

/** Deletes the link: packets stop at once, those of established connections too. */
export async function unpeer(near: Vnet, far: Vnet): Promise<void> {
  await unlink(locatePeerEnd(near, far.id));
}

const locatePeerEnd = (vnet: Vnet, farId: string): LinkEnd => ({
  netns: vnet.netns,
  name: `peer${shortenName(farId, 8)}`,
});

async function connect(near: LinkEnd, far: LinkEnd, transit: LinkAddresses): Promise<void> {
  await link(near, far);
  await runIp(near.netns, `addr add ${transit.near}/32 dev ${near.name}`);
  await runIp(far.netns, `addr add ${transit.far}/32 dev ${far.name}`);
}
