import { autoHostEndpoints } from '../adapters/kubernetes/host-endpoints.ts';
import { changeField } from './changed-field.ts';
import { labelField } from './kubernetes-fields.ts';
import type { StepActivity } from './step.ts';
import { until } from './wait.ts';

export const labelNode: StepActivity<'labelNode'> = async ({ node, key, value, prior }, tools, context) => {
  const cluster = await tools.clusters.of(context.run.cluster);
  const { changed } = await changeField(cluster, labelField(context.run.runId, { node, key, written: value, prior }));
  // The policy selects by the host endpoint's labels; Calico copies the node's.
  const hostEndpoint = await until(context, async () => {
    const own = (await autoHostEndpoints(cluster)).filter(({ spec }) => spec?.node === node);
    return own.find(({ metadata }) => metadata.labels?.[key] === value)?.metadata.name;
  });
  return { changed, hostEndpoint };
};
