import { autoHostEndpoints } from '../adapters/kubernetes/host-endpoints.ts';
import { HepflowError } from '../contract/failures.ts';
import { changeField } from './changed-field.ts';
import { labelField } from './kubernetes-fields.ts';
import type { StepActivity } from './step.ts';
import { patienceMs, untilWithin } from './wait.ts';

export const labelNode: StepActivity<'labelNode'> = async ({ node, key, value, prior }, tools, context) => {
  const cluster = await tools.clusters.of(context.run.cluster);
  const { changed } = await changeField(cluster, labelField(context.run.runId, { node, key, written: value, prior }), context.run);
  // The policy selects by the host endpoint's labels; Calico copies the node's.
  const labelled = async (): Promise<string | undefined> => {
    const own = (await autoHostEndpoints(cluster)).filter(({ spec }) => spec?.node === node);
    return own.find(({ metadata }) => metadata.labels?.[key] === value)?.metadata.name;
  };
  const late = () => new HepflowError('HostEndpointsMissing', `No auto host endpoint of ${node} got the label ${key}=${value} within ${patienceMs / 1000} s.`);
  const hostEndpoint = await untilWithin(context, patienceMs, labelled, late);
  return { changed, hostEndpoint };
};
