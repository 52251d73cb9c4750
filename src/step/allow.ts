/** What a call would touch, held against what its worker may touch. */
import { BlockList, isIPv4 } from 'node:net';
import { type Allow, type AllowList, allowLists } from '../contract/allow.ts';
import { HepflowError, type Problem } from '../contract/failures.ts';
import type { Mission, VmImage } from '../contract/mission.ts';
import type { ClusterRef } from '../contract/run.ts';
import type { Sweep } from '../contract/sweep.ts';

/** One thing that is asked for. */
export interface Asked {
  readonly list: AllowList;
  readonly value: string;
  /** Of the run spec; empty: of none. */
  readonly field: string;
}

const group = '/resourceGroups/';
const clusterType = 'Microsoft.ContainerService/managedClusters';
const nameCluster = ({ subscriptionId, resourceGroup, name }: ClusterRef): string =>
  `/subscriptions/${subscriptionId}${group}${resourceGroup}/providers/${clusterType}/${name}`;
const nameImage = ({ publisher, offer, sku, version }: VmImage): string => [publisher, offer, sku, version].join(':');

export function listAskedByMission(mission: Mission): readonly Asked[] {
  const { subscriptionId, resourceGroup, cluster: name, vm, workload } = mission;
  return [
    { list: 'subscriptions', value: subscriptionId, field: 'subscriptionId' },
    { list: 'resourceGroups', value: resourceGroup, field: 'resourceGroup' },
    { list: 'clusters', value: nameCluster({ subscriptionId, resourceGroup, name }), field: 'cluster' },
    { list: 'resourceGroups', value: vm.resourceGroup, field: 'vm.resourceGroup' },
    { list: 'workloadNamespaces', value: workload.namespace, field: 'workload.namespace' },
    { list: 'images', value: nameImage(vm.image), field: 'vm.image' },
    ...vm.allowedSshSources.map((value): Asked => ({ list: 'sshSources', value, field: 'vm.allowedSshSources' })),
  ];
}

export function listAskedBySweep({ subscriptionId, resourceGroup, cluster: name, vmResourceGroup }: Sweep): Asked[] {
  return [
    { list: 'subscriptions', value: subscriptionId, field: 'subscriptionId' },
    { list: 'resourceGroups', value: resourceGroup, field: 'resourceGroup' },
    { list: 'clusters', value: nameCluster({ subscriptionId, resourceGroup, name }), field: 'cluster' },
    { list: 'resourceGroups', value: vmResourceGroup, field: 'vmResourceGroup' },
  ];
}

/** Subscription and resource group of an ARM id. */
export function listAskedById(id: string): readonly Asked[] {
  const [, subscription, resourceGroup] = /^\/subscriptions\/([^/]*)(?:\/resourceGroups\/([^/]*))?/i.exec(id) ?? [];
  return [
    ...(subscription === undefined ? [] : [{ list: 'subscriptions', value: subscription, field: '' } as const]),
    ...(resourceGroup === undefined ? [] : [{ list: 'resourceGroups', value: resourceGroup, field: '' } as const]),
  ];
}

type StepFields = Readonly<Record<string, unknown>>;

/**
 * Everything that a call names, wherever in it: a workflow that is not hepflow's may call an activity with anything. A
 * `spec` is passed over, because who resolves it asks for it with its defaults.
 */
export function listAskedByCall(call: unknown): readonly Asked[] {
  const asked: Asked[] = [];
  const waiting: unknown[] = [call];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (typeof part === 'string') asked.push(...listAskedById(part));
    if (typeof part !== 'object' || part === null) continue;
    if (!Array.isArray(part)) asked.push(...listAskedByFields(part as StepFields));
    for (const [key, inner] of Object.entries(part)) if (key !== 'spec' && inner !== undefined) waiting.push(inner);
  }
  return asked;
}

function listAskedByFields(fields: StepFields): readonly Asked[] {
  const take = (list: AllowList, value: unknown): Asked[] =>
    value === undefined ? [] : [{ list, value: String(value), field: '' }];
  const { subscriptionId, resourceGroup, name, namespace, image, allowedSshSources } = fields;
  return [
    ...take('subscriptions', subscriptionId),
    ...take('resourceGroups', resourceGroup),
    ...(subscriptionId !== undefined && resourceGroup !== undefined && name !== undefined
      ? take('clusters', nameCluster(fields as unknown as ClusterRef))
      : []),
    ...take('workloadNamespaces', namespace),
    ...(typeof image === 'object' && image !== null ? take('images', nameImage(image as VmImage)) : []),
    ...(Array.isArray(allowedSshSources) ? allowedSshSources.flatMap((each) => take('sshSources', each)) : []),
  ];
}

/** A problem for each thing that is asked for and not allowed. */
export function listForbidden(allow: Allow | undefined, asked: readonly Asked[]): readonly Problem[] {
  if (allow === undefined) return [];
  const found = asked.flatMap(({ list, value, field }): Problem[] => {
    const patterns = allow.lists[list];
    if (patterns === undefined || isAllowed(list, value, patterns)) return [];
    const message = `The ${allowLists[list]} ${value.slice(0, 200)} is in none of the ${list} of ${allow.file}.`;
    const remedy = `Ask the operator of the worker to add it to ${list} in ${allow.file}, or name another.`;
    return [{ code: 'NotAllowed', field, message, remedy }];
  });
  return [...new Map(found.map((each) => [`${each.field} ${each.message}`, each])).values()].slice(0, 50);
}

/** Throws `NotAllowed` with every problem. */
export function refuseForbidden(allow: Allow | undefined, asked: readonly Asked[]): void {
  const problems = listForbidden(allow, asked);
  if (problems.length === 0) return;
  throw new HepflowError('NotAllowed', problems.map(({ message }) => message).join(' '), { problems });
}

/** No name that Azure or Kubernetes takes is longer. */
const longestValue = 500;

function isAllowed(list: AllowList, value: string, patterns: readonly string[]): boolean {
  if (value.length > longestValue) return false;
  if (list === 'sshSources') return patterns.some((pattern) => pattern === '*' || contains(pattern, value));
  return patterns.some((pattern) => expressionOf(pattern).test(value));
}

const expressionOf = (pattern: string): RegExp => {
  const parts = pattern.split(/\*+/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/:]*')}$`, 'i');
};

/** Whether all of one CIDR lies in another. */
function contains(outer: string, inner: string): boolean {
  const [[address = '', bits = ''], [within = '', innerBits = '']] = [outer.split('/'), inner.split('/')];
  if (!isIPv4(within) || !/^\d{1,2}$/.test(innerBits) || Number(innerBits) < Number(bits)) return false;
  const network = new BlockList();
  network.addSubnet(address, Number(bits), 'ipv4');
  return network.check(within, 'ipv4');
}
