/**
 * What preflight found, read only: the cluster as it is before the run. Prior values stand in the plan, with the
 * changes (W3).
 */
import type { CalicoApi, CalicoSummary } from './report.ts';

/** An AKS cluster as `az aks` names it. */
export interface ClusterName {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
}

export interface Site {
  readonly location: string;
  readonly clusterResourceId: string;
  readonly nodeResourceGroup: string;
  readonly kubernetesVersion: string;
  /** The VNet that the nodes are in. */
  readonly clusterVnetId: string;
  readonly clusterAddressSpaces: readonly string[];
  /** The nodes to judge, in order: as many as the scenario asks for. */
  readonly nodes: readonly NodeSite[];
  /** Every ready Linux node's name: each must get an auto host endpoint. */
  readonly readyNodes: readonly string[];
  readonly calico: CalicoSite;
  /** Whether the Temporal namespace knows hepflow's search attributes; without them the run sets none. */
  readonly searchAttributes: boolean;
  /** Findings that do not stop the run, a sentence each. */
  readonly warnings: readonly string[];
}

export interface NodeSite {
  readonly name: string;
  readonly internalIp: string;
}

/** `cloud` when FelixConfiguration's schema knows flowLogsEnableHostEndpoint, else `oss`. */
export type CalicoSite = Pick<CalicoSummary, 'flavour' | 'version'> & { readonly api: CalicoApi };
