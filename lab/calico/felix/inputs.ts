import type { FelixConfigurationSpec, GlobalNetworkPolicy, HostEndpoint, NetworkPolicy, Tier } from '../objects.ts';
import type { Labels } from './selector.ts';

/** All that a node's rules depend on. */
export interface Inputs {
  /** The node that the rules are for. */
  readonly node: string;
  /** Interfaces of the node with their IPv4 addresses, for host endpoints that name no interface. */
  readonly interfaces: readonly NodeInterface[];
  /** Of all nodes. */
  readonly hostEndpoints: readonly HostEndpoint[];
  readonly globalNetworkPolicies: readonly GlobalNetworkPolicy[];
  readonly networkPolicies: readonly NetworkPolicy[];
  readonly tiers: readonly Tier[];
  /** Of all nodes. */
  readonly workloads: readonly Workload[];
  /** Labels of the namespaces by name. */
  readonly namespaces: Readonly<Record<string, Labels>>;
  /** Spec of FelixConfiguration `default`. */
  readonly configuration: FelixConfigurationSpec;
  /** How the node's ends of the pods' links begin, such as `azv` on AKS. */
  readonly workloadInterfacePrefix: string;
}

export interface NodeInterface {
  readonly name: string;
  readonly addresses: readonly string[];
}

/** A pod with an address of its own. */
export interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly labels: Labels;
  readonly address: string;
  /** The node's end of its link. */
  readonly interfaceName: string;
}
