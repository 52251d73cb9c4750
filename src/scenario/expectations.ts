/** The table of expectations: which phase demands what of which port. Every phase judges the whole table, so that collateral damage shows. */
import type { Phase, Target } from '../contract/evidence.ts';
import type { NodeSite } from '../contract/site.ts';
import type { Expectation } from '../contract/verdict.ts';

type Node = Pick<NodeSite, 'name' | 'internalIp'>;

/** The judged nodes, in order. */
export type Nodes = readonly [Node, Node];

/** How many of the judged nodes, counted from the first, a phase expects to be silent. */
const deniedNodes: Readonly<Record<Phase, 0 | 1 | 2>> = { baseline: 0, enforced: 1, second: 2, restored: 0 };

/** Two targets a node: the NodePort, and the port that stays open whatever the policy. */
export function targetsOf(nodes: Nodes, nodePort: number, controlPort: number): readonly Target[] {
  const target = ({ name, internalIp }: Node, port: number, kind: Target['kind']): Target => ({
    id: `${name}:${port}`,
    node: name,
    address: internalIp,
    port,
    kind,
  });
  return nodes.flatMap((node) => [target(node, nodePort, 'nodePort'), target(node, controlPort, 'openPort')]);
}

/**
 * A row for every target, NodePorts first. A deny is controlled by the denied node's open port and by the NodePort of the node that is not denied;
 * when both are denied, by both open ports.
 */
export function expectationsOf(phase: Phase, targets: readonly Target[], nodes: Nodes): readonly Expectation[] {
  const denied = new Set(nodes.slice(0, deniedNodes[phase]).map(({ name }) => name));
  const nodePorts = targets.filter(({ kind }) => kind === 'nodePort');
  const openPorts = targets.filter(({ kind }) => kind === 'openPort');
  const openNodePorts = nodePorts.filter(({ node }) => !denied.has(node));
  const ids = (some: readonly Target[]): readonly string[] => some.map(({ id }) => id);
  const row = (target: Target): Expectation => {
    if (target.kind === 'openPort' || !denied.has(target.node))
      return { phase, target, expected: 'OPEN', controls: [] };
    const controls =
      openNodePorts.length > 0
        ? [...ids(openNodePorts), ...ids(openPorts.filter(({ node }) => node === target.node))]
        : ids(openPorts);
    return { phase, target, expected: 'DROP', controls };
  };
  return [...nodePorts, ...openPorts].map(row);
}
