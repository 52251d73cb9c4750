import type { Cluster } from '../../adapters/kubernetes/index.ts';
import { type Node, nodes } from '../../adapters/kubernetes/resources.ts';
import type { Problem } from '../../contract/failures.ts';
import type { Mission } from '../../contract/mission.ts';
import type { NodeSite } from '../../contract/site.ts';
import { foreignMark } from './foreign-mark.ts';
import { isReady } from './kubernetes-workload.ts';
import { type Findings, foundIn, look, problem } from './look.ts';

export interface NodeFindings extends Findings {
  readonly nodes?: readonly [NodeSite, NodeSite];
  readonly readyNodes: readonly string[];
}

/** Two ready Linux nodes to judge: the named ones, filled up with the first by name. */
export async function inspectNodes(cluster: Cluster, mission: Pick<Mission, 'nodes' | 'label'>, runId: string): Promise<NodeFindings> {
  const all = foundIn(await look(cluster.list(nodes)));
  if (all === undefined) return { problems: [], warnings: [], readyNodes: [] };
  const ready = all.filter(isUsable).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const chosen = [
    ...mission.nodes.flatMap((name) => ready.find(({ metadata }) => metadata.name === name) ?? []),
    ...ready.filter(({ metadata }) => !mission.nodes.includes(metadata.name)),
  ].slice(0, 2);
  const problems = [...namedProblems(all, mission.nodes), ...chosen.flatMap((node) => foreignMark(node, `Node ${node.metadata.name}`, runId))];
  if (ready.length < 2)
    problems.push(problem('NotEnoughNodes', 'nodes', `The cluster has ${ready.length} ready Linux nodes with an InternalIP; two are needed.`));
  const readyNodes = ready.map(({ metadata }) => metadata.name);
  const [first, second] = chosen.map((node) => siteOf(node, mission.label.key));
  return { problems, warnings: [], readyNodes, ...(first === undefined || second === undefined ? {} : { nodes: [first, second] as const }) };
}

function namedProblems(all: readonly Node[], named: readonly string[]): Problem[] {
  return named.flatMap((name, index) => {
    const node = all.find(({ metadata }) => metadata.name === name);
    if (node === undefined) return [problem('NodeNotFound', `nodes.${index}`, `Node ${name} does not exist.`)];
    return isUsable(node) ? [] : [problem('NodeNotReady', `nodes.${index}`, `Node ${name} is not a ready Linux node with an InternalIP.`)];
  });
}

/** Virtual nodes (ACI) run no kube-proxy and no Calico. */
function isUsable(node: Node): boolean {
  const os = node.metadata.labels?.['kubernetes.io/os'] ?? node.status?.nodeInfo?.operatingSystem;
  return os === 'linux' && node.metadata.labels?.['type'] !== 'virtual-kubelet' && isReady(node.status?.conditions) && internalIpOf(node) !== undefined;
}

/** The IPv4 one of dual-stack nodes: the VM's VNet is IPv4. */
const internalIpOf = (node: Node): string | undefined =>
  node.status?.addresses?.find(({ type, address }) => type === 'InternalIP' && address !== undefined && !address.includes(':'))?.address;

const siteOf = (node: Node, key: string): NodeSite => ({
  name: node.metadata.name,
  internalIp: internalIpOf(node) ?? '',
  priorLabel: Object.hasOwn(node.metadata.labels ?? {}, key) ? (node.metadata.labels?.[key] ?? null) : null,
});
