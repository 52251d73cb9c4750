/**
 * What preflight and `hepflow doctor` find out, read only. Preflight refuses a run on any `problem` and takes each
 * `warning` into the report; doctor shows all.
 */
import type { FailureCode } from './failures.ts';

/**
 * `problem`: a run would be refused, or must fail. `warning`: it goes on, and may come to harm or do some. `info`:
 * worth knowing. `ok`: looked at, and in order.
 */
export type Level = 'problem' | 'warning' | 'info' | 'ok';

/** The worst first. */
export const levels: readonly Level[] = ['problem', 'warning', 'info', 'ok'];

export type Area = 'azure' | 'cluster' | 'calico' | 'workload';

interface TopicRow {
  readonly area: Area;
  readonly title: string;
  /** What is asked, one sentence. */
  readonly asks: string;
  /** When it is a problem; empty: never. */
  readonly problem: string;
  /** When it is a warning; empty: never. */
  readonly warning: string;
}

/** Everything that is looked at, in the order in which it is shown. docs/doctor.md is generated from it. */
export const topics = {
  azure: {
    area: 'azure',
    title: 'Azure',
    asks: 'Does Azure Resource Manager answer this credential?',
    problem: 'it does not answer, or refuses',
    warning: '',
  },
  allowed: {
    area: 'azure',
    title: 'allowed',
    asks: 'Is all that the run spec names in the lists of HEPFLOW_ALLOW, where the worker has some?',
    problem: 'something is not; each is named',
    warning: '',
  },
  sshSources: {
    area: 'azure',
    title: 'SSH sources',
    asks: 'Who may reach port 22 of the VM?',
    problem: '',
    warning: 'everybody may',
  },
  groups: {
    area: 'azure',
    title: 'resource groups',
    asks: "Do the cluster's resource group and the VM's exist?",
    problem: 'one does not exist',
    warning: '',
  },
  azureRights: {
    area: 'azure',
    title: 'rights',
    asks:
      "May the credential do everything that a run does in Azure? Asked at the VM's group, the cluster and the " +
      'VNet of its nodes.',
    problem: 'an action is missing; each is named',
    warning:
      'an action that only a witness needs is missing; the run goes on without that witness, and its report says so',
  },
  locks: {
    area: 'azure',
    title: 'locks',
    asks:
      "Is a management lock (az lock) on the VM's group or the VNet of the nodes, or above them? Optional: needs the " +
      'right to read locks.',
    problem: 'one is: what a run makes there could not be made, or not be removed',
    warning: 'a ReadOnly lock is on the cluster, so that Azure may not give its kubeconfig',
  },
  aks: {
    area: 'azure',
    title: 'AKS cluster',
    asks: 'Does the managed cluster exist, does it run, and who installed its network policy?',
    problem: 'it does not exist, or is stopped',
    warning:
      "its data plane is Cilium, which does not enforce Calico's policies; or AKS changes the cluster now, or " +
      'failed to',
  },
  apiAccess: {
    area: 'azure',
    title: 'API server access',
    asks:
      'Is the API server private, does it take connections from some addresses only, and who authenticates its ' +
      'users?',
    problem: '',
    warning: '',
  },
  vnet: {
    area: 'azure',
    title: 'VNet of the nodes',
    asks: "Which VNet are the nodes in, of AKS or their owner's?",
    problem: 'it cannot be told',
    warning: '',
  },
  lockdown: {
    area: 'azure',
    title: 'lockdown',
    asks: 'May a peering be made in the node resource group?',
    problem: 'the VNet lies in a node resource group whose restrictionLevel is ReadOnly',
    warning: '',
  },
  overlap: {
    area: 'azure',
    title: 'address space',
    asks: "Does vm.addressSpace overlap the cluster's VNet, VNets peered with it, the pod or the service range?",
    problem: 'it overlaps the VNet or a peered one',
    warning: 'it overlaps the pod or the service range',
  },
  peerings: {
    area: 'azure',
    title: 'peerings',
    asks: "Did an earlier run leave a peering on the cluster's VNet?",
    problem: '',
    warning: 'a peering of a run is there',
  },
  apiServer: {
    area: 'cluster',
    title: 'API server',
    asks: 'Does the API server answer this credential?',
    problem: 'it does not answer, or refuses',
    warning: '',
  },
  rights: {
    area: 'cluster',
    title: 'rights',
    asks: 'May the credential do everything that a run does in the cluster?',
    problem: 'a verb is missing; each is named',
    warning: '',
  },
  hold: {
    area: 'cluster',
    title: 'hold',
    asks: 'Does another run hold the cluster (lease hepflow in kube-system)?',
    problem: 'Temporal says that it is under way, or cannot say (preflight)',
    warning: 'somebody holds it; doctor does not ask Temporal whether that run is over',
  },
  nodes: {
    area: 'cluster',
    title: 'nodes',
    asks:
      'Are there two ready Linux nodes that stay and run Calico, or the named ones, and has no run left its ' +
      'label there?',
    problem: "fewer than two, a named one is missing or cannot be judged, or another run's label is on it",
    warning: '',
  },
  identity: {
    area: 'cluster',
    title: 'identity',
    asks: 'Is it the cluster that Azure was asked about? The providerID of its nodes tells.',
    problem: "its nodes are not in the managed cluster's node resource group",
    warning: '',
  },
  kubeProxy: {
    area: 'cluster',
    title: 'kube-proxy',
    asks:
      'In which mode does kube-proxy run? Optional: needs the right to read its ConfigMap or DaemonSet in ' +
      'kube-system.',
    problem: '',
    warning: '',
  },
  calicoApi: {
    area: 'calico',
    title: 'API group',
    asks: 'Is projectcalico.org/v3 served, or only crd.projectcalico.org/v1, or neither?',
    problem: "neither is, or Calico's API server does not answer",
    warning: "only v1 is, Calico's own storage, which its authors call internal",
  },
  calicoVersion: {
    area: 'calico',
    title: 'version',
    asks: 'Which flavour and version of Calico is it, and does it know flow logs of host endpoints?',
    problem: '',
    warning: 'it is older than v3.14, which brought automatic host endpoints',
  },
  calicoNode: {
    area: 'calico',
    title: 'calico-node',
    asks: 'Is the DaemonSet calico-node rolled out? Optional: needs the right to read it.',
    problem: '',
    warning: 'a node lacks its newest pod, or one is not available: v3.32 makes no host endpoints then',
  },
  autoCreate: {
    area: 'calico',
    title: 'autoCreate',
    asks: 'Can automatic host endpoints be switched on?',
    problem: 'KubeControllersConfiguration default is missing, or another run changed it',
    warning:
      'AUTO_HOST_ENDPOINTS in the environment of calico-kube-controllers overrides it, or ' +
      'createDefaultHostEndpoint is Disabled',
  },
  lockOut: {
    area: 'calico',
    title: 'lock-out',
    asks:
      'Which GlobalNetworkPolicies select automatic host endpoints the moment these exist, or once a node has ' +
      'the label? Each selector is evaluated against the labels of every node.',
    problem: '',
    warning: 'one that is not preDNAT does, or its selector cannot be read',
  },
  preDnat: {
    area: 'calico',
    title: 'preDNAT policies',
    asks: 'Do other preDNAT policies select the judged nodes?',
    problem: '',
    warning: '',
  },
  hostEndpoints: {
    area: 'calico',
    title: 'host endpoints of others',
    asks: 'Do the judged nodes have host endpoints that Calico did not make?',
    problem: '',
    warning: "one keeps the run's policy from an interface",
  },
  profile: {
    area: 'calico',
    title: 'default-allow profile',
    asks:
      'Is there the profile projectcalico-default-allow, without which an automatic host endpoint cuts all ' +
      'traffic of its node (calico#3552)?',
    problem: '',
    warning: 'the API server does not have it',
  },
  failsafe: {
    area: 'calico',
    title: 'failsafe ports',
    asks: 'Which ports can no policy deny?',
    problem: 'the NodePort is one of them, for the VM too',
    warning: 'there are none at all',
  },
  felix: {
    area: 'calico',
    title: 'Felix',
    asks:
      'Is FelixConfiguration default there, which data plane does it set, and what does a deny do? Those of ' +
      'the judged ' +
      'nodes and the variables of calico-node count too.',
    problem:
      'it is missing, another run changed it, the data plane is eBPF or not of Felix, or a deny action is ' +
      'Reject, with ' +
      'which host endpoints make Felix start anew over and over',
    warning: '',
  },
  tier: {
    area: 'calico',
    title: 'tier',
    asks: 'Does the tier of the policy exist?',
    problem: 'it does not',
    warning: '',
  },
  policyName: {
    area: 'calico',
    title: 'policy name',
    asks: 'Is the name of the policy free?',
    problem: 'it is taken',
    warning: '',
  },
  namespace: {
    area: 'workload',
    title: 'namespace',
    asks: 'Does the namespace exist?',
    problem: 'it does not',
    warning: '',
  },
  deployment: {
    area: 'workload',
    title: 'deployment',
    asks: 'Does the deployment exist, how many of its pods are ready, and where?',
    problem: 'it does not exist, or no pod is ready',
    warning: '',
  },
  service: {
    area: 'workload',
    title: 'service',
    asks: 'Is the name of the NodePort service free?',
    problem: 'it is taken',
    warning: '',
  },
  nodePort: {
    area: 'workload',
    title: 'NodePort',
    asks: 'Is the NodePort in range and free?',
    problem: 'it is out of range, or taken',
    warning: '',
  },
} as const satisfies Record<string, TopicRow>;

export type Topic = keyof typeof topics;

export interface Diagnosis {
  readonly level: Level;
  readonly topic: Topic;
  /** The catalogue's code of a problem. */
  readonly code?: FailureCode;
  /** The field of the run spec, dotted; empty when there is none. */
  readonly field: string;
  /** What was found, one or two sentences. */
  readonly reason: string;
  /** The way out; empty when none is needed. */
  readonly remedy: string;
}

/** `hepflow doctor --json`. */
export interface Checkup {
  readonly counts: Readonly<Record<Level, number>>;
  readonly findings: readonly Diagnosis[];
}
