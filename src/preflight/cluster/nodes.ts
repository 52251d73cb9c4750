import type { Node } from '../../adapters/kubernetes/resources.ts';
import { countThings, enumerate } from '../../contract/brief.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Mission } from '../../contract/mission.ts';
import type { NodeSite } from '../../contract/site.ts';
import { findForeignMark } from '../foreign-mark.ts';
import { type Look, takeFound, tellInfo, tellOk, tellProblem } from '../look.ts';
import { isReady } from '../workload/index.ts';

export interface NodeFindings {
  readonly findings: readonly Diagnosis[];
  /** As many as are asked for; absent: there are fewer. */
  readonly nodes?: readonly NodeSite[];
  readonly readyNodes: readonly string[];
}

type WantedNodes = Pick<Mission, 'nodes' | 'label'> & {
  /** How many nodes are judged. */
  readonly count: number;
};

/** Ready Linux nodes to judge: the named ones, filled up with the first by name. */
export function chooseNodes(all: readonly Node[], named: readonly string[], count: number): readonly Node[] {
  const ready = listReady(all);
  return [
    ...named.flatMap((name) => ready.find(({ metadata }) => metadata.name === name) ?? []),
    ...ready.filter(({ metadata }) => !named.includes(metadata.name)),
  ].slice(0, count);
}

const listReady = (all: readonly Node[]): readonly Node[] =>
  all.filter(isUsable).toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));

export async function inspectNodes(
  reading: Promise<Look<readonly Node[]>>,
  mission: WantedNodes,
  runId: string,
): Promise<NodeFindings> {
  const all = takeFound(await reading);
  if (all === undefined) return { findings: [], readyNodes: [] };
  const ready = listReady(all);
  const chosen = chooseNodes(all, mission.nodes, mission.count);
  const wrong = [
    ...namedProblems(all, mission.nodes),
    ...chosen.flatMap((node) => findForeignMark('nodes', node, `Node ${node.metadata.name}`, runId)),
  ];
  if (ready.length < mission.count)
    wrong.push(
      tellProblem(
        'nodes',
        'NotEnoughNodes',
        'nodes',
        `The cluster has ${ready.length} ready Linux nodes with an InternalIP; ${mission.count} are needed.`,
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
    findings: [...wrong, ...right, ...chosen.flatMap((node) => describeLabel(node, mission.label))],
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

function namedProblems(all: readonly Node[], named: readonly string[]): Diagnosis[] {
  return named.flatMap((name, index) => {
    const node = all.find(({ metadata }) => metadata.name === name);
    if (node === undefined)
      return [tellProblem('nodes', 'NodeNotFound', `nodes.${index}`, `Node ${name} does not exist.`)];
    return isUsable(node)
      ? []
      : [
          tellProblem(
            'nodes',
            'NodeNotReady',
            `nodes.${index}`,
            `Node ${name} is not a ready Linux node with an InternalIP.`,
          ),
        ];
  });
}

/** Virtual nodes (ACI) run no kube-proxy and no Calico. */
function isUsable(node: Node): boolean {
  const os = node.metadata.labels?.['kubernetes.io/os'] ?? node.status?.nodeInfo?.operatingSystem;
  return (
    os === 'linux' &&
    node.metadata.labels?.['type'] !== 'virtual-kubelet' &&
    isReady(node.status?.conditions) &&
    findInternalIp(node) !== undefined
  );
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
