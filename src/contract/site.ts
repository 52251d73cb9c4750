/** What preflight found, read only: the cluster as it is before the run, and every prior value that undo will restore (W3). */

export interface Site {
  readonly location: string;
  readonly clusterResourceId: string;
  readonly nodeResourceGroup: string;
  readonly kubernetesVersion: string;
  /** The VNet that the nodes are in. */
  readonly clusterVnetId: string;
  readonly clusterAddressSpaces: readonly string[];
  /** The nodes to judge, in order: exactly two. */
  readonly nodes: readonly [NodeSite, NodeSite];
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
  /** Value of the mission's label before the run; null: the node does not have it. */
  readonly priorLabel: string | null;
}

export interface CalicoSite {
  /** `cloud` when FelixConfiguration's schema knows flowLogsEnableHostEndpoint, else `oss`. */
  readonly flavour: 'oss' | 'cloud';
  readonly version: string;
  /** spec.controllers.node.hostEndpoint.autoCreate of KubeControllersConfiguration default; null: the field is absent. */
  readonly priorAutoCreate: string | null;
  /** spec.flowLogsEnableHostEndpoint of FelixConfiguration default; null: the field is absent. */
  readonly priorFlowLogs: boolean | null;
}
