import type { Cluster } from '../../adapters/kubernetes/index.ts';
import { type Node, nodes, pods } from '../../adapters/kubernetes/resources.ts';
import { countThings, enumerate } from '../../contract/brief.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Mission } from '../../contract/mission.ts';
import type { NodeSite } from '../../contract/site.ts';
import { findForeignMark } from '../foreign-mark.ts';
import { look, takeFound, tellInfo, tellOk, tellProblem } from '../look.ts';
import { isReady } from '../workload/index.ts';

export interface NodeFindings {
  readonly findings: readonly Diagnosis[];
  /** As many as are asked for; absent: there are fewer. */
  readonly nodes?: readonly NodeSite[];
  readonly readyNodes: readonly string[];
}

/** The nodes, as far as they may be read. */
export interface NodesSeen {
  readonly all: readonly Node[];
  /** Names of those whose calico-node is known not to be ready; none where its pods cannot be seen. */
  readonly withoutCalico: ReadonlySet<string>;
}

/** Undefined: nodes may not be read. */
export async function readNodes(cluster: Cluster): Promise<NodesSeen | undefined> {
  const labelSelector = 'k8s-app=calico-node';
  const [reading, running] = await Promise.all([
    look(cluster.list(nodes)),
    look(cluster.list(pods, { labelSelector })),
  ]);
  const all = takeFound(reading);
  if (all === undefined) return undefined;
  const ofCalico = (takeFound(running) ?? []).filter(({ metadata }) => metadata.labels?.['k8s-app'] === 'calico-node');
  const ready = new Set(ofCalico.filter(({ status }) => isReady(status?.conditions)).map(({ spec }) => spec?.nodeName));
  const names = all.map(({ metadata }) => metadata.name);
  return { all, withoutCalico: new Set(ofCalico.length === 0 ? [] : names.filter((name) => !ready.has(name))) };
}

type WantedNodes = Pick<Mission, 'nodes' | 'label'> & {
  /** How many nodes are judged. */
  readonly count: number;
};

/** Ready Linux nodes to judge: the named ones, filled up with the first by name. */
export function chooseNodes(
  { all, withoutCalico }: NodesSeen,
  named: readonly string[],
  count: number,
): readonly Node[] {
  const ready = listReady(all, withoutCalico);
  return [
    ...named.flatMap((name) => ready.find(({ metadata }) => metadata.name === name) ?? []),
    ...ready.filter(({ metadata }) => !named.includes(metadata.name)),
  ].slice(0, count);
}

const listReady = (all: readonly Node[], withoutCalico: ReadonlySet<string>): readonly Node[] =>
  all
    .filter((node) => isUsable(node) && describeUnfitness(node, withoutCalico) === undefined)
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));

export async function inspectNodes(
  reading: Promise<NodesSeen | undefined>,
  mission: WantedNodes,
  runId: string,
): Promise<NodeFindings> {
  const seen = await reading;
  if (seen === undefined) return { findings: [], readyNodes: [] };
  const ready = listReady(seen.all, seen.withoutCalico);
  const chosen = chooseNodes(seen, mission.nodes, mission.count);
  const wrong = [
    ...namedProblems(seen, mission.nodes),
    ...chosen.flatMap((node) => findForeignMark('nodes', node, `Node ${node.metadata.name}`, runId)),
  ];
  if (ready.length < mission.count)
    wrong.push(
      tellProblem(
        'nodes',
        'NotEnoughNodes',
        'nodes',
        `The cluster has ${ready.length} ready Linux nodes with an InternalIP that stay and run Calico; ` +
          `${mission.count} are needed.`,
      ),
    );
  const names = chosen.map(({ metadata }) => metadata.name);
  const right =
    wrong.length > 0
      ? []
      : [
          tellOk(
            'nodes',
            `Of ${countThings(ready.length, 'ready Linux node')}, ${enumerate(names)} will be judged.`,
            '',
            'nodes',
          ),
        ];
  const readyNodes = ready.map(({ metadata }) => metadata.name);
  return {
    findings: [
      ...wrong,
      ...right,
      ...describePassedOver(seen, mission.nodes),
      ...chosen.flatMap((node) => describeLabel(node, mission.label)),
    ],
    readyNodes,
    ...(chosen.length < mission.count ? {} : { nodes: chosen.map(describeSite) }),
  };
}

function describeLabel(
  { metadata: { name, labels = {} } }: Node,
  { key, value }: Mission['label'],
): readonly Diagnosis[] {
  if (!Object.hasOwn(labels, key)) return [];
  const prior = labels[key];
  const then = prior === value ? 'as the run would write it' : `which the run replaces by ${value} and puts back`;
  return [tellInfo('nodes', `Node ${name} has the label ${key}=${prior} already, ${then}.`, '', 'label')];
}

function namedProblems({ all, withoutCalico }: NodesSeen, named: readonly string[]): Diagnosis[] {
  return named.flatMap((name, index) => {
    const node = all.find(({ metadata }) => metadata.name === name);
    if (node === undefined)
      return [tellProblem('nodes', 'NodeNotFound', `nodes.${index}`, `Node ${name} does not exist.`)];
    const why = isUsable(node)
      ? describeUnfitness(node, withoutCalico)
      : 'is not a ready Linux node with an InternalIP';
    return why === undefined ? [] : [tellProblem('nodes', 'NodeNotReady', `nodes.${index}`, `Node ${name} ${why}.`)];
  });
}

function isUsable(node: Node): boolean {
  const os = node.metadata.labels?.['kubernetes.io/os'] ?? node.status?.nodeInfo?.operatingSystem;
  return os === 'linux' && isReady(node.status?.conditions) && findInternalIp(node) !== undefined;
}

/** Taints of a node that is about to go: Karpenter's, and the cluster autoscaler's. */
const leaving =
  /^(karpenter\.sh\/disrupt(ed|ion)|ToBeDeletedByClusterAutoscaler|DeletionCandidateOfClusterAutoscaler)$/;

/** Why a ready node cannot be judged; undefined: it can. */
function describeUnfitness({ metadata, spec }: Node, withoutCalico: ReadonlySet<string>): string | undefined {
  const taints = (spec?.taints ?? []).map(({ key }) => key);
  // Both generations of AKS virtual nodes have the taint; they run neither kube-proxy nor Calico.
  if (metadata.labels?.['type'] === 'virtual-kubelet' || taints.includes('virtual-kubelet.io/provider'))
    return 'is a virtual node';
  if (metadata.deletionTimestamp !== undefined) return 'is being deleted';
  const taint = taints.find((key) => leaving.test(key));
  if (taint !== undefined) return `is about to go (taint ${taint})`;
  if (spec?.unschedulable === true) return 'is cordoned';
  return withoutCalico.has(metadata.name) ? 'runs no ready calico-node' : undefined;
}

/** Ready nodes that are not judged and why, the named ones apart, which are problems. */
function describePassedOver({ all, withoutCalico }: NodesSeen, named: readonly string[]): readonly Diagnosis[] {
  const found = all.filter(isUsable).flatMap((node) => {
    const why = describeUnfitness(node, withoutCalico);
    return why === undefined || named.includes(node.metadata.name) ? [] : [`${node.metadata.name} ${why}`];
  });
  return found.length === 0 ? [] : [tellInfo('nodes', `Passed over: ${enumerate(found)}.`)];
}

/** The IPv4 one of dual-stack nodes: the VM's VNet is IPv4. */
const findInternalIp = (node: Node): string | undefined =>
  node.status?.addresses?.find(
    ({ type, address }) => type === 'InternalIP' && address !== undefined && !address.includes(':'),
  )?.address;

const describeSite = (node: Node): NodeSite => ({
  name: node.metadata.name,
  internalIp: findInternalIp(node) ?? '',
});
