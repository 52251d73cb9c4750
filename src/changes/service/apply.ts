import { readyEndpoints } from '../../adapters/kubernetes/endpoints.ts';
import { type Cluster, KubernetesError } from '../../adapters/kubernetes/index.ts';
import { type Deployment, deployments, type Service, services } from '../../adapters/kubernetes/resources.ts';
import { HepflowError } from '../../contract/failures.ts';
import type { Workload } from '../../contract/mission.ts';
import { isOf } from '../../ownership/field-mark.ts';
import type { StepActivity, StepContext } from '../../step/context.ts';
import { patienceMs, untilWithin } from '../../step/wait.ts';
import { holds, serviceBody } from '../kubernetes-bodies.ts';

export const exposeNodePort: StepActivity<'exposeNodePort'> = async (workload, tools, context) => {
  const cluster = await tools.clusters.of(context.run.cluster);
  await ensureService(cluster, workload, context);
  const answering = async () => {
    const service = await cluster.get(services, workload.serviceName, workload.namespace);
    const ready = await readyEndpoints(cluster, workload.namespace, workload.serviceName);
    const nodePort = service.spec?.ports?.[0]?.nodePort;
    return nodePort === workload.nodePort && ready > 0 ? { nodePort, readyEndpoints: ready } : undefined;
  };
  const late = () =>
    new HepflowError(
      'EndpointsMissing',
      `Service ${workload.serviceName} had no ready endpoint within ${patienceMs / 1000} s.`,
    );
  return await untilWithin(context, patienceMs, answering, late);
};

async function ensureService(cluster: Cluster, workload: Workload, { run }: StepContext): Promise<void> {
  const { namespace, serviceName } = workload;
  const body = serviceBody(run, workload, selectorOf(await cluster.get(deployments, workload.deployment, namespace)));
  const existing =
    (await cluster.find(services, serviceName, namespace)) ?? (await createdOrRaced(cluster, workload, body));
  if (!isOf(existing, run.runId)) {
    throw new HepflowError(
      'ServiceExists',
      `Service ${serviceName} in namespace ${namespace} exists and does not belong to run ${run.runId}.`,
    );
  }
  if (holds(existing.spec, body.spec)) return;
  const patch = { metadata: { resourceVersion: existing.metadata.resourceVersion }, spec: body.spec };
  await cluster.patchMerge(services, serviceName, patch, namespace);
}

/** Created, or found after all: a lost answer and a retry make one service, not an error (W9). */
function createdOrRaced(cluster: Cluster, { namespace, serviceName }: Workload, body: object): Promise<Service> {
  return cluster.create(services, body, namespace).catch((error) => {
    if (error instanceof KubernetesError && error.reason === 'AlreadyExists')
      return cluster.get(services, serviceName, namespace);
    throw error;
  });
}

/** A service selects by plain labels: a deployment that selects by expressions alone lends its pods' labels. */
export function selectorOf({ spec }: Deployment): Readonly<Record<string, string>> {
  const matchLabels = spec?.selector?.matchLabels;
  return matchLabels !== undefined && Object.keys(matchLabels).length > 0
    ? matchLabels
    : (spec?.template?.metadata?.labels ?? {});
}
