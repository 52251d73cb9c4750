/** The NodePort service that exposes a deployment. */

import { countReadyEndpoints, listSlices } from '../../adapters/kubernetes/endpoints.ts';
import type { Cluster } from '../../adapters/kubernetes/index.ts';
import { deployments, type KubernetesObject, type Service, services } from '../../adapters/kubernetes/resources.ts';
import { HepflowError } from '../../contract/failures.ts';
import type { Workload } from '../../contract/mission.ts';
import { formCommand } from '../../contract/shell.ts';
import { createObjectMarks } from '../../ownership/marks.ts';
import type { StepContext, Tools } from '../../step/context.ts';
import { untilGone } from '../../step/until-gone.ts';
import { patienceMs, untilWithin } from '../../step/wait.ts';
import { deleteObject, describeObject, isOwned, leaveAlone, traceObject } from '../cluster-object.ts';
import { isHeldBy } from '../compare.ts';
import { type ClusterLook, defineKind, type Trace, type UndoDraft } from '../kind.ts';
import { minute } from '../limits.ts';
import { listVerbs } from '../rights.ts';
import { createServiceBody, readSelector } from './body.ts';

export interface ServiceChange extends Workload {
  readonly kind: 'service';
  readonly [field: string]: unknown;
}

interface ServiceUndo {
  readonly namespace: string;
  readonly name: string;
}

export const service = defineKind<ServiceChange>({
  rank: 31,
  plan: ({ kind: _, ...workload }) => ({
    step: 'exposeNodePort',
    subject: '',
    input: workload,
    words: `Service ${workload.serviceName} on NodePort ${workload.nodePort}`,
    limits: { tryMs: 2 * minute, totalMs: 5 * minute },
    undo: planUndo({ namespace: workload.namespace, name: workload.serviceName }),
  }),
  apply: {
    exposeNodePort: async (workload: Workload, tools, context) => {
      const cluster = await tools.clusters.of(context.run.cluster);
      await ensureService(cluster, workload, tools, context);
      return { found: await waitForEndpoints(cluster, workload, context) };
    },
  },
  undo: {
    deleteService: async ({ namespace, name }: ServiceUndo, tools, context) => {
      const cluster = await tools.clusters.of(context.run.cluster);
      const what = `Service ${name} in namespace ${namespace}`;
      const found = await cluster.find(services, name, namespace);
      if (found === undefined) {
        // Its EndpointSlices follow it; an undo that died in between waits for the rest.
        await waitUntilSlicesAreGone(cluster, context, { namespace, name });
        return { outcome: 'nothing', detail: `${what} does not exist.`, isAbsent: true };
      }
      if (!isOwned(found, describeObject(services, { namespace, name }), tools, context))
        return leaveAlone(what, [found], context);
      await deleteObject(cluster, context, services, found);
      await waitUntilSlicesAreGone(cluster, context, { namespace, name }, found);
      return { outcome: 'done', detail: `${what} and its endpoints are gone.` };
    },
  },
  traces: {
    inCluster: async (look) => (await look.listLabelled(services)).flatMap((found) => traceService(found, look)),
  },
  rights: {
    azure: [],
    kubernetes: [
      ...listVerbs(['get'], { group: 'apps', resource: 'deployments', inNamespace: true }),
      ...listVerbs(['get', 'create', 'patch', 'delete'], { group: '', resource: 'services', inNamespace: true }),
      ...listVerbs(['list'], { group: 'discovery.k8s.io', resource: 'endpointslices', inNamespace: true }),
    ],
  },
});

async function ensureService(cluster: Cluster, workload: Workload, tools: Tools, context: StepContext): Promise<void> {
  const { namespace, serviceName } = workload;
  const { run } = context;
  const marked = describeObject(services, { namespace, name: serviceName });
  const selector = readSelector(await cluster.get(deployments, workload.deployment, namespace));
  const body = createServiceBody(createObjectMarks(run, marked, tools.signer), workload, selector);
  const existing =
    (await cluster.find(services, serviceName, namespace)) ??
    (await cluster.createOrFind<Service>(services, serviceName, body, namespace)).object;
  if (!isOwned(existing, marked, tools, context)) {
    throw new HepflowError(
      'ServiceExists',
      `Service ${serviceName} in namespace ${namespace} exists and does not belong to run ${run.runId}.`,
    );
  }
  if (isHeldBy(existing.spec, body.spec)) return;
  const patch = { metadata: { resourceVersion: existing.metadata.resourceVersion }, spec: body.spec };
  await cluster.patchMerge(services, serviceName, patch, namespace);
}

async function waitForEndpoints(cluster: Cluster, workload: Workload, context: StepContext): Promise<string> {
  const { namespace, serviceName } = workload;
  const look = async (): Promise<string | undefined> => {
    const found = await cluster.get(services, serviceName, namespace);
    const ready = await countReadyEndpoints(cluster, namespace, serviceName);
    const nodePort = found.spec?.ports?.[0]?.nodePort;
    return nodePort === workload.nodePort && ready > 0 ? `NodePort ${nodePort}, ${ready} ready endpoints` : undefined;
  };
  const createError = () =>
    new HepflowError('EndpointsMissing', `Service ${serviceName} had no ready endpoint within ${patienceMs / 1000} s.`);
  return await untilWithin(context, patienceMs, look, createError);
}

/**
 * Waits until no EndpointSlice of the service is left; with the service known, one that belongs to a successor of its
 * name does not count.
 */
async function waitUntilSlicesAreGone(
  cluster: Cluster,
  context: StepContext,
  { namespace, name }: ServiceUndo,
  found?: Service,
): Promise<void> {
  const isOfSuccessor = ({ metadata }: KubernetesObject): boolean =>
    found !== undefined && (metadata.ownerReferences ?? []).some(({ uid }) => uid !== found.metadata.uid);
  await untilGone(context, `The EndpointSlices of service ${name}`, async () =>
    (await listSlices(cluster, namespace, name)).every(isOfSuccessor),
  );
}

function traceService(found: KubernetesObject, look: ClusterLook): Trace[] {
  const { name, namespace = '' } = found.metadata;
  const what = `Service ${name} in namespace ${namespace}`;
  const trace = { what, id: `Service/${namespace}/${name}`, undo: planUndo({ namespace, name }) };
  return traceObject(found, trace, describeObject(services, found.metadata), look);
}

const planUndo = ({ namespace, name }: ServiceUndo): UndoDraft => ({
  undo: 'deleteService',
  input: { namespace, name } satisfies ServiceUndo,
  subject: `${namespace}/${name}`,
  command: formCommand('kubectl', 'delete', 'service', '--namespace', namespace, name),
  moment: null,
});
