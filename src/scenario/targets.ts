/** Targets of a scenario on the nodes of a site. */
import type { Target } from '../contract/evidence.ts';
import type { Scenario, TargetSpec } from '../contract/scenario.ts';
import type { NodeSite } from '../contract/site.ts';

/** Node by node, each with its targets in the order of the scenario. A node that the site does not have has none. */
export function listTargets(
  { targets }: Pick<Scenario, 'targets'>,
  nodes: readonly Pick<NodeSite, 'name' | 'internalIp'>[],
): readonly Target[] {
  return nodes.flatMap((node, index) =>
    Object.values(targets)
      .filter((spec) => spec.nodes.includes(index))
      .map((spec) => createTarget(spec, node)),
  );
}

function createTarget(spec: TargetSpec, { name, internalIp }: Pick<NodeSite, 'name' | 'internalIp'>): Target {
  return {
    id: createTargetId(name, spec.port),
    node: name,
    address: internalIp,
    port: spec.port,
    kind: spec.kind,
    ...(spec.kind === 'nodePort' && { service: `${spec.service.namespace}/${spec.service.name}` }),
  };
}

/** Unique within a run, since no two targets of a scenario share a port of a node. */
export const createTargetId = (node: string, port: number): string => `${node}:${port}`;
