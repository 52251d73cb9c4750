/**
 * What a run is asked to do. `RunSpec` is what a user writes: everything but the first three fields may be left out.
 * `Mission` is the same with every default filled in; config/run-spec.ts turns one into the other and refuses bad
 * input.
 */

export interface Mission {
  readonly subscriptionId: string;
  /** Resource group of the managed cluster. */
  readonly resourceGroup: string;
  readonly cluster: string;
  readonly workload: Workload;
  readonly label: Label;
  /** The nodes to judge, in order: two for the workshop. Empty: the first ready Linux nodes by name. */
  readonly nodes: readonly string[];
  readonly vm: ProbeVmSpec;
  readonly policy: PolicySpec;
  readonly secondNode: SecondNode;
  readonly cleanup: Cleanup;
  readonly probe: ProbeSettings;
}

/** The deployment that is exposed, and how. Defaults are the workshop's. */
export interface Workload {
  /** Default `default`. */
  readonly namespace: string;
  /** Default `frontend`. */
  readonly deployment: string;
  /** Name of the NodePort service that the run creates. Default `frontend-nodeport`. */
  readonly serviceName: string;
  /** Default 80. */
  readonly port: number;
  /** Default 8080. */
  readonly targetPort: number;
  /** Default 30080; the cluster's NodePort range is 30000-32767 unless its API server says otherwise. */
  readonly nodePort: number;
}

/** The node label that the policy selects. Default `host-end-point=test`. */
export interface Label {
  readonly key: string;
  readonly value: string;
}

export interface ProbeVmSpec {
  /** Resource group that receives the VM and its network; it must exist. Default: the cluster's. */
  readonly resourceGroup: string;
  /** IPv4 CIDR. Default 192.168.0.0/16. */
  readonly addressSpace: string;
  /** IPv4 CIDR within the address space. Default 192.168.1.0/24. */
  readonly subnet: string;
  /** Sizes to try in order when one is not available. Default Standard_B2ts_v2, Standard_B2ats_v2, Standard_B1s. */
  readonly sizes: readonly string[];
  readonly image: VmImage;
  /** Default `azureuser`. */
  readonly adminUser: string;
  /** Sources that the NSG lets in on tcp 22: CIDRs, or `*`. Default `*`, the workshop's; narrow it where you can. */
  readonly allowedSshSources: readonly string[];
  /** Tags of the site's own on everything that the run makes in Azure, beside hepflow's. Default none. */
  readonly tags: Tags;
}

export type Tags = Readonly<Record<string, string>>;

/** Default: Canonical ubuntu-24_04-lts, sku server, version latest. */
export interface VmImage {
  readonly publisher: string;
  readonly offer: string;
  readonly sku: string;
  readonly version: string;
}

export interface PolicySpec {
  /** Default `frontend-nodeport-access`. */
  readonly name: string;
  /** An existing Calico tier. Default `default` (Calico Cloud's workshop uses `security`). */
  readonly tier: string;
  /** Default 100. */
  readonly order: number;
}

export const gateRules = ['on-signal', 'always', 'never'] as const;

export interface SecondNode {
  /**
   * `on-signal`: wait for signal `labelNode2`; `always`: go on at once; `never`: stop after node 1. Default
   * `on-signal`.
   */
  readonly when: (typeof gateRules)[number];
  /** How long `on-signal` waits before the run goes on without node 2, in milliseconds. Default 15 minutes. */
  readonly waitMs: number;
}

export const cleanupRules = ['always', 'on-success', 'on-signal'] as const;

export interface Cleanup {
  /**
   * `always`; `on-success`: keep everything when a step failed, and list it; `on-signal`: wait for signal `finish`
   * first. Default `always`.
   */
  readonly when: (typeof cleanupRules)[number];
  /** How long `on-signal` waits before it cleans up all the same, in milliseconds. Default 1 hour. */
  readonly waitMs: number;
}

export interface ProbeSettings {
  /** Independent connections per target in a proof window. At least 3. Default 3. */
  readonly connections: number;
  /** Time limit of each of them, in milliseconds. At least 3000, which is 3 SYNs on kernels >= 6.5. Default 3000. */
  readonly timeoutMs: number;
  /** How long a change may take to bite before it is judged as it is, in milliseconds. Default 30 000. */
  readonly convergenceMs: number;
  /** A TCP port open on every node whatever the policy; the control of a deny. Default 10250 (kubelet). */
  readonly controlPort: number;
  /**
   * How long fresh connections go on after a proven deny to bound how many could still pass, in milliseconds; 0: no
   * soak. Default 0; 15 000 gives
   * a bound below 1 % at 95 % confidence.
   */
  readonly soakMs: number;
}

type Loose<T> = { readonly [K in keyof T]?: T[K] extends readonly unknown[] | string | number ? T[K] : Loose<T[K]> };

/** What a user writes. Durations may also be given as in `waitMs`, whole milliseconds. */
export type RunSpec = Pick<Mission, 'subscriptionId' | 'resourceGroup' | 'cluster'> & Loose<Mission>;
