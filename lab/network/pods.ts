import { createHash } from 'node:crypto';
import { type LabScope, nameNetns } from '../scope.ts';
import { enableProxyArp, type LinkEnd, link, runIp, unlink } from './links.ts';
import { createNamespace, deleteNamespaces } from './namespaces.ts';
import type { NodeNet } from './nodes.ts';

/** What a pod's processes need to start in its network. */
export interface PodNet {
  readonly netns: string;
  /** The pod's interface on its node. */
  readonly interfaceName: string;
}

/** The node's end of a pod's link, as Calico computes it where the CNI plug-in does not tell it. */
export function nameInterface(namespace: string, podName: string): string {
  return `azv${createHash('sha1').update(`${namespace}.${podName}`).digest('hex').slice(0, 11)}`;
}

/** The gateway of every pod, as Calico has it: an address that no interface has and for which the node answers ARP. */
const gateway = '169.254.1.1';

/** The pods of one lab. */
export class Pods {
  readonly #scope: LabScope;
  readonly #ends = new Map<string, LinkEnd>();

  constructor(scope: LabScope) {
    this.#scope = scope;
  }

  /** Makes the pod's namespace, linked to its node the way AKS does it: a veth named `azv…` and a /32 route. */
  async attach(node: NodeNet, podName: string, podIp: string, namespace = 'default'): Promise<PodNet> {
    if (this.#ends.has(podName)) throw new Error(`Pod ${podName} is attached already.`);
    const pod = { netns: this.#netns(podName), name: 'eth0' };
    const end = { netns: node.netns, name: nameInterface(namespace, podName) };
    this.#ends.set(podName, end);
    try {
      await createNamespace(pod.netns);
      await link(end, pod);
      await runIp(
        pod.netns,
        `addr add ${podIp}/32 dev eth0`,
        `route add ${gateway} dev eth0 scope link`,
        `route add default via ${gateway}`,
      );
      await enableProxyArp(end);
      await runIp(node.netns, `route add ${podIp}/32 dev ${end.name}`);
    } catch (error) {
      await this.detach(podName);
      throw error;
    }
    return { netns: pod.netns, interfaceName: end.name };
  }

  /** Ends the pod's processes and takes its namespace and link away. Unknown pods are fine. */
  async detach(podName: string): Promise<void> {
    const end = this.#ends.get(podName);
    if (end === undefined) return;
    await unlink(end);
    await deleteNamespaces([this.#netns(podName)]);
    this.#ends.delete(podName);
  }

  #netns(podName: string): string {
    return nameNetns(this.#scope, `pod-${podName}`);
  }
}
