import type { FailureKind } from './failure-kind.ts';

/** What Azure answers (facts: Azure Resource Manager error codes). */
export const azureFailures = {
  Throttled: {
    retry: 'later',
    when: 'Azure throttles this subscription or resource.',
    remedy: 'Wait; the step is tried again when Azure says so.',
  },
  AzureBusy: {
    retry: 'soon',
    when: 'Another operation changes the same resource.',
    remedy: 'Wait; the step is tried again.',
  },
  AzureNotReady: {
    retry: 'soon',
    when: 'A resource that this one refers to is still being provisioned.',
    remedy: 'Wait; the step is tried again.',
  },
  InUse: {
    retry: 'soon',
    when: 'The resource is still used by another one that is being deleted.',
    remedy: 'Wait; the step is tried again.',
  },
  AzureUnavailable: {
    retry: 'soon',
    when: 'Azure answered with a server error, or the connection broke.',
    remedy: 'Wait; the step is tried again.',
  },
  OperationLost: {
    retry: 'soon',
    when: 'The long-running operation vanished before its end.',
    remedy: 'Wait; the resource itself is read, and the step tried again.',
  },
  QuotaExceeded: {
    retry: 'never',
    when: 'A quota of the subscription is exhausted, for each of the VM sizes if it is that of a family.',
    remedy: 'Raise the quota (az vm list-usage), or set vm.sizes to sizes of another family.',
  },
  SkuNotAvailable: {
    retry: 'never',
    when: 'None of the VM sizes can be had in this region now.',
    remedy: 'Set vm.sizes to others, which the region offers and which can boot vm.image: az vm list-skus.',
  },
  AddressOverlap: {
    retry: 'never',
    when: 'Azure refused the peering because address spaces overlap.',
    remedy: 'Choose another vm.addressSpace.',
  },
  PeeringDisconnected: {
    retry: 'soon',
    when: 'A peering is Disconnected because its other side was deleted.',
    remedy: 'Both sides are removed and made again.',
  },
  PeeringConflict: {
    retry: 'never',
    when: 'Another peering already connects the two VNets.',
    remedy: 'Remove it, or choose another VM address space.',
  },
  NotFound: {
    retry: 'never',
    when: 'Something that the step refers to does not exist any more.',
    remedy: 'Somebody removed it while the run was under way; start again.',
  },
  SubscriptionNotFound: {
    retry: 'never',
    when: "The subscription does not exist, or belongs to a tenant that the worker's credential is not of.",
    remedy: 'Correct subscriptionId, or give the worker a credential of its tenant: az account list -o table.',
  },
  SubscriptionDisabled: {
    retry: 'never',
    when: 'The subscription is disabled, and so read-only: nothing in it can be made or removed.',
    remedy: 'Have its owner enable it again (payment, credit, spending limit): az account show --query state.',
  },
  RegionForbidden: {
    retry: 'never',
    when: "Azure itself does not let the subscription use the region, which is the cluster's.",
    remedy: 'Ask Azure support for access to the region, or use a cluster in a region that the subscription may use.',
  },
  ImageNotFound: {
    retry: 'never',
    when: 'The image of the VM does not exist in the region.',
    remedy: 'Correct vm.image: az vm image list --all --publisher Canonical --location REGION.',
  },
  DenyAssignment: {
    retry: 'never',
    when: 'A deny assignment forbids the change: that of a deployment stack or of a managed application.',
    remedy: 'Have the owner of what the message names exempt the worker, or use another resource group or cluster.',
  },
  ScopeLocked: {
    retry: 'never',
    when: 'A resource lock forbids the change.',
    remedy: 'Remove the lock: az lock list, az lock delete.',
  },
  Forbidden: {
    retry: 'never',
    when: 'The credential may not do this.',
    remedy: 'Assign the role of deploy/azure-role.json, or bind the ClusterRole of deploy/kubernetes.',
  },
  DeniedByPolicy: {
    retry: 'never',
    when: 'An Azure Policy or an admission policy forbids the change.',
    remedy:
      'Ask for an exemption, or change the spec so that the policy is met: vm.tags for tags that it requires, ' +
      'vm.allowedSshSources for open ports.',
  },
  ProviderNotRegistered: {
    retry: 'never',
    when: 'The subscription is not registered for a resource provider.',
    remedy: 'az provider register --namespace Microsoft.Network (or Microsoft.Compute).',
  },
  ApiNotServed: {
    retry: 'never',
    when: 'The cloud does not serve a type of resource in the version of the API that hepflow asks for.',
    remedy:
      "Name the cloud (--azure-cloud): for usgovernment and china hepflow asks for older versions. Azure's message " +
      'lists those that are served.',
  },
  AzureRefused: {
    retry: 'never',
    when: 'Azure refused the request for a reason that hepflow does not know.',
    remedy: "Read the message; it is Azure's own.",
  },
  AzureFailed: {
    retry: 'soon',
    when: 'A long-running operation ended as Failed.',
    remedy: "The step is tried again within its budget; read the message, it is Azure's own.",
  },
} as const satisfies Record<string, FailureKind>;
