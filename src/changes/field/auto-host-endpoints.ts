import { autoHostEndpoints } from '../../adapters/kubernetes/host-endpoints.ts';
import type { Cluster } from '../../adapters/kubernetes/index.ts';
import { kubeControllersConfigurations, nodes } from '../../adapters/kubernetes/resources.ts';
import { HepflowError } from '../../contract/failures.ts';
import type { StepActivity } from '../../step/context.ts';
import { patienceMs, untilWithin } from '../../step/wait.ts';
import { changeField } from './changed-field.ts';
import { autoCreateField } from './fields.ts';

export const enableAutoHostEndpoints: StepActivity<'enableAutoHostEndpoints'> = async (
  { prior, readyNodes },
  tools,
  context,
) => {
  const cluster = await tools.clusters.of(context.run.cluster);
  const { changed } = await changeField(cluster, autoCreateField(context.run.runId, prior), context.run);
  let missing: readonly string[] = readyNodes;
  const names = await untilWithin(
    context,
    patienceMs,
    async () => {
      // Acceptance comes first and alone proves nothing: kube-controllers writes its running config before it makes the host endpoints.
      if (!(await isAccepted(cluster))) return undefined;
      const found = await autoHostEndpoints(cluster);
      const covered = new Set(found.map(({ spec }) => spec?.node));
      missing = await stillThere(
        cluster,
        readyNodes.filter((node) => !covered.has(node)),
      );
      if (missing.length > 0) return undefined;
      return found.filter(({ spec }) => readyNodes.includes(spec?.node ?? '')).map(({ metadata }) => metadata.name);
    },
    () =>
      new HepflowError(
        'HostEndpointsMissing',
        `No auto host endpoint within ${patienceMs / 1000} s for ${missing.join(', ')}.`,
      ),
    () => ({ missing }),
  );
  return { changed, names: names.toSorted() };
};

async function isAccepted(cluster: Cluster): Promise<boolean> {
  const { status } = await cluster.get(kubeControllersConfigurations, 'default');
  return status?.runningConfig?.controllers?.node?.hostEndpoint?.autoCreate === 'Enabled';
}

/** A node that a scale-down took away meanwhile is not waited for. */
async function stillThere(cluster: Cluster, names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(names.map((name) => cluster.find(nodes, name)));
  return names.filter((_, index) => found[index] !== undefined);
}
