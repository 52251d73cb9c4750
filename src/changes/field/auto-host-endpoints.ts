/** Automatic host endpoints: there for every node that must have one, or all gone. */
import { listAutoHostEndpoints, openCalico } from '../../adapters/kubernetes/calico.ts';
import type { Cluster } from '../../adapters/kubernetes/index.ts';
import { nodes } from '../../adapters/kubernetes/resources.ts';
import { HepflowError } from '../../contract/failures.ts';
import type { StepContext } from '../../step/context.ts';
import { untilGone } from '../../step/until-gone.ts';
import { patienceMs, untilWithin } from '../../step/wait.ts';

/** Their names, once every node has its own. Fails with HostEndpointsMissing. */
export async function waitForHostEndpoints(
  cluster: Cluster,
  readyNodes: readonly string[],
  context: StepContext,
): Promise<readonly string[]> {
  let missing: readonly string[] = readyNodes;
  const look = async (): Promise<readonly string[] | undefined> => {
    // Acceptance comes first and alone proves nothing: kube-controllers writes its running config before it makes the
    // host endpoints.
    if (!(await isAccepted(cluster))) return undefined;
    const found = await listAutoHostEndpoints(cluster);
    const covered = new Set(found.map(({ spec }) => spec?.node));
    missing = await listExisting(
      cluster,
      readyNodes.filter((node) => !covered.has(node)),
    );
    if (missing.length > 0) return undefined;
    return found.filter(({ spec }) => readyNodes.includes(spec?.node ?? '')).map(({ metadata }) => metadata.name);
  };
  const createError = () =>
    new HepflowError(
      'HostEndpointsMissing',
      `No auto host endpoint within ${patienceMs / 1000} s for ${missing.join(', ')}.`,
    );
  return (await untilWithin(context, patienceMs, look, createError, () => ({ missing }))).toSorted();
}

async function isAccepted(cluster: Cluster): Promise<boolean> {
  const { kubeControllersConfigurations } = await openCalico(cluster);
  const { status } = await cluster.get(kubeControllersConfigurations, 'default');
  return status?.runningConfig?.controllers?.node?.hostEndpoint?.autoCreate === 'Enabled';
}

/** A node that a scale-down took away meanwhile is not waited for. */
async function listExisting(cluster: Cluster, names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(names.map((name) => cluster.find(nodes, name)));
  return names.filter((_, index) => found[index] !== undefined);
}

export const waitUntilHostEndpointsAreGone = (cluster: Cluster, context: StepContext): Promise<void> =>
  untilGone(context, 'The auto host endpoints', async () => (await listAutoHostEndpoints(cluster)).length === 0);
