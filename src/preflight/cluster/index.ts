import { type Cluster, KubernetesError } from '../../adapters/kubernetes/index.ts';
import { nodes } from '../../adapters/kubernetes/resources.ts';
import { type NeededRight, neededRights, tierRights } from '../../changes/kubernetes-rights.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Mission } from '../../contract/mission.ts';
import type { CalicoSite, NodeSite } from '../../contract/site.ts';
import type { Tools } from '../../step/context.ts';
import { inspectCalico } from '../calico/index.ts';
import { counted, type Findings, findingsOf, foundIn, look, type OnError, ok, problem, rethrow } from '../look.ts';
import { inspectWorkload } from '../workload/index.ts';
import { inspectKubeProxy } from './kube-proxy.ts';
import { chosenNodes, inspectNodes } from './nodes.ts';

export interface ClusterFindings extends Findings {
  /** Absent when something of it could not be found out; there are problems then. */
  readonly site?: {
    readonly nodes: readonly [NodeSite, NodeSite];
    readonly readyNodes: readonly string[];
    readonly calico: CalicoSite;
  };
}

/**
 * Reads the cluster as the run will find it, and lists everything that it finds; changes nothing (W1).
 * An API server that does not answer is no finding but an error: it may answer at the next try (W10).
 */
export async function inspectCluster(
  mission: Mission,
  runId: string,
  tools: Pick<Tools, 'clusters'>,
  onError: OnError = rethrow,
): Promise<ClusterFindings> {
  const { subscriptionId, resourceGroup, cluster: name } = mission;
  const cluster = await tools.clusters.of({ subscriptionId, resourceGroup, name });
  try {
    // First alone: without credential or connection, no other answer can come.
    const rights = await missingRights(cluster, mission);
    return await inspectParts(cluster, rights, mission, runId, onError);
  } catch (error) {
    if (error instanceof KubernetesError && error.reason === 'Unauthorized')
      return findingsOf([problem('apiServer', 'CredentialsMissing', '', error.message)]);
    return findingsOf(onError(error));
  }
}

async function inspectParts(
  cluster: Cluster,
  rights: readonly Diagnosis[],
  mission: Mission,
  runId: string,
  onError: OnError,
): Promise<ClusterFindings> {
  const failed = (error: unknown) => ({ findings: onError(error), readyNodes: [] });
  const reading = look(cluster.list(nodes));
  const judged = reading.then(
    (all) => chosenNodes(foundIn(all) ?? [], mission.nodes).map(({ metadata }) => metadata.name),
    () => [], // told by inspectNodes
  );
  const first = judged.then(([node]) => node);
  const [workload, found, proxy, calico] = await Promise.all([
    inspectWorkload(cluster, mission.workload, runId, first).catch(onError),
    inspectNodes(reading, mission, runId).catch(failed),
    inspectKubeProxy(cluster).catch(onError),
    inspectCalico(cluster, mission, runId, { reading, judged }).catch(failed),
  ]);
  const all = findingsOf([
    ok('apiServer', 'The API server answers.'),
    ...rights,
    ...workload,
    ...found.findings,
    ...proxy,
    ...calico.findings,
  ]);
  const site = 'nodes' in found && 'calico' in calico && found.nodes !== undefined && calico.calico !== undefined;
  const complete = all.problems.length === 0 && site;
  return {
    ...all,
    ...(complete ? { site: { nodes: found.nodes, readyNodes: found.readyNodes, calico: calico.calico } } : {}),
  };
}

async function missingRights(cluster: Cluster, { workload, policy }: Mission): Promise<readonly Diagnosis[]> {
  const needed = [
    ...neededRights.filter(({ only, optional }) => only === undefined && optional === undefined),
    ...tierRights(policy.tier),
  ];
  const allowed = await Promise.all(
    needed.map(({ inNamespace, only: _, optional: __, ...right }) =>
      cluster.canI({ ...right, ...(inNamespace ? { namespace: workload.namespace } : {}) }),
    ),
  );
  const missing = needed.filter((_, index) => allowed[index] === false);
  if (missing.length === 0) return [ok('rights', `All ${counted(needed.length, 'right')} are there.`)];
  return missing.map((right) => problem('rights', 'MissingRights', '', `May not ${shown(right, workload.namespace)}.`));
}

function shown(
  { verb, group, resource, name, inNamespace, namespace }: NeededRight,
  workloadNamespace: string,
): string {
  const what = `${resource}${group === '' ? '' : `.${group}`}`;
  const where = inNamespace ? workloadNamespace : namespace;
  return `${verb} ${what}${name === undefined ? '' : ` ${name}`}${where === undefined ? '' : ` in namespace ${where}`}`;
}
