/** Automatic host endpoints: there for every node that must have one, or all gone. */
import { listAutoHostEndpoints, openCalico } from '../../adapters/kubernetes/calico.ts';
import { describeRollout, findCalicoNode } from '../../adapters/kubernetes/calico-node.ts';
import type { Cluster } from '../../adapters/kubernetes/index.ts';
import { nodes } from '../../adapters/kubernetes/resources.ts';
import { HepflowError } from '../../contract/failures.ts';
import type { CalicoApi } from '../../contract/report.ts';
import type { StepContext } from '../../step/context.ts';
import { untilGone } from '../../step/until-gone.ts';
import { patienceMs, untilWithin } from '../../step/wait.ts';

/** Their names, once every node has its own. Fails with HostEndpointsMissing. */
export async function waitForHostEndpoints(
  cluster: Cluster,
  calico: CalicoApi,
  readyNodes: readonly string[],
  context: StepContext,
): Promise<readonly string[]> {
  let missing: readonly string[] = readyNodes;
  const look = async (): Promise<readonly string[] | undefined> => {
    // Acceptance comes first and alone proves nothing: kube-controllers writes its running config before it makes the
    // host endpoints.
    if (!(await isAccepted(cluster, calico))) return undefined;
    const found = await listAutoHostEndpoints(cluster, calico);
    const covered = new Set(found.map(({ spec }) => spec?.node));
    missing = await listExisting(
      cluster,
      readyNodes.filter((node) => !covered.has(node)),
    );
    if (missing.length > 0) return undefined;
    return found.filter(({ spec }) => readyNodes.includes(spec?.node ?? '')).map(({ metadata }) => metadata.name);
  };
  let givenUp: HepflowError | undefined;
  const createError = () => {
    givenUp = new HepflowError(
      'HostEndpointsMissing',
      `No auto host endpoint within ${patienceMs / 1000} s for ${missing.join(', ')}.`,
    );
    return givenUp;
  };
  try {
    return (await untilWithin(context, patienceMs, look, createError, () => ({ missing }))).toSorted();
  } catch (error) {
    if (error !== givenUp || givenUp === undefined) throw error;
    throw new HepflowError('HostEndpointsMissing', `${givenUp.message}${await explainDelay(cluster)}`);
  }
}

/** From v3.32 on, calico-kube-controllers holds host endpoints back while calico-node is rolled out. */
export async function explainDelay(cluster: Cluster): Promise<string> {
  const daemonSet = await findCalicoNode(cluster).catch(() => undefined); // it may not be readable, and only explains
  const rollout = daemonSet && describeRollout(daemonSet);
  return rollout === undefined || rollout.isDone
    ? ''
    : ` ${rollout.words}; calico-kube-controllers of v3.32 and later waits for that.`;
}

async function isAccepted(cluster: Cluster, calico: CalicoApi): Promise<boolean> {
  const { kubeControllersConfigurations } = openCalico(calico);
  const { status } = await cluster.get(kubeControllersConfigurations, 'default');
  return status?.runningConfig?.controllers?.node?.hostEndpoint?.autoCreate === 'Enabled';
}

/** A node that a scale-down took away meanwhile is not waited for. */
async function listExisting(cluster: Cluster, names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(names.map((name) => cluster.find(nodes, name)));
  return names.filter((_, index) => found[index] !== undefined);
}

export const waitUntilHostEndpointsAreGone = (
  cluster: Cluster,
  calico: CalicoApi,
  context: StepContext,
): Promise<void> =>
  untilGone(
    context,
    'The auto host endpoints',
    async () => (await listAutoHostEndpoints(cluster, calico)).length === 0,
  );
