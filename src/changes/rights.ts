/** The rights that something needs, in Azure and in the cluster: each kind of change lists its own. */
import { groupOfCalico } from '../adapters/kubernetes/calico.ts';
import { type CalicoApi, calicoApis } from '../contract/report.ts';

export interface Rights {
  readonly azure: readonly AzureRight[];
  readonly kubernetes: readonly KubernetesRight[];
}

/**
 * `group`: the resource group of the probe VM; `cluster`: the managed cluster; `clusterNetwork`: the VNet of its nodes.
 */
export type RightScope = 'group' | 'cluster' | 'clusterNetwork';

export interface AzureRight {
  readonly action: string;
  readonly at: readonly RightScope[];
  /**
   * Preflight does not refuse without it. `witness`: a run lacks a witness, which its report says. `following`: a run
   * looks at the resource in place of its operation, and cannot tell why one failed. `locks`: preflight looks for none.
   */
  readonly only?: 'witness' | 'following' | 'locks';
}

export interface KubernetesRight {
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
  /** Worth having: preflight and doctor tell more with it, and miss nothing without it. */
  readonly optional?: true;
}

export const listActions = (at: readonly RightScope[], prefix: string, ...ends: readonly string[]): AzureRight[] =>
  ends.map((end) => ({ action: `${prefix}/${end}`, at }));

/** On a kind of Calico's objects, in its API and in its storage: `isRightIn` tells which of both a cluster needs. */
export const listCalicoVerbs = (all: readonly string[], right: Omit<KubernetesRight, 'verb' | 'group'>) =>
  calicoApis.flatMap((api) => listVerbs(all, { ...right, group: groupOfCalico(api) }));

/** Whether a right is on what the cluster serves of Calico, or on something else. */
export const isRightIn = (api: CalicoApi, { group }: KubernetesRight): boolean =>
  group === groupOfCalico(api) || calicoApis.every((each) => groupOfCalico(each) !== group);

export const listVerbs = (all: readonly string[], right: Omit<KubernetesRight, 'verb'>): KubernetesRight[] =>
  all.map((verb) => ({ verb, ...right }));
