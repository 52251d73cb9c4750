/**
 * Every step of a run and what undoes it: the only list of step names. Progress table, report, activities and tests follow it.
 * A step may run twice (W9). An output never holds a secret (W7).
 */
import type { Evidence, Phase, Target } from './evidence.ts';
import type { Mission, ProbeSettings, VmImage, Workload } from './mission.ts';
import type { Interval } from './observation.ts';
import type { NodeSite, Site } from './site.ts';

/** Identifies the run to every step: names, tags and labels come from it (W6). */
export interface RunRef {
  /** 8 hexadecimal characters. */
  readonly runId: string;
  readonly workflowId: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly subscriptionId: string;
  /** Resource group of everything that the run creates in Azure. */
  readonly resourceGroup: string;
  /** Azure region of the cluster, and so of the VM. */
  readonly location: string;
  readonly cluster: ClusterRef;
}

export interface ClusterRef {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly name: string;
}

interface Step<Input, Output, Undo extends UndoName | 'nothing to undo'> {
  readonly input: Input;
  readonly output: Output;
  readonly undo: Undo;
}

export interface Steps {
  /** Validates the input and reads cluster and subscription; changes nothing. Fails with InvalidInput or PreflightFailed, each with every problem. */
  preflight: Step<
    { readonly spec: unknown; readonly runId: string; readonly holder: string },
    { readonly mission: Mission; readonly site: Site },
    'nothing to undo'
  >;
  /**
   * The lease that lets one run at a time change the cluster. `takenOverFrom`: the holder before, a run that is provably over and left it behind.
   * Fails with ClusterHeld when somebody else holds it. A holder is written `<Temporal namespace>/<workflow id>/<first run id>`.
   */
  holdCluster: Step<
    { readonly holder: string },
    { readonly since: string; readonly takenOverFrom: string | null },
    'releaseCluster'
  >;

  /** VNet with one subnet. */
  createNetwork: Step<
    { readonly addressSpace: string; readonly subnet: string },
    { readonly id: string; readonly subnetId: string },
    'deleteNetwork'
  >;
  /** Standard, static. `address` is its IPv4 address. */
  createPublicIp: Step<object, { readonly id: string; readonly address: string }, 'deletePublicIp'>;
  /** Network security group with the rule AllowRuleSSH: tcp 22, priority 1000, from the given sources. */
  createSecurityGroup: Step<
    { readonly allowedSshSources: readonly string[] },
    { readonly id: string },
    'deleteSecurityGroup'
  >;
  /** `privateAddress` is the one that Azure gave: the source address that the nodes will see. */
  createInterface: Step<
    { readonly subnetId: string; readonly publicIpId: string; readonly securityGroupId: string },
    { readonly id: string; readonly privateAddress: string },
    'deleteInterface'
  >;
  /** VM with derived keys by cloud-init; succeeded when Azure says so, not when SSH answers. `hostKey` is the pinned public key, OpenSSH one-line form. */
  createVm: Step<
    {
      readonly interfaceId: string;
      readonly sizes: readonly string[];
      readonly image: VmImage;
      readonly adminUser: string;
    },
    { readonly id: string; readonly size: string; readonly hostKey: string },
    'deleteVm'
  >;
  /** An SSH session to the pinned host key. `kernel` is `uname -r`. */
  awaitSsh: Step<SshTarget, { readonly kernel: string; readonly python: string }, 'nothing to undo'>;

  /** Peering on the VM's VNet, towards the cluster's. */
  peerToCluster: Step<
    { readonly vnetId: string; readonly clusterVnetId: string },
    { readonly id: string },
    'deletePeering'
  >;
  /** Peering on the cluster's VNet, towards the VM's; done when both sides are Succeeded and Connected. */
  peerFromCluster: Step<
    { readonly vnetId: string; readonly clusterVnetId: string },
    { readonly id: string; readonly peeringState: string; readonly syncLevel: string },
    'deletePeering'
  >;

  /** autoCreate Enabled; done when status.runningConfig says so and every ready node has its auto host endpoint. `names` are the HEPs'. */
  enableAutoHostEndpoints: Step<
    { readonly prior: string | null; readonly readyNodes: readonly string[] },
    { readonly changed: boolean; readonly names: readonly string[] },
    'restoreAutoHostEndpoints'
  >;
  /** flowLogsEnableHostEndpoint true, read back. `supported` false: this Calico pruned the field. */
  enableFlowLogs: Step<
    { readonly prior: boolean | null },
    { readonly changed: boolean; readonly supported: boolean },
    'restoreFlowLogs'
  >;
  /** NodePort service; done when it has that nodePort and a ready endpoint. */
  exposeNodePort: Step<Workload, { readonly nodePort: number; readonly readyEndpoints: number }, 'deleteService'>;

  /** Label on the node; done when its auto host endpoint carries it too. */
  labelNode: Step<
    LabelChange & Watched,
    {
      readonly changed: boolean;
      readonly hostEndpoint: string;
      /** When the label was written, and when the host endpoint was seen with it; absent when an earlier try did it. */
      readonly written?: Interval;
      readonly onHostEndpoint?: Interval;
    },
    'restoreLabel'
  >;
  /** The preDNAT GlobalNetworkPolicy. `name` is the object's. */
  applyPolicy: Step<
    {
      readonly name: string;
      readonly tier: string;
      readonly order: number;
      readonly label: { readonly key: string; readonly value: string };
      readonly sourceAddress: string;
      readonly nodePort: number;
    },
    /** `accepted`: from the write's being sent to its answer; absent when an earlier try did it. */
    { readonly name: string; readonly acceptedAt: string; readonly accepted?: Interval },
    'deletePolicy'
  >;
  /** Dials every target from the VM over one session: first until the expectation shows or its time is over, then the proof window. */
  probe: Step<ProbeInput, Evidence, 'nothing to undo'>;
}

export type StepName = keyof Steps;
export type StepInput<N extends StepName> = Steps[N]['input'];
export type StepOutput<N extends StepName> = Steps[N]['output'];

export interface SshTarget {
  readonly address: string;
  readonly adminUser: string;
}

/** A change that is watched from the VM: the observer is started, and has seen its targets, before the change is made. */
export interface Watched {
  readonly observer?: ObserverInput;
}

export interface ObserverInput {
  /** Names the observer on the VM: the phase that the change leads to. */
  readonly phase: Phase;
  readonly ssh: SshTarget;
  readonly targets: readonly Target[];
}

export interface LabelChange {
  readonly node: string;
  readonly key: string;
  readonly value: string;
  readonly prior: string | null;
}

export interface ProbeInput {
  readonly phase: Phase;
  readonly ssh: SshTarget;
  readonly targets: readonly Target[];
  /** What each target (by id) is expected to show: convergence is waited for, the judge decides. */
  readonly expected: Readonly<Record<string, 'OPEN' | 'DROP'>>;
  readonly settings: ProbeSettings;
  readonly workload: Pick<Workload, 'namespace' | 'serviceName'>;
  /** Whether an observer was started for this phase: it is read back after the proof window. */
  readonly observed?: boolean;
  /** Whom else to ask about the window. */
  readonly witnesses?: WitnessInput;
  /** Seal of the evidence before this one, or the run id. */
  readonly previousSeal?: string;
}

export interface WitnessInput {
  /** The VM's network interface. */
  readonly interfaceId: string;
  /** Both sides of the peering, the VM's first. */
  readonly peeringIds: readonly [string, string];
  /** Object name of the policy that is in force in this phase; null: none is. */
  readonly policy: string | null;
}

/** What takes a step back. Each is idempotent: undoing what never happened is success (W2). Objects without the run's mark are left alone (W6). */
export interface Undos {
  /** Deletes the lease if this run holds it. */
  releaseCluster: { readonly holder: string };
  deleteNetwork: { readonly id: string };
  deletePublicIp: { readonly id: string };
  deleteSecurityGroup: { readonly id: string };
  deleteInterface: { readonly id: string };
  /** The VM, then its OS disk; both proved gone. */
  deleteVm: { readonly id: string; readonly osDiskId: string };
  deletePeering: { readonly id: string; readonly remoteVnetId: string };
  /** Restores autoCreate if it still holds `Enabled`; when that disables it, waits until the auto host endpoints are gone. */
  restoreAutoHostEndpoints: { readonly prior: string | null };
  restoreFlowLogs: { readonly prior: boolean | null };
  deleteService: { readonly namespace: string; readonly name: string };
  restoreLabel: {
    readonly node: string;
    readonly key: string;
    readonly written: string;
    readonly prior: string | null;
  };
  deletePolicy: { readonly name: string };
}

export type UndoName = keyof Undos;

/** One entry of the undo stack: data, so that it lives in history and any worker can carry it out. */
export type UndoEntry = {
  [N in UndoName]: {
    readonly undo: N;
    readonly input: Undos[N];
    /** What it is about, for people: a name, an id's last part. */
    readonly subject: string;
    /** The exact command that does the same by hand; shown when undo cannot. */
    readonly command: string;
  };
}[UndoName];

export interface UndoOutcome {
  /** `done`; `nothing`: there was nothing to undo; `conflict`: somebody else changed it, it is left alone (W3); `failed`. */
  readonly outcome: 'done' | 'nothing' | 'conflict' | 'failed';
  /** For `failed`: whether trying again can help. */
  readonly retryable: boolean;
  readonly code: string;
  readonly detail: string;
  readonly startedAt: string;
  readonly endedAt: string;
}

/** What every step activity receives and gives: the run beside the input, the number of attempts beside the output. */
export interface Call<Input> {
  readonly run: RunRef;
  readonly input: Input;
}
export interface Result<Output> {
  readonly output: Output;
  readonly attempts: number;
}

/** The activities by name, as workflows call them. `undo` tries every entry in the given order, whatever becomes of the others (W5). */
export type Activities = { [N in StepName]: (call: Call<StepInput<N>>) => Promise<Result<StepOutput<N>>> } & {
  undo: (call: Call<{ readonly entries: readonly UndoEntry[] } & Watched>) => Promise<Result<readonly UndoOutcome[]>>;
};

/** The same node as preflight found it; kept here so that lanes need not import two files. */
export type { NodeSite };
