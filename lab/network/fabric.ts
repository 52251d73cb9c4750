/**
 * The network of a lab, in network namespaces.
 *
 * - namespaces.ts    creates and deletes namespaces, with the processes in them
 * - links.ts         veth pairs; transit.ts: their link-local addresses
 * - nodes.ts         the cluster's nodes; pods.ts: the pods on them; relay.ts: the API server's port inside nodes
 * - internet.ts      Azure's edge and the internet behind it; proxy-program.ts: the proxy that runs there
 * - vnet.ts          a VNet as a routing namespace: machines and peerings are links of it
 * - ruleset.ts       security groups and public addresses as nftables rules; public-routes.ts: the edge's routes
 * - azure-network.ts enforces Azure's network state with all of these, and boots machines
 *
 * A life: internet and cluster VNet are created, then the nodes. Azure's state is enforced whenever it changes; a VNet
 * gets a namespace with its first machine. `stop` ends the machines and deletes every namespace of the lab.
 */

import type { DataPlane } from '../azure/network/data-plane.ts';
import { type LabScope, readPaceScale } from '../scope.ts';
import { settleAll } from '../settle-all.ts';
import { AzureNetwork } from './azure-network.ts';
import { createInternet, type InternetProxy, startProxy } from './internet.ts';
import { deleteNamespaces, listNamespaces } from './namespaces.ts';
import { createNode, listNodes, type NodeNet } from './nodes.ts';
import { type PodNet, Pods } from './pods.ts';
import { type Relay, relayToNodes } from './relay.ts';
import { createClusterVnet } from './vnet.ts';

/**
 * The lab's network, made of namespaces and the links between them. The host's own namespace gets no address, route,
 * link or rule.
 */
export interface Fabric extends DataPlane {
  readonly nodes: readonly NodeNet[];
  /** Names are unique in the lab; the namespace is by default `default`. */
  attachPod(node: NodeNet, podName: string, podIp: string, namespace?: string): Promise<PodNet>;
  /** Ends the pod's processes too. Unknown pods are fine. */
  detachPod(podName: string): Promise<void>;
  /** Afterwards 127.0.0.1:`hostPort` inside every node's namespace is the host's. */
  relayToNodes(hostPort: number): Promise<void>;
  /**
   * HTTP CONNECT proxy into the internet, from which the VMs' public addresses are reached: `http://127.0.0.1:PORT`.
   */
  readonly proxyUrl: string;
  /** Ends and removes everything, also what runs inside. */
  stop(): Promise<void>;
}

export interface FabricOptions {
  /** From boot() to sshd's first answer. Default: 200 ms, or what Azure takes, scaled. */
  readonly bootDelayMs?: number;
}

/** Creates the network of a lab, with its three nodes. A failed start is undone before this rejects. */
export async function createFabric(scope: LabScope, options: FabricOptions = {}): Promise<Fabric> {
  const parts: { stop(): Promise<void> }[] = [];
  try {
    return await buildFabric(scope, options.bootDelayMs ?? chooseBootDelayMs(scope), parts);
  } catch (error) {
    await tearDown(scope, parts);
    throw error;
  }
}

async function buildFabric(scope: LabScope, bootDelay: number, parts: { stop(): Promise<void> }[]): Promise<Fabric> {
  const nodes = listNodes(scope);
  const [proxy, { vnet, bridge }] = await settleAll([startInternet(scope, parts), createClusterVnet(scope)]);
  await settleAll(nodes.map((node) => createNode(node, nodes, bridge)));
  const azure = new AzureNetwork(scope, vnet, bootDelay);
  parts.push(azure);
  await azure.apply({ vnets: [], interfaces: [] });
  const pods = new Pods(scope);
  return {
    nodes,
    proxyUrl: proxy.url,
    apply: (state) => azure.apply(state),
    boot: (vm) => azure.boot(vm),
    destroy: (vmId) => azure.destroy(vmId),
    attachPod: (...pod) => pods.attach(...pod),
    detachPod: (podName) => pods.detach(podName),
    relayToNodes: async (hostPort) => {
      const relay: Relay = await relayToNodes(scope, nodes, hostPort);
      parts.push(relay);
    },
    stop: () => tearDown(scope, parts),
  };
}

async function startInternet(scope: LabScope, parts: { stop(): Promise<void> }[]): Promise<InternetProxy> {
  await createInternet(scope);
  const proxy = await startProxy(scope);
  parts.push(proxy);
  return proxy;
}

async function tearDown(scope: LabScope, parts: { stop(): Promise<void> }[]): Promise<void> {
  const stopped = await Promise.allSettled(parts.splice(0).map((part) => part.stop()));
  await deleteNamespaces(await listNamespaces(scope.id));
  for (const result of stopped) if (result.status === 'rejected') throw result.reason;
}

/** sshd answers about 15 s after Azure reports a VM as created. */
function chooseBootDelayMs(scope: LabScope): number {
  return scope.pace === 'fast' ? 200 : 15_000 * readPaceScale();
}
