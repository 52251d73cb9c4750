/**
 * Every right that a run needs, in Azure and in the cluster: what preflight itself reads, and what each kind of change
 * and vantage lists. deploy/ grants exactly these; tests compare them.
 */
import { defaultAllowProfile, groupOfCalico } from '../adapters/kubernetes/calico.ts';
import { calicoNode } from '../adapters/kubernetes/calico-node.ts';
import { findKind, listAzureRights, listKubernetesRights } from '../changes/index.ts';
import {
  type AzureRight,
  type KubernetesRight,
  listActions,
  listCalicoVerbs,
  listVerbs,
  type RightScope,
} from '../changes/rights.ts';
import type { Scenario } from '../contract/scenario.ts';
import { vantageKinds } from '../vantage/index.ts';

/** Where kube-proxy's mode is read: ConfigMap and DaemonSet of one name. */
export const kubeProxy = { name: 'kube-proxy', namespace: 'kube-system' } as const;

const followed = ['operations/read', 'operationResults/read'] as const;

export const azureRights: readonly AzureRight[] = [
  ...listActions(['group', 'cluster', 'clusterNetwork'], 'Microsoft.Authorization', 'locks/read').map(
    (right): AzureRight => ({ ...right, only: 'locks' }),
  ),
  ...listActions(['group', 'cluster', 'clusterNetwork'], 'Microsoft.Authorization', 'permissions/read'),
  ...listActions(['group', 'cluster'], 'Microsoft.Resources', 'subscriptions/resourceGroups/read'),
  ...listActions(
    ['cluster'],
    'Microsoft.ContainerService/managedClusters',
    ...['read', 'listClusterUserCredential/action'],
  ),
  // Operations live beside the resource groups; Azure asks for these rights on the group of what they are about.
  ...listActions(['group'], 'Microsoft.Network/locations', ...followed),
  ...listActions(['clusterNetwork'], 'Microsoft.Network/locations', ...followed).map(
    (right): AzureRight => ({ ...right, only: 'following' }),
  ),
  ...listAzureRights(),
  ...Object.values(vantageKinds).flatMap(({ rights }) => rights.azure),
];

const core = '';
const readRights: readonly KubernetesRight[] = [
  ...listVerbs(['get'], { group: core, resource: 'namespaces' }),
  ...listVerbs(['list'], { group: core, resource: 'pods', inNamespace: true }),
  // Everywhere: a NodePort is taken whatever the namespace of the service that has it.
  ...listVerbs(['list'], { group: core, resource: 'services' }),
  ...listCalicoVerbs(['get'], { resource: 'clusterinformations', name: 'default' }),
  ...listCalicoVerbs(['get'], { resource: 'tiers' }),
  // Those of single nodes override the one called default.
  ...listCalicoVerbs(['get'], { resource: 'felixconfigurations' }),
  // Only Calico's API server has profiles.
  ...listVerbs(['get'], {
    ...{ group: groupOfCalico('projectcalico.org/v3'), resource: 'profiles' },
    ...{ name: defaultAllowProfile, optional: true },
  }),
  ...listVerbs(['get'], { group: 'apps', resource: 'daemonsets', name: calicoNode.name, optional: true }),
  ...listVerbs(['get'], { group: core, resource: 'configmaps', ...kubeProxy, optional: true }),
  ...listVerbs(['get'], { group: 'apps', resource: 'daemonsets', ...kubeProxy, optional: true }),
];

export const kubernetesRights: readonly KubernetesRight[] = [
  ...readRights,
  ...listKubernetesRights(),
  ...Object.values(vantageKinds).flatMap(({ rights }) => rights.kubernetes),
];

/** Rights that depend on what a scenario changes, such as those on the policies of one tier. */
export const listScenarioRights = ({ phases }: Pick<Scenario, 'phases'>): readonly KubernetesRight[] =>
  phases.flatMap(({ changes }) => changes).flatMap((change) => findKind(change).listRights?.(change) ?? []);

/** Permissions of one role assignment, with Azure's wildcards. */
export interface Granted {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
}

/**
 * Actions needed at that scope, by every run or `only` for something, that no assignment allows. An assignment's
 * notActions take from that assignment only.
 */
export function listMissingActions(
  scope: RightScope,
  granted: readonly Granted[],
  needed?: AzureRight['only'],
): string[] {
  const isAllowed = (action: string): boolean =>
    granted.some(
      ({ actions, notActions }) =>
        actions.some((each) => isCovered(action, each)) && !notActions.some((each) => isCovered(action, each)),
    );
  return azureRights
    .filter(({ action, at, only }) => only === needed && at.includes(scope) && !isAllowed(action))
    .map(({ action }) => action);
}

/**
 * Case does not matter; `*` stands for any characters, slashes included. Each part between two `*` is taken where it
 * comes first: that is never worse than a later place, so nothing is tried twice.
 */
function isCovered(action: string, pattern: string): boolean {
  const [wanted, parts] = [action.toLowerCase(), pattern.toLowerCase().split('*')];
  const [first = '', last = ''] = [parts[0], parts.at(-1)];
  if (parts.length === 1) return wanted === first;
  const end = wanted.length - last.length;
  if (!wanted.startsWith(first) || !wanted.endsWith(last) || end < first.length) return false;
  let from = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = wanted.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}
