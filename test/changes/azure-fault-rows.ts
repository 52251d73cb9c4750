/** What hepflow does when a row of Azure's error table befalls a step: facts for azure-faults.test.ts. */

import type { ScenarioName } from '../../lab/azure/faults/scenarios.ts';
import type { Where } from '../../lab/azure/faults/schema.ts';
import type { FailureCode } from '../../src/contract/failures.ts';

export const chain = [
  'createNetwork',
  'createPublicIp',
  'createSecurityGroup',
  'createInterface',
  'createVm',
  'peerToCluster',
  'peerFromCluster',
] as const;
export type AzureStep = (typeof chain)[number];

export interface Played {
  readonly scenario: ScenarioName;
  /** Where, when not at the typical place of the scenario. */
  readonly at?: Partial<Where>;
  /** What the name of the test adds to the scenario's. */
  readonly where?: string;
}

export interface StepRow extends Played {
  readonly step: AzureStep;
  /**
   * Codes of the failed attempts before it succeeds; `mostly`: at least one of that code, where one is given, and any
   * number of `also`. Empty: the first attempt succeeds.
   */
  readonly passes?:
    | readonly FailureCode[]
    | { readonly mostly: FailureCode | undefined; readonly also?: readonly FailureCode[] };
  /** Code with which it stops at once. */
  readonly stops?: FailureCode;
  /** Words of Azure in the (first) failure. */
  readonly says?: RegExp;
  /** Milliseconds before the second attempt, where Azure asks for them. */
  readonly waitsMs?: number;
  /** PUTs of the step's own resource that Azure took. Default 1. */
  readonly writes?: number;
  readonly size?: string;
}

const network = 'Microsoft.Network/virtualNetworks';
const vm = 'Microsoft.Compute/virtualMachines';
const peering = 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings';
const polls = { method: 'GET', type: 'Microsoft.Network/locations/operations' } as const;
const second = 'Standard_B2ats_v2';

export const stepRows: readonly StepRow[] = [
  // --- later
  { scenario: 'throttled', step: 'createNetwork', passes: ['Throttled'], waitsMs: 7000, says: /throttled/ },
  {
    scenario: 'throttled',
    where: 'at a look',
    at: { method: 'GET', type: network },
    step: 'createNetwork',
    passes: ['Throttled'],
    waitsMs: 7000,
  },
  { scenario: 'throttled', where: 'at a poll', at: polls, step: 'createNetwork', passes: ['Throttled'], waitsMs: 7000 },
  {
    scenario: 'throttled',
    where: 'for a time',
    at: { forMs: 60 },
    step: 'createNetwork',
    passes: { mostly: 'Throttled' },
  },
  { scenario: 'throttledWithoutRetryAfter', step: 'createNetwork', passes: ['Throttled'], waitsMs: 1000 },
  { scenario: 'subscriptionThrottled', step: 'createNetwork', passes: ['Throttled'], waitsMs: 17_000 },
  {
    scenario: 'retryableError',
    step: 'createInterface',
    passes: ['AzureNotReady'],
    says: /ReferencedResourceNotProvisioned: .*Updating/,
  },
  { scenario: 'referencedResourceNotProvisioned', step: 'peerToCluster', passes: ['AzureNotReady'], says: /Updating/ },
  { scenario: 'anotherOperationInProgress', step: 'peerFromCluster', passes: ['AzureBusy'], says: /in progress/ },
  { scenario: 'anotherOperationInProgressAtTheEnd', step: 'peerFromCluster', passes: ['AzureBusy'], writes: 2 },
  { scenario: 'conflict', step: 'createVm', passes: ['AzureBusy'], says: /Another operation is pending/ },
  { scenario: 'operationPreempted', step: 'createInterface', passes: ['AzureBusy'], says: /preempted/ },
  { scenario: 'operationPreemptedAtTheEnd', step: 'createInterface', passes: ['AzureBusy'] },
  { scenario: 'operationSuperseded', step: 'createNetwork', passes: ['AzureBusy'], writes: 2, says: /took the place/ },

  // --- still in use
  {
    scenario: 'nicReservedForAnotherVm',
    where: 'for a time',
    at: { forMs: 80 },
    step: 'createVm',
    passes: { mostly: 'InUse' },
    says: /180 seconds/,
  },
  { scenario: 'markedForDeletion', step: 'createVm', passes: ['AzureBusy'], says: /marked for deletion/ },

  // --- no room
  {
    scenario: 'operationExceedsQuota',
    step: 'createVm',
    stops: 'QuotaExceeded',
    says: /Total Regional Cores quota.*Current Limit: 4/,
  },
  { scenario: 'operationExceedsFamilyQuota', step: 'createVm', passes: [], size: second },
  {
    scenario: 'operationExceedsFamilyQuota',
    where: 'of every family',
    at: { times: 'always' },
    step: 'createVm',
    stops: 'QuotaExceeded',
    says: /Standard_B1s: .*standardBsv2Family.* · Standard_B2ts_v2: OperationNotAllowed: .* · Standard_B2ats_v2: Op/,
  },
  { scenario: 'sizeNotInRegion', step: 'createVm', passes: [], size: second },
  {
    scenario: 'sizeNotInRegion',
    where: 'for every size',
    at: { times: 'always' },
    step: 'createVm',
    stops: 'SkuNotAvailable',
    says: /Standard_B1s: .* · Standard_B2ts_v2: InvalidParameter: /,
  },
  { scenario: 'sizeOfOtherGeneration', step: 'createVm', passes: [], size: second },
  { scenario: 'quotaExceeded', step: 'createVm', stops: 'QuotaExceeded', says: /cores quota/ },
  {
    scenario: 'publicIpCountLimitReached',
    step: 'createPublicIp',
    stops: 'QuotaExceeded',
    says: /No more public IP addresses/,
  },
  { scenario: 'skuNotAvailable', step: 'createVm', passes: [], size: second },
  {
    scenario: 'skuNotAvailable',
    where: 'for every size',
    at: { times: 'always' },
    step: 'createVm',
    stops: 'SkuNotAvailable',
    says: /not available in this location/,
  },
  { scenario: 'allocationFailed', step: 'createVm', passes: [], size: second },
  { scenario: 'zonalAllocationFailed', step: 'createVm', passes: [], size: second },
  { scenario: 'overconstrainedAllocationRequest', step: 'createVm', passes: [], size: second },
  { scenario: 'overconstrainedZonalAllocationRequest', step: 'createVm', passes: [], size: second },
  // The interface stays reserved for the VM that failed; then the next size, never the first one again.
  {
    scenario: 'allocationFailedAtTheEnd',
    step: 'createVm',
    passes: { mostly: undefined, also: ['InUse'] },
    size: second,
    writes: 2,
  },
  {
    scenario: 'zonalAllocationFailedAtTheEnd',
    step: 'createVm',
    passes: { mostly: undefined, also: ['InUse'] },
    size: second,
    writes: 2,
  },
  {
    scenario: 'overconstrainedAllocationRequestAtTheEnd',
    step: 'createVm',
    passes: { mostly: undefined, also: ['InUse'] },
    size: second,
    writes: 2,
  },
  { scenario: 'propertyChangeNotAllowed', step: 'createVm', stops: 'AzureRefused', says: /osProfile\.customData/ },

  // --- peering
  {
    scenario: 'vnetAddressSpacesOverlap',
    step: 'peerToCluster',
    stops: 'AddressOverlap',
    says: /address space overlaps/,
  },
  {
    scenario: 'vnetAddressSpaceOverlapsWithAlreadyPeeredVnet',
    step: 'peerToCluster',
    stops: 'AddressOverlap',
    says: /already peered/,
  },
  {
    scenario: 'remotePeeringIsDisconnected',
    step: 'peerFromCluster',
    passes: ['PeeringDisconnected'],
    says: /is Disconnected/,
  },
  {
    scenario: 'anotherPeeringAlreadyReferencesRemoteVnet',
    step: 'peerFromCluster',
    stops: 'PeeringConflict',
    says: /already refers to/,
  },

  // --- not there
  { scenario: 'resourceNotFound', step: 'createInterface', stops: 'NotFound', says: /was not found/ },
  { scenario: 'resourceGroupNotFound', step: 'createNetwork', stops: 'NotFound', says: /'lab' could not be found/ },
  { scenario: 'parentResourceNotFound', step: 'peerToCluster', stops: 'NotFound', says: /its parent/ },
  { scenario: 'resourceGroupBeingDeleted', step: 'createNetwork', stops: 'NotFound', says: /is being deleted/ },

  // --- not allowed
  {
    scenario: 'scopeLocked',
    where: 'at a creation',
    at: { method: 'PUT', type: network },
    step: 'createNetwork',
    stops: 'ScopeLocked',
    says: /following scope\(s\) are locked/,
  },
  {
    scenario: 'authorizationFailed',
    step: 'createNetwork',
    stops: 'Forbidden',
    says: /no authorization to perform action/,
  },
  {
    scenario: 'authorizationFailed',
    where: 'at a poll',
    at: { ...polls, times: 1 },
    step: 'createNetwork',
    passes: [],
  },
  { scenario: 'linkedAuthorizationFailed', step: 'createInterface', stops: 'Forbidden', says: /subnets\/join\/action/ },
  {
    scenario: 'denyAssignment',
    step: 'peerFromCluster',
    stops: 'NodeGroupLocked',
    says: /for nrg-lockdown/,
  },
  { scenario: 'denyAssignmentOfStack', step: 'createNetwork', stops: 'DenyAssignment', says: /Deployment Stack/ },
  { scenario: 'disallowedByAzure', step: 'createNetwork', stops: 'RegionForbidden', says: /not accepting new/ },
  { scenario: 'disabledSubscription', step: 'createNetwork', stops: 'SubscriptionDisabled', says: /read only/ },
  { scenario: 'imageNotFound', step: 'createVm', stops: 'ImageNotFound', says: /server:latest' is not available/ },
  {
    scenario: 'disallowedByPolicy',
    step: 'createPublicIp',
    stops: 'DeniedByPolicy',
    says: /policyDefinitions\/no-public-ips/,
  },
  {
    scenario: 'missingSubscriptionRegistration',
    step: 'createVm',
    stops: 'ProviderNotRegistered',
    says: /not registered to use namespace/,
  },
  { scenario: 'expiredToken', step: 'createNetwork', passes: [] },
  { scenario: 'expiredToken', where: 'at a poll', at: polls, step: 'createNetwork', passes: [] },
  { scenario: 'invalidToken', step: 'createNetwork', stops: 'CredentialsMissing', says: /access token is invalid/ },
  { scenario: 'invalidToken', where: 'once', at: { times: 1 }, step: 'createNetwork', passes: [] },

  // --- broken
  { scenario: 'internalServerError', step: 'createSecurityGroup', passes: ['AzureUnavailable'] },
  { scenario: 'serviceUnavailable', step: 'createNetwork', passes: ['AzureUnavailable'], waitsMs: 11_000 },
  {
    scenario: 'serviceUnavailable',
    where: 'at a poll',
    at: polls,
    step: 'createNetwork',
    passes: ['AzureUnavailable'],
    waitsMs: 11_000,
  },
  {
    scenario: 'failedWithInnerError',
    step: 'createVm',
    passes: { mostly: 'AzureFailed', also: ['InUse'] },
    says: /allotted time.*GuestAgentSilent.*No heartbeat/,
    writes: 2,
  },
  { scenario: 'operationVanished', step: 'createNetwork', passes: [] },
  { scenario: 'operationVanished', where: 'of a VM', at: { method: 'PUT', type: vm }, step: 'createVm', passes: [] },
  { scenario: 'anotherCallersOperation', step: 'createNetwork', passes: [] },
  { scenario: 'anotherCallersOperation', where: 'of a peering', step: 'peerFromCluster', passes: [] },
  {
    scenario: 'anotherCallersOperation',
    where: 'of a VM',
    at: { method: 'GET', type: 'Microsoft.Compute/locations/operations' },
    step: 'createVm',
    passes: [],
  },
  { scenario: 'droppedAfterAccept', step: 'createNetwork', passes: ['AzureUnavailable'] },
  {
    scenario: 'droppedAfterAccept',
    where: 'of a VM',
    at: { method: 'PUT', type: vm },
    step: 'createVm',
    passes: ['AzureUnavailable'],
  },
  {
    scenario: 'droppedAfterAccept',
    where: 'of a peering',
    at: { method: 'PUT', type: peering },
    step: 'peerFromCluster',
    passes: ['AzureUnavailable'],
  },
  { scenario: 'listLag', step: 'createNetwork', passes: [] },
];
