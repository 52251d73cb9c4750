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

/** The lab's network, made of namespaces and the cables between them. The host's own namespace gets no address, route, link or rule. */
export interface Fabric extends DataPlane {
  readonly nodes: readonly NodeNet[];
  attachPod(node: NodeNet, podName: string, podIp: string): Promise<PodNet>;
  /** Ends the pod's processes too. Unknown pods are fine. */
  detachPod(podName: string): Promise<void>;
  /** Afterwards 127.0.0.1:`hostPort` inside every node's namespace is the host's. */
  relayToNodes(hostPort: number): Promise<void>;
  /** HTTP CONNECT proxy into the internet, which the VMs' public addresses are reached from: `http://127.0.0.1:PORT`. */
  readonly proxyUrl: string;
  /** Ends and removes everything, also what runs inside. */
  stop(): Promise<void>;
}

export interface FabricOptions {
  /** From boot() to sshd's first answer. Default: 200 ms, or what Azure takes, scaled. */
  readonly bootDelayMs?: number;
}

/** Creates the network of a lab, with its three nodes. Whatever a failed start has made is gone again when this rejects. */
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
    attachPod: (node, podName, podIp) => pods.attach(node, podName, podIp),
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
