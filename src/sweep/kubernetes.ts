/** What runs left in the cluster: objects with the run's label, and existing objects that bear the mark of a change (W3, W6). */
import { type Cluster, KubernetesError } from '../adapters/kubernetes/index.ts';
import {
  felixConfigurations,
  globalNetworkPolicies,
  type KubernetesObject,
  kubeControllersConfigurations,
  type Lease,
  leases,
  nodes,
  type Resource,
  services,
} from '../adapters/kubernetes/resources.ts';
import type { Origin } from '../contract/sweep.ts';
import { markOf } from '../ownership/field-mark.ts';
import { clusterLease, holderIn, lifetimeMs, runLabel } from '../ownership/names.ts';
import { isRunId, type Trace, type Traces, timeIn, unmarked } from './trace.ts';

export async function clusterTraces(cluster: Cluster): Promise<Traces> {
  const warnings: string[] = [];
  /** A kind that may not be read, or is not served, is said; anything else is an error of the whole sweep (W10). */
  const read = async <T extends KubernetesObject>(
    { plural }: Resource<T>,
    reading: Promise<readonly T[]>,
  ): Promise<readonly T[]> => {
    try {
      return await reading;
    } catch (error) {
      if (!(error instanceof KubernetesError && (error.status === 403 || error.reason === 'NotServed'))) throw error;
      warnings.push(`${plural} could not be looked at: ${error.message}`);
      return [];
    }
  };
  const labelled = <T extends KubernetesObject>(resource: Resource<T>) =>
    read(resource, cluster.list(resource, { labelSelector: runLabel }));
  const one = <T extends KubernetesObject>(resource: Resource<T>, name: string, namespace?: string) =>
    read(
      resource,
      cluster.find(resource, name, namespace).then((object) => (object === undefined ? [] : [object])),
    );
  const found = await Promise.all([
    one(leases, clusterLease.name, clusterLease.namespace).then((all) => all.flatMap(leaseTrace)),
    labelled(services).then((all) => all.flatMap(serviceTrace)),
    labelled(globalNetworkPolicies).then((all) => all.flatMap(policyTrace)),
    read(nodes, cluster.list(nodes)).then((all) => all.flatMap((node) => changeTrace(node, 'Node', labelOrigin(node)))),
    one(kubeControllersConfigurations, 'default').then((all) =>
      all.flatMap((object) => changeTrace(object, 'KubeControllersConfiguration', autoCreateOrigin(object))),
    ),
    one(felixConfigurations, 'default').then((all) =>
      all.flatMap((object) => changeTrace(object, 'FelixConfiguration', flowLogsOrigin(object))),
    ),
  ]);
  return { traces: found.flat(), warnings };
}

const serviceTrace = (service: KubernetesObject): Trace[] => {
  const { name, namespace = '' } = service.metadata;
  return createdTrace(service, `Service ${name} in namespace ${namespace}`, `Service/${namespace}/${name}`, {
    step: 'exposeNodePort',
    input: { namespace, serviceName: name },
  });
};

const policyTrace = (policy: KubernetesObject): Trace[] => {
  const { name } = policy.metadata;
  return createdTrace(policy, `GlobalNetworkPolicy ${name}`, `GlobalNetworkPolicy//${name}`, {
    step: 'applyPolicy',
    input: { name },
  });
};

function createdTrace(
  { metadata: { labels, annotations } }: KubernetesObject,
  what: string,
  id: string,
  origin: Origin,
): Trace[] {
  const runId = labels?.[runLabel] ?? '';
  if (!isRunId(runId)) return [];
  const of = (name: string): string | undefined => annotations?.[`hepflow.io/${name}`];
  return [
    {
      ...unmarked,
      what,
      id,
      runId,
      owner: of('owner') ?? '',
      createdAt: timeIn(of('created-at')),
      expiresAt: timeIn(of('expires-at')),
      origin,
    },
  ];
}

/** Also tells, more exactly than the marks do, which workflow run it is. */
function leaseTrace(lease: Lease): Trace[] {
  const { holderIdentity = '' } = lease.spec ?? {};
  const holder = holderIn(holderIdentity);
  if (holder === undefined) return [];
  const { name, namespace } = clusterLease;
  const traces = createdTrace(lease, `Lease ${name} in namespace ${namespace}`, `Lease/${namespace}/${name}`, {
    step: 'holdCluster',
    input: { holder: holderIdentity },
  });
  return traces.map((trace) => ({ ...trace, owner: holder.workflowId, execution: holder }));
}

/** An existing object that a run changed. */
function changeTrace(object: KubernetesObject, kind: string, origin: Origin | null): Trace[] {
  const mark = markOf(object);
  if (mark === undefined || !isRunId(mark.run)) return [];
  const createdAt = timeIn(mark.at);
  const expiresAt = createdAt === null ? null : new Date(Date.parse(createdAt) + lifetimeMs).toISOString();
  const { name } = object.metadata;
  const what = `${mark.path?.at(-1) ?? 'a change'} of ${kind} ${name}`;
  return [
    {
      ...unmarked,
      what,
      id: `${kind}//${name}`,
      runId: mark.run,
      owner: mark.owner ?? '',
      createdAt,
      expiresAt,
      origin,
    },
  ];
}

function labelOrigin(node: KubernetesObject): Origin | null {
  const { path, wrote, prior } = markOf(node) ?? {};
  const [root, field, key] = path ?? [];
  if (
    root !== 'metadata' ||
    field !== 'labels' ||
    key === undefined ||
    typeof wrote !== 'string' ||
    typeof prior === 'boolean'
  )
    return null;
  return { step: 'labelNode', input: { node: node.metadata.name, key, value: wrote, prior: prior ?? null } };
}

function autoCreateOrigin(object: KubernetesObject): Origin | null {
  const prior = markOf(object)?.prior;
  return typeof prior === 'boolean' ? null : { step: 'enableAutoHostEndpoints', input: { prior: prior ?? null } };
}

function flowLogsOrigin(object: KubernetesObject): Origin | null {
  const prior = markOf(object)?.prior;
  return typeof prior === 'string' ? null : { step: 'enableFlowLogs', input: { prior: prior ?? null } };
}
