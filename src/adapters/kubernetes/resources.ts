/** The resources in use, with as much of their shapes as is read. */

export interface KubernetesObject {
  readonly metadata: Metadata;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deletionTimestamp?: string;
  readonly ownerReferences?: readonly { readonly kind: string; readonly uid: string }[];
}

/** Where a kind is served. The type parameter is only for the compiler. */
export interface Resource<T extends KubernetesObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** Whether labels and annotations may be kept in an annotation of Calico's (kept-metadata.ts). */
  readonly keepsMetadata?: true;
  readonly shape?: T;
}

export const createResource = <T extends KubernetesObject>(
  group: string,
  version: string,
  plural: string,
): Resource<T> => ({
  group,
  version,
  plural,
});

export const namespaces = createResource<KubernetesObject>('', 'v1', 'namespaces');
export const nodes = createResource<Node>('', 'v1', 'nodes');
export const pods = createResource<Pod>('', 'v1', 'pods');
export const services = createResource<Service>('', 'v1', 'services');
export const deployments = createResource<Deployment>('apps', 'v1', 'deployments');
export const leases = createResource<Lease>('coordination.k8s.io', 'v1', 'leases');
export const endpointSlices = createResource<EndpointSlice>('discovery.k8s.io', 'v1', 'endpointslices');

export const configMaps = createResource<ConfigMap>('', 'v1', 'configmaps');
export const daemonSets = createResource<DaemonSet>('apps', 'v1', 'daemonsets');

interface Condition {
  readonly type: string;
  readonly status: string;
}

export interface Node extends KubernetesObject {
  readonly spec?: {
    /** Cordoned. */
    readonly unschedulable?: boolean;
    readonly taints?: readonly { readonly key: string }[];
    /** What the cloud calls it: `azure:///subscriptions/…`. */
    readonly providerID?: string;
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly addresses?: readonly { readonly type: string; readonly address?: string }[];
    readonly nodeInfo?: { readonly operatingSystem?: string };
  };
}

export interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

export interface DaemonSet extends KubernetesObject {
  readonly spec?: {
    readonly template?: {
      readonly spec?: {
        readonly containers?: readonly {
          readonly name?: string;
          readonly command?: readonly string[];
          readonly args?: readonly string[];
          readonly env?: readonly { readonly name: string; readonly value?: string }[];
        }[];
      };
    };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly desiredNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberAvailable?: number;
    readonly numberMisscheduled?: number;
  };
}

export interface Pod extends KubernetesObject {
  readonly spec?: { readonly nodeName?: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export interface Service extends KubernetesObject {
  readonly spec?: {
    readonly type?: string;
    readonly selector?: Readonly<Record<string, string>>;
    readonly ports?: readonly { readonly port: number; readonly nodePort?: number }[];
    readonly healthCheckNodePort?: number;
  };
}

export interface Deployment extends KubernetesObject {
  readonly spec?: {
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly template?: { readonly metadata?: { readonly labels?: Readonly<Record<string, string>> } };
  };
}

export interface Lease extends KubernetesObject {
  /** `acquireTime` has microseconds. Nobody holds a lease without `holderIdentity`. */
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly acquireTime?: string;
    readonly leaseTransitions?: number;
  };
}

export interface EndpointSlice extends KubernetesObject {
  /** A missing `ready` means ready (API reference of EndpointConditions). */
  readonly endpoints?: readonly Endpoint[] | null;
}

interface Endpoint {
  readonly addresses?: readonly string[];
  readonly conditions?: { readonly ready?: boolean };
  readonly nodeName?: string;
  readonly targetRef?: { readonly kind?: string; readonly name?: string };
}

interface ControllersConfig {
  readonly controllers?: { readonly node?: { readonly hostEndpoint?: HostEndpointConfig } };
}

interface HostEndpointConfig {
  readonly autoCreate?: string;
  /** `Disabled`: only the templates make host endpoints. Default Enabled; since v3.30. */
  readonly createDefaultHostEndpoint?: string;
  /** More host endpoints for the nodes that a template selects; its labels win over the node's. */
  readonly templates?: readonly {
    readonly nodeSelector?: string;
    readonly labels?: Readonly<Record<string, string>>;
  }[];
}

export interface KubeControllersConfiguration extends KubernetesObject {
  readonly spec?: ControllersConfig;
  readonly status?: {
    readonly runningConfig?: ControllersConfig;
    readonly environmentVars?: Readonly<Record<string, string>>;
  };
}

export interface FelixConfiguration extends KubernetesObject {
  readonly spec?: {
    readonly flowLogsEnableHostEndpoint?: boolean;
    readonly failsafeInboundHostPorts?: readonly FailsafePort[];
    readonly iptablesFilterDenyAction?: string;
    readonly nftablesFilterDenyAction?: string;
    readonly bpfEnabled?: boolean;
    /** `Enabled`, `Disabled` or `Auto`. */
    readonly nftablesMode?: string;
    /** false: another program than Felix programs the nodes, such as VPP. */
    readonly useInternalDataplaneDriver?: boolean;
  };
}

export interface FailsafePort {
  readonly protocol?: string;
  readonly port: number;
  /** CIDR; absent: any source. */
  readonly net?: string;
}

export interface ClusterInformation extends KubernetesObject {
  /** `cnxVersion` is set by Calico Enterprise and Cloud only. */
  readonly spec?: { readonly calicoVersion?: string; readonly cnxVersion?: string };
}

export interface HostEndpoint extends KubernetesObject {
  readonly spec?: {
    readonly node?: string;
    readonly interfaceName?: string;
    readonly expectedIPs?: readonly string[];
  };
}

export interface GlobalNetworkPolicy extends KubernetesObject {
  readonly spec?: {
    readonly selector?: string;
    readonly namespaceSelector?: string;
    readonly serviceAccountSelector?: string;
    readonly preDNAT?: boolean;
    readonly doNotTrack?: boolean;
    readonly tier?: string;
    readonly order?: number;
    /** Absent in Calico's storage: both directions. Its API server fills them in. */
    readonly types?: readonly string[];
    readonly egress?: readonly unknown[];
    readonly ingress?: readonly unknown[];
  };
}
