/** What takes the cluster's changes back. Each looks before it acts: nothing without the run's mark is touched (W3, W6). */
import { slicesOf } from '../adapters/kubernetes/endpoints.ts';
import { autoHostEndpoints } from '../adapters/kubernetes/host-endpoints.ts';
import type { Cluster } from '../adapters/kubernetes/index.ts';
import {
  globalNetworkPolicies,
  type KubernetesObject,
  leases,
  type Resource,
  type Service,
  services,
} from '../adapters/kubernetes/resources.ts';
import { isOf } from '../ownership/field-mark.ts';
import { clusterLease, ownerAnnotation, runLabel } from '../ownership/names.ts';
import type { StepContext, UndoActivity } from '../step/context.ts';
import { untilGone } from '../step/until-gone.ts';
import { restoreField } from './field/changed-field.ts';
import { autoCreateField, flowLogsField, labelField } from './field/fields.ts';

export const restoreAutoHostEndpoints: UndoActivity<'restoreAutoHostEndpoints'> = async ({ prior }, tools, context) => {
  const cluster = await tools.clusters.of(context.run.cluster);
  const gone = async (): Promise<void> => {
    if (prior === 'Enabled') return;
    await untilGone(context, 'The auto host endpoints', async () => (await autoHostEndpoints(cluster)).length === 0);
  };
  return await restoreField(cluster, autoCreateField(context.run.runId, prior), gone);
};

export const restoreFlowLogs: UndoActivity<'restoreFlowLogs'> = async ({ prior }, tools, context) =>
  await restoreField(await tools.clusters.of(context.run.cluster), flowLogsField(context.run.runId, prior));

export const restoreLabel: UndoActivity<'restoreLabel'> = async (label, tools, context) =>
  await restoreField(await tools.clusters.of(context.run.cluster), labelField(context.run.runId, label));

export const deleteService: UndoActivity<'deleteService'> = async ({ namespace, name }, tools, context) => {
  const cluster = await tools.clusters.of(context.run.cluster);
  const what = `Service ${name} in namespace ${namespace}`;
  const service = await cluster.find(services, name, namespace);
  if (service === undefined) {
    // Its EndpointSlices follow it; an undo that died in between waits for the rest.
    await slicesGone(cluster, context, namespace, name);
    return { outcome: 'nothing', detail: `${what} does not exist.` };
  }
  if (!isOf(service, context.run.runId)) return notOurs(what, [service], context);
  await deleteAndProve(cluster, context, services, service);
  await slicesGone(cluster, context, namespace, name, service);
  return { outcome: 'done', detail: `${what} and its endpoints are gone.` };
};

export const deletePolicy: UndoActivity<'deletePolicy'> = async ({ name }, tools, context) => {
  const cluster = await tools.clusters.of(context.run.cluster);
  const what = `GlobalNetworkPolicy ${name}`;
  // By mark first: the object may be called `<tier>.<name>`, whatever the caller knows.
  const named = (await cluster.list(globalNetworkPolicies)).filter(
    ({ metadata }) => metadata.name === name || metadata.name.endsWith(`.${name}`),
  );
  const policy = named.find((candidate) => isOf(candidate, context.run.runId));
  if (policy !== undefined) {
    await deleteAndProve(cluster, context, globalNetworkPolicies, policy);
    return { outcome: 'done', detail: `${what} is gone.` };
  }
  return named.length > 0 ? notOurs(what, named, context) : { outcome: 'nothing', detail: `${what} does not exist.` };
};

export const releaseCluster: UndoActivity<'releaseCluster'> = async ({ holder }, tools, context) => {
  const cluster = await tools.clusters.of(context.run.cluster);
  const { name, namespace } = clusterLease;
  const what = `Lease ${name} in namespace ${namespace}`;
  const lease = await cluster.find(leases, name, namespace);
  if (lease === undefined) return { outcome: 'nothing', detail: `${what} does not exist.` };
  const held = lease.spec?.holderIdentity;
  if (held !== holder)
    return { outcome: 'nothing', detail: `${what} is held by ${held ?? 'nobody'}, not by this run; left alone.` };
  await deleteAndProve(cluster, context, leases, lease);
  return { outcome: 'done', detail: `${what} is gone.` };
};

/** Left alone (W6). Somebody else's object of that name is no business of the run; the run's own, from which somebody took the label, is told. */
function notOurs(
  what: string,
  objects: readonly KubernetesObject[],
  { run }: StepContext,
): { outcome: 'nothing' | 'conflict'; detail: string } {
  const bereft = objects.find(({ metadata }) => metadata.annotations?.[ownerAnnotation] === run.workflowId);
  if (bereft === undefined)
    return { outcome: 'nothing', detail: `${what} does not belong to run ${run.runId}; left alone.` };
  const label = bereft.metadata.labels?.[runLabel] ?? 'absent';
  return {
    outcome: 'conflict',
    detail: `Label ${runLabel} of ${what} is ${label}, this run wrote ${run.runId}; left alone.`,
  };
}

/** Deletes exactly what was read and looks until it, and not a successor of its name, is gone. A delete under way already is only waited for. */
async function deleteAndProve<T extends KubernetesObject>(
  cluster: Cluster,
  context: StepContext,
  resource: Resource<T>,
  object: T,
): Promise<void> {
  const { name, namespace, uid, deletionTimestamp } = object.metadata;
  if (deletionTimestamp === undefined) await cluster.delete(resource, object);
  await untilGone(
    context,
    `${resource.plural} ${name}`,
    async () => (await cluster.find(resource, name, namespace))?.metadata.uid !== uid,
  );
}

/** Waits until no EndpointSlice of the service is left; with the service known, one that belongs to a successor of its name does not count. */
async function slicesGone(
  cluster: Cluster,
  context: StepContext,
  namespace: string,
  name: string,
  service?: Service,
): Promise<void> {
  await untilGone(context, `The EndpointSlices of service ${name}`, async () => {
    const left = await slicesOf(cluster, namespace, name);
    return left.every(
      ({ metadata }) =>
        service !== undefined && (metadata.ownerReferences ?? []).some(({ uid }) => uid !== service.metadata.uid),
    );
  });
}
