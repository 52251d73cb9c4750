import { findCalicoApi } from '../../adapters/kubernetes/calico.ts';
import { type Cluster, KubernetesError } from '../../adapters/kubernetes/index.ts';
import { isRightIn, type KubernetesRight } from '../../changes/rights.ts';
import { countThings } from '../../contract/brief.ts';
import type { Diagnosis } from '../../contract/diagnosis.ts';
import type { Mission } from '../../contract/mission.ts';
import type { CalicoApi } from '../../contract/report.ts';
import type { Scenario } from '../../contract/scenario.ts';
import type { Site } from '../../contract/site.ts';
import type { Tools } from '../../step/context.ts';
import { inspectCalico } from '../calico/index.ts';
import { collectFindings, type Findings, type OnError, rethrow, tellOk, tellProblem } from '../look.ts';
import { kubernetesRights, listScenarioRights } from '../rights.ts';
import { inspectWorkload } from '../workload/index.ts';
import { examineIdentity } from './identity.ts';
import { inspectKubeProxy } from './kube-proxy.ts';
import { chooseNodes, inspectNodes, readNodes } from './nodes.ts';

export interface ClusterFindings extends Findings {
  /** Absent when something of it could not be found out; there are problems then. */
  readonly site?: Pick<Site, 'nodes' | 'readyNodes' | 'calico'>;
}

/** What is asked for: the mission, and the scenario that it means. */
export interface ClusterQuestion {
  readonly mission: Mission;
  readonly scenario: Scenario;
  /** Where Azure has the nodes of the cluster; absent: it did not tell. */
  readonly nodeResourceGroup?: string;
}

/**
 * Reads the cluster as the run will find it, and lists everything that it finds; changes nothing (W1).
 * An API server that does not answer is no finding but an error: it may answer at the next try (W10).
 */
export async function inspectCluster(
  asked: ClusterQuestion,
  runId: string,
  tools: Pick<Tools, 'clusters'>,
  onError: OnError = rethrow,
): Promise<ClusterFindings> {
  const { subscriptionId, resourceGroup, cluster: name } = asked.mission;
  const cluster = await tools.clusters.of({ subscriptionId, resourceGroup, name });
  try {
    // First alone: without credential or connection, no other answer can come. Calico's API server may be away alone.
    const calico = await findCalicoApi(cluster).then(
      (api) => ({ api }),
      (error: unknown) => ({ error }),
    );
    const rights = await findMissingRights(cluster, 'api' in calico ? calico.api : undefined, asked);
    return await inspectParts(cluster, { rights, calico }, asked, runId, onError);
  } catch (error) {
    if (error instanceof KubernetesError && error.reason === 'Unauthorized')
      return collectFindings([tellProblem('apiServer', 'KubeconfigUnusable', '', error.message)]);
    return collectFindings(onError(error));
  }
}

async function inspectParts(
  cluster: Cluster,
  { rights, calico: found }: { readonly rights: readonly Diagnosis[]; readonly calico: ApiFound },
  { mission, scenario, nodeResourceGroup }: ClusterQuestion,
  runId: string,
  onError: OnError,
): Promise<ClusterFindings> {
  const failed = (error: unknown) => ({ findings: onError(error), readyNodes: [] });
  const reading = readNodes(cluster);
  const seen = reading.then(
    (all) => all ?? { all: [], withoutCalico: new Set<string>() },
    () => ({ all: [], withoutCalico: new Set<string>() }), // told by inspectNodes
  );
  const judged = seen.then((all) =>
    chooseNodes(all, mission.nodes, scenario.nodes).map(({ metadata }) => metadata.name),
  );
  const first = judged.then(([node]) => node);
  const [workload, ofNodes, proxy, calico] = await Promise.all([
    inspectWorkload(cluster, mission.workload, runId, first).catch(onError),
    inspectNodes(reading, { ...mission, count: scenario.nodes }, runId).catch(failed),
    inspectKubeProxy(cluster).catch(onError),
    'error' in found
      ? failed(found.error)
      : inspectCalico(cluster, found.api, mission, runId, { seen, judged }).catch(failed),
  ]);
  const all = collectFindings([
    tellOk('apiServer', 'The API server answers.'),
    ...rights,
    ...workload,
    ...examineIdentity((await seen).all, mission, nodeResourceGroup),
    ...ofNodes.findings,
    ...proxy,
    ...calico.findings,
  ]);
  const site = 'nodes' in ofNodes && 'calico' in calico && ofNodes.nodes !== undefined && calico.calico !== undefined;
  const complete = all.problems.length === 0 && site;
  return {
    ...all,
    ...(complete ? { site: { nodes: ofNodes.nodes, readyNodes: ofNodes.readyNodes, calico: calico.calico } } : {}),
  };
}

/** Which API of Calico's the cluster serves, or why that is not known. */
type ApiFound = { readonly api: CalicoApi | undefined } | { readonly error: unknown };

async function findMissingRights(
  cluster: Cluster,
  api: CalicoApi = 'projectcalico.org/v3',
  { mission: { workload }, scenario }: ClusterQuestion,
): Promise<readonly Diagnosis[]> {
  const needed = [
    ...kubernetesRights.filter(({ optional }) => optional === undefined),
    ...listScenarioRights(scenario),
  ].filter((right) => isRightIn(api, right));
  const allowed = await Promise.all(
    needed.map(({ inNamespace, optional: _, ...right }) =>
      cluster.canI({ ...right, ...(inNamespace ? { namespace: workload.namespace } : {}) }),
    ),
  );
  const missing = needed.filter((_, index) => allowed[index] === false);
  if (missing.length === 0) return [tellOk('rights', `All ${countThings(needed.length, 'right')} are there.`)];
  return missing.map((right) =>
    tellProblem('rights', 'MissingRights', '', `May not ${describeRight(right, workload.namespace)}.`),
  );
}

function describeRight(
  { verb, group, resource, name, inNamespace, namespace }: KubernetesRight,
  workloadNamespace: string,
): string {
  const what = `${resource}${group === '' ? '' : `.${group}`}`;
  const where = inNamespace ? workloadNamespace : namespace;
  return `${verb} ${what}${name === undefined ? '' : ` ${name}`}${where === undefined ? '' : ` in namespace ${where}`}`;
}
