/** Every right that steps and undos need in the cluster: preflight asks for each, the roles of deploy/kubernetes grant them; a test compares the two. */

import { clusterLease } from '../ownership/names.ts';

export interface NeededRight {
  readonly verb: string;
  /** API group; empty for the core group. */
  readonly group: string;
  readonly resource: string;
  /** Only the object of this name. */
  readonly name?: string;
  /** Enough to have it in the workload's namespace. */
  readonly inNamespace?: true;
  /** Enough to have it in this namespace. */
  readonly namespace?: string;
  /** Needed by `hepflow sweep` alone: no business of a run, so its preflight does not ask for it. */
  readonly only?: 'sweep';
  /** Worth having: preflight and doctor tell more with it, and miss nothing without it. */
  readonly optional?: true;
}

/** Where kube-proxy's mode is read: ConfigMap and DaemonSet of one name. */
export const kubeProxy = { name: 'kube-proxy', namespace: 'kube-system' } as const;
/** The profile of every automatic host endpoint. */
export const defaultAllowProfile = 'projectcalico-default-allow';

const core = '';
const calico = 'projectcalico.org';

export const neededRights: readonly NeededRight[] = [
  { verb: 'get', group: core, resource: 'namespaces' },
  { verb: 'get', group: 'apps', resource: 'deployments', inNamespace: true },
  { verb: 'list', group: core, resource: 'pods', inNamespace: true },
  // Everywhere: a NodePort is taken whatever the namespace of the service that has it.
  { verb: 'list', group: core, resource: 'services' },
  ...verbs(['get', 'create', 'patch', 'delete'], { group: core, resource: 'services', inNamespace: true }),
  { verb: 'list', group: 'discovery.k8s.io', resource: 'endpointslices', inNamespace: true },
  ...verbs(['get', 'list', 'patch'], { group: core, resource: 'nodes' }),
  ...verbs(['get', 'patch'], { group: calico, resource: 'kubecontrollersconfigurations', name: 'default' }),
  ...verbs(['get', 'patch'], { group: calico, resource: 'felixconfigurations', name: 'default' }),
  { verb: 'get', group: calico, resource: 'clusterinformations', name: 'default' },
  { verb: 'list', group: calico, resource: 'hostendpoints' },
  ...verbs(['get', 'list', 'create', 'patch', 'delete'], { group: calico, resource: 'globalnetworkpolicies' }),
  { verb: 'get', group: calico, resource: 'tiers' },
  // An object that does not exist yet has no name that a role could allow.
  { verb: 'create', group: 'coordination.k8s.io', resource: 'leases', namespace: clusterLease.namespace },
  ...verbs(['get', 'patch', 'delete'], { group: 'coordination.k8s.io', resource: 'leases', ...clusterLease }),
  { verb: 'get', group: calico, resource: 'profiles', name: defaultAllowProfile, optional: true },
  { verb: 'get', group: core, resource: 'configmaps', ...kubeProxy, optional: true },
  { verb: 'get', group: 'apps', resource: 'daemonsets', ...kubeProxy, optional: true },
];

/** Rights that Calico's API server asks for beside those on the policy: for one tier's policies, as `<tier>.*`. */
export function tierRights(tier: string): readonly NeededRight[] {
  return verbs(['get', 'list', 'create', 'patch', 'delete'], {
    group: calico,
    resource: 'tier.globalnetworkpolicies',
    name: `${tier}.*`,
  });
}

function verbs(all: readonly string[], right: Omit<NeededRight, 'verb'>): readonly NeededRight[] {
  return all.map((verb) => ({ verb, ...right }));
}
