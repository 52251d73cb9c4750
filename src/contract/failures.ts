/**
 * The failure catalogue: codes travel, classes do not. An activity throws an ApplicationFailure whose type is a code of
 * this table and whose
 * first detail is a `FailureDetail`. docs/errors.md is generated from it (scripts/docs.ts) and compared in a test.
 */

import type { FailureKind } from './failure-kind.ts';
import { azureFailures } from './failures-azure.ts';

export type { Retry } from './failure-kind.ts';

export const failures = {
  // --- the input and the configuration
  InvalidInput: {
    retry: 'never',
    when: 'A field of the run spec is unknown, missing or wrong.',
    remedy: 'Correct the listed fields; examples/run.yaml documents each.',
  },
  PreflightFailed: {
    retry: 'never',
    when: 'The read-only checks found problems; nothing was changed.',
    remedy: 'Resolve each listed problem, then start again.',
  },
  CredentialsMissing: {
    retry: 'never',
    when: 'The worker has no usable Azure credential.',
    remedy:
      'Give the worker a credential: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, a managed or ' +
      'workload identity, or `az login`.',
  },
  KubeconfigUnusable: {
    retry: 'never',
    when: 'The kubeconfig, its credential plugin or its credential gives no access to the API server.',
    remedy:
      'Read the message. Renew the kubeconfig that HEPFLOW_KUBECONFIG names, or leave it out: the worker then takes ' +
      "Azure's, with its own Azure credential.",
  },

  NotAllowed: {
    retry: 'never',
    when: 'The worker may not touch this subscription, resource group, cluster, namespace, image or SSH source.',
    remedy: 'Ask the operator of the worker to add it to the file of HEPFLOW_ALLOW, or change the run spec.',
  },

  // --- problems that preflight lists (as `Problem.code`)
  ResourceGroupNotFound: {
    retry: 'never',
    when: 'A resource group does not exist.',
    remedy: 'Correct the name, or create the group: az group create.',
  },
  ClusterNotFound: {
    retry: 'never',
    when: 'The managed cluster does not exist in that resource group.',
    remedy: 'Correct cluster, resourceGroup or subscriptionId: az aks list -o table.',
  },
  ClusterVnetUnknown: {
    retry: 'never',
    when: 'The VNet of the nodes could not be determined.',
    remedy: 'The cluster must name a vnetSubnetID, or its node resource group must hold exactly one VNet.',
  },
  VnetOverlap: {
    retry: 'never',
    when: "The VM's address space overlaps the cluster's VNet or one that is peered with it.",
    remedy: 'Choose another vm.addressSpace and vm.subnet.',
  },
  NodeGroupLocked: {
    retry: 'never',
    when: 'AKS forbids changes in the node resource group (node resource group lockdown).',
    remedy:
      'Use a cluster with its own VNet, or lift the lockdown: az aks update --nrg-lockdown-restriction-level ' +
      'Unrestricted.',
  },
  NamespaceNotFound: {
    retry: 'never',
    when: 'The namespace of the workload does not exist.',
    remedy: 'Correct workload.namespace.',
  },
  DeploymentNotFound: {
    retry: 'never',
    when: 'The deployment does not exist in that namespace.',
    remedy: 'Correct workload.deployment or workload.namespace.',
  },
  NoReadyPods: {
    retry: 'never',
    when: 'The deployment has no ready pod, so nothing could answer.',
    remedy: 'Bring the deployment to at least one ready replica.',
  },
  ServiceExists: {
    retry: 'never',
    when: 'A service of that name exists already and does not belong to this run.',
    remedy: 'Choose another workload.serviceName, or delete the service.',
  },
  NodePortTaken: {
    retry: 'never',
    when: 'The NodePort belongs to another service.',
    remedy: 'Set workload.nodePort to a free port.',
  },
  NodePortOutOfRange: {
    retry: 'never',
    when: "The NodePort is outside the cluster's range.",
    remedy: 'Set workload.nodePort within the range, by default 30000-32767.',
  },
  NotEnoughNodes: {
    retry: 'never',
    when: 'The cluster has fewer than two ready Linux nodes.',
    remedy: 'Scale a node pool: az aks nodepool scale.',
  },
  NodeNotFound: { retry: 'never', when: 'A named node does not exist.', remedy: 'Correct nodes: kubectl get nodes.' },
  NodeNotReady: {
    retry: 'never',
    when: 'A named node is not a ready Linux node with an InternalIP.',
    remedy: 'Name other nodes, or repair it.',
  },
  CalicoApiMissing: {
    retry: 'never',
    when: 'The cluster serves neither the API of Calico, projectcalico.org/v3, nor its storage.',
    remedy: 'Use a cluster with Calico; az aks create --network-policy calico installs it.',
  },
  CalicoUnsuitable: {
    retry: 'never',
    when: 'Calico is set up so that a run would do harm, or would prove nothing.',
    remedy: 'Change what is named, or use another cluster.',
  },
  WrongCluster: {
    retry: 'never',
    when: "The kubeconfig leads to another cluster: its nodes are not in the managed cluster's node resource group.",
    remedy: 'Name the kubeconfig of that cluster (az aks get-credentials), or leave it out, and Azure is asked for it.',
  },
  CalicoConfigMissing: {
    retry: 'never',
    when: 'KubeControllersConfiguration or FelixConfiguration `default` does not exist.',
    remedy: 'Check that Calico is installed and its kube-controllers run.',
  },
  TierNotFound: {
    retry: 'never',
    when: 'The tier of the policy does not exist.',
    remedy: 'Set policy.tier to an existing tier: kubectl get tiers.',
  },
  PolicyExists: {
    retry: 'never',
    when: 'A GlobalNetworkPolicy of that name exists already and does not belong to this run.',
    remedy: 'Choose another policy.name, or delete it.',
  },
  ClusterHeld: {
    retry: 'never',
    when: 'Another run holds the cluster, or one that cannot be proved to be over.',
    remedy:
      'Wait for that run to end, or stop it: hepflow cancel ID. If you know that it is over: kubectl delete ' +
      'lease --namespace kube-system hepflow.',
  },
  MissingRights: {
    retry: 'never',
    when: 'The credential lacks a right that the run needs.',
    remedy: 'Assign the role of deploy/azure-role.json, or bind the ClusterRole of deploy/kubernetes.',
  },

  ...azureFailures,

  // --- Kubernetes and Calico
  KubernetesUnavailable: {
    retry: 'soon',
    when: 'The API server did not answer, or answered with a server error.',
    remedy: 'Wait; the step is tried again.',
  },
  KubernetesBusy: {
    retry: 'soon',
    when: 'Somebody else changed the object at the same moment, or the API server asks to slow down.',
    remedy: 'Wait; the object is read again, and the step tried again.',
  },
  KubernetesRefused: {
    retry: 'never',
    when: 'The API server refused the object.',
    remedy: "Read the message; it is the API server's own.",
  },
  ChangedMeanwhile: {
    retry: 'never',
    when: 'Somebody changed an object between its reading and this change.',
    remedy: 'Agree on who changes it, then start again.',
  },
  NotMine: {
    retry: 'never',
    when: 'An object of the name that the run needs exists without its mark.',
    remedy: 'Rename or remove it; hepflow touches only what carries its run id.',
  },
  HostEndpointsMissing: {
    retry: 'soon',
    when: 'Calico accepted autoCreate but not every ready node has its auto host endpoint yet.',
    remedy: 'Check calico-kube-controllers, and that the DaemonSet calico-node is rolled out.',
  },
  EndpointsMissing: {
    retry: 'soon',
    when: 'The NodePort service has no ready endpoint yet.',
    remedy: "Check the deployment's pods and labels.",
  },

  // --- SSH and the prober
  SshUnreachable: {
    retry: 'soon',
    when: 'The VM does not accept SSH connections (yet).',
    remedy: 'Check vm.allowedSshSources, HEPFLOW_SSH_PROXY and the boot diagnostics.',
  },
  SshHostKeyChanged: {
    retry: 'never',
    when: 'The host key is not the one that the run derived: this is not the VM that it created.',
    remedy:
      'All workers of a task queue must share one HEPFLOW_KEY_SECRET_FILE; if they do, find out who answers at ' +
      'that address: nothing was sent to it.',
  },
  SshIncompatible: {
    retry: 'never',
    when: "The VM's SSH server offers no ed25519 host key, or no key exchange or cipher that hepflow speaks.",
    remedy:
      'Choose a vm.image whose sshd accepts ssh-ed25519 host keys: an image for FIPS, or one whose HostKeyAlgorithms ' +
      'leave it out, does not.',
  },
  SshRefused: {
    retry: 'soon',
    when: 'The VM refused the derived key (cloud-init may not be over).',
    remedy: 'If it lasts: all workers of the task queue must share one HEPFLOW_KEY_SECRET_FILE.',
  },
  ProberFailed: {
    retry: 'soon',
    when: 'The prober could not run to its end, so there is no evidence.',
    remedy: 'Check that python3 works on the VM; the step is tried again.',
  },
  ProberBroken: {
    retry: 'never',
    when: 'The prober ended wrongly, or printed what it cannot have printed, at each of 3 tries.',
    remedy:
      "Read the message: the image's python3 or its login shell is at fault. With cleanup.when on-success the VM is " +
      'kept for a look: hepflow ssh ID.',
  },

  // --- the run
  BaselineRed: {
    retry: 'never',
    when: 'A node did not answer before any policy existed, so a deny could not be proved.',
    remedy: 'Read the verdicts: NSG, peering, kube-proxy or the workload.',
  },
  WorkerSecretChanged: {
    retry: 'never',
    when: 'The VM was created with keys of another worker secret.',
    remedy: 'All workers of a task queue must share one HEPFLOW_KEY_SECRET_FILE.',
  },
  RunTerminated: {
    retry: 'never',
    when: 'Temporal ended the run from outside: somebody terminated it, or its execution timeout was over.',
    remedy:
      'Sweep up what it left: hepflow sweep --older-than 0. To stop a run that undoes everything: hepflow cancel ID.',
  },
  TimedOut: {
    retry: 'never',
    when: 'A step did not end within its time.',
    remedy: 'Read what it was waiting for in the step table.',
  },
  Unexpected: {
    retry: 'soon',
    when: 'An error that no row of this table describes.',
    remedy: 'Report it, with the log of the worker.',
  },
} as const satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof failures;

/** One thing that is wrong with the input or the site. */
export interface Problem {
  readonly code: FailureCode;
  /** The field of the run spec, dotted, or the variable; empty when there is none. */
  readonly field: string;
  /** The rule and the value got, one sentence. */
  readonly message: string;
  readonly remedy: string;
}

/** First detail of every ApplicationFailure that an activity throws. */
export interface FailureDetail {
  readonly code: FailureCode;
  readonly attempts: number;
  readonly problems: readonly Problem[];
}

/** A failure as the report tells it. */
export interface FailureSummary {
  readonly code: FailureCode;
  /** The step that failed, or the empty string. */
  readonly step: string;
  readonly message: string;
  readonly remedy: string;
  readonly problems: readonly Problem[];
}

/** An error with a code of the catalogue; thrown by activities and config, never by adapters. */
export class HepflowError extends Error {
  readonly code: FailureCode;
  readonly problems: readonly Problem[];
  /** Milliseconds to wait before the next try, when the other side said so. */
  readonly retryAfterMs: number | undefined;
  constructor(
    code: FailureCode,
    message: string,
    more: { problems?: readonly Problem[]; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = code;
    this.code = code;
    this.problems = more.problems ?? [];
    this.retryAfterMs = more.retryAfterMs;
  }
}
