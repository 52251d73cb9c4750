import { type Cluster, KubernetesError } from '../../adapters/kubernetes/index.ts';
import type { Problem } from '../../contract/failures.ts';
import type { Mission } from '../../contract/mission.ts';
import type { CalicoSite, NodeSite } from '../../contract/site.ts';
import { type NeededRight, neededRights, tierRights } from '../../manifests/kubernetes-rights.ts';
import type { Tools } from '../step.ts';
import { inspectCalico } from './kubernetes-calico.ts';
import { inspectNodes } from './kubernetes-nodes.ts';
import { inspectWorkload } from './kubernetes-workload.ts';
import { type Findings, problem } from './look.ts';

export interface ClusterFindings extends Findings {
  /** Absent when something of it could not be found out; there are problems then. */
  readonly site?: { readonly nodes: readonly [NodeSite, NodeSite]; readonly readyNodes: readonly string[]; readonly calico: CalicoSite };
}

/**
 * Reads the cluster as the run will find it, with every problem at once; changes nothing (W1).
 * An API server that does not answer is no finding but an error: it may answer at the next try (W10).
 */
export async function inspectCluster(mission: Mission, runId: string, tools: Pick<Tools, 'clusters'>): Promise<ClusterFindings> {
  const { subscriptionId, resourceGroup, cluster: name } = mission;
  const cluster = await tools.clusters.of({ subscriptionId, resourceGroup, name });
  try {
    const [rights, workload, nodes, calico] = await Promise.all([
      missingRights(cluster, mission),
      inspectWorkload(cluster, mission.workload, runId),
      inspectNodes(cluster, mission, runId),
      inspectCalico(cluster, mission, runId),
    ]);
    const problems = [...rights, ...workload.problems, ...nodes.problems, ...calico.problems];
    const warnings = [...workload.warnings, ...nodes.warnings, ...calico.warnings];
    const complete = problems.length === 0 && nodes.nodes !== undefined && calico.calico !== undefined;
    return { problems, warnings, ...(complete ? { site: { nodes: nodes.nodes, readyNodes: nodes.readyNodes, calico: calico.calico } } : {}) };
  } catch (error) {
    if (error instanceof KubernetesError && error.reason === 'Unauthorized')
      return { problems: [problem('CredentialsMissing', '', error.message)], warnings: [] };
    throw error;
  }
}

async function missingRights(cluster: Cluster, { workload, policy }: Mission): Promise<readonly Problem[]> {
  const needed = [...neededRights.filter(({ only }) => only === undefined), ...tierRights(policy.tier)];
  const allowed = await Promise.all(
    needed.map(({ inNamespace, only: _, ...right }) => cluster.canI({ ...right, ...(inNamespace ? { namespace: workload.namespace } : {}) })),
  );
  return needed.filter((_, index) => allowed[index] === false).map((right) => problem('MissingRights', '', `May not ${shown(right, workload.namespace)}.`));
}

function shown({ verb, group, resource, name, inNamespace, namespace }: NeededRight, workloadNamespace: string): string {
  const what = `${resource}${group === '' ? '' : `.${group}`}`;
  const where = inNamespace ? workloadNamespace : namespace;
  return `${verb} ${what}${name === undefined ? '' : ` ${name}`}${where === undefined ? '' : ` in namespace ${where}`}`;
}
