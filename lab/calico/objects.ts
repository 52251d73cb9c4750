/** Calico's objects, as far as the lab's Calico stand-in reads them. */

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface CalicoObject<Spec> {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: Metadata;
  readonly spec: Spec;
}

export type HostEndpoint = CalicoObject<HostEndpointSpec>;
export interface HostEndpointSpec {
  readonly node: string;
  /** An interface, or `*`: all of them. */
  readonly interfaceName?: string;
  readonly expectedIPs?: readonly string[];
  readonly profiles?: readonly string[];
}

/** `order`: lower first; none: 1 000 000. */
export type Tier = CalicoObject<{ readonly order?: number; readonly defaultAction?: 'Deny' | 'Pass' }>;

export type GlobalNetworkPolicy = CalicoObject<PolicySpec & HostPolicySpec>;
export type NetworkPolicy = CalicoObject<PolicySpec>;

export interface PolicySpec {
  /** Default `default`. */
  readonly tier?: string;
  /** Lower first; none: last. */
  readonly order?: number;
  readonly selector?: string;
  /** None: both. */
  readonly types?: readonly Direction[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

export interface HostPolicySpec {
  readonly namespaceSelector?: string;
  readonly serviceAccountSelector?: string;
  readonly applyOnForward?: boolean;
  readonly preDNAT?: boolean;
  readonly doNotTrack?: boolean;
}

export type Direction = 'Ingress' | 'Egress';

export interface Rule {
  readonly action: 'Allow' | 'Deny' | 'Log' | 'Pass';
  readonly ipVersion?: number;
  readonly protocol?: Protocol;
  readonly notProtocol?: Protocol;
  readonly icmp?: { readonly type?: number; readonly code?: number };
  readonly source?: EntityRule;
  readonly destination?: EntityRule;
}

/** A name such as `TCP`, or a number. */
export type Protocol = string | number;
/** A port, or a range `first:last`. */
export type Port = string | number;

export interface EntityRule {
  readonly nets?: readonly string[];
  readonly notNets?: readonly string[];
  readonly ports?: readonly Port[];
  readonly notPorts?: readonly Port[];
  readonly selector?: string;
  readonly notSelector?: string;
  readonly namespaceSelector?: string;
}

export interface ProtoPort {
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'tcp' | 'udp' | 'sctp';
  readonly port: number;
  /** CIDR of the other side; none: any. */
  readonly net?: string;
}

export type FelixConfiguration = CalicoObject<FelixConfigurationSpec>;
export interface FelixConfigurationSpec {
  /** None: Calico's defaults. Empty: no failsafe ports. */
  readonly failsafeInboundHostPorts?: readonly ProtoPort[];
  readonly failsafeOutboundHostPorts?: readonly ProtoPort[];
  /** Default here Accept, as on AKS. */
  readonly defaultEndpointToHostAction?: 'Accept' | 'Drop' | 'Return' | 'ACCEPT' | 'DROP' | 'RETURN';
  readonly iptablesFilterDenyAction?: 'Drop' | 'Reject';
}

export type KubeControllersConfiguration = CalicoObject<RunningConfig> & {
  readonly status?: { readonly runningConfig?: RunningConfig };
};
export interface RunningConfig {
  readonly controllers?: {
    readonly node?: { readonly hostEndpoint?: { readonly autoCreate?: 'Enabled' | 'Disabled' } };
  };
  readonly [field: string]: unknown;
}
