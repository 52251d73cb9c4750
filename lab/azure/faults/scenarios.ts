/**
 * Azure's errors by name, as public logs, recordings and documents show them. A scenario is what Azure answers. The
 * caller chooses which calls meet it, how often and for how long; the default is what is typical.
 */
import type { ErrorBody } from '../arm/errors.ts';
import type { Fault, Where } from './schema.ts';

interface Scenario {
  /** The call that typically meets it, and how often: once unless it lasts. */
  readonly at: Where;
  /** The fault, without the calls that meet it. */
  readonly fault: FaultAnywhere;
}
type Distributed<F> = F extends Fault ? Omit<F, keyof Where> : never;
type FaultAnywhere = Distributed<Fault>;

interface Answer extends Partial<Omit<ErrorBody, 'code'>> {
  readonly retryAfterSeconds?: number;
}

const network = 'Microsoft.Network/virtualNetworks';
const peering = 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings';
const publicIp = 'Microsoft.Network/publicIPAddresses';
const securityGroup = 'Microsoft.Network/networkSecurityGroups';
const nic = 'Microsoft.Network/networkInterfaces';
const machine = 'Microsoft.Compute/virtualMachines';

const put = (type: string): Where => ({ method: 'PUT', type });
const del = (type: string): Where => ({ method: 'DELETE', type });
const polls: Where = { method: 'GET', type: 'Microsoft.Network/locations/operations' };
/** An error that does not pass by itself. */
const lasting = (at: Where): Where => ({ ...at, times: 'always' });

const refused = (at: Where, status: number, code: string, answer: Answer = {}): Scenario => ({
  at,
  fault: { kind: 'refuse', status, code, ...answer },
});
/** Accepted, and ended as a failed operation. */
const ended = (
  at: Where,
  code: string,
  more: Omit<Answer, 'retryAfterSeconds'> & { end?: 'Failed' | 'Canceled' } = {},
): Scenario => ({
  at,
  fault: { kind: 'failOperation', code, ...more },
});

const notReady = {
  code: 'ReferencedResourceNotProvisioned',
  message: 'The subnet that it refers to is in state Updating.',
};
const policy = {
  type: 'PolicyViolation',
  info: {
    policyDefinitionDisplayName: 'No public addresses',
    policyDefinitionId: '/providers/Microsoft.Authorization/policyDefinitions/no-public-ips',
    policyAssignmentId: '/subscriptions/lab/providers/Microsoft.Authorization/policyAssignments/lab-assignment',
    policyDefinitionEffect: 'deny',
  },
};
const quotaOf = (what: string): string =>
  `Operation could not be completed as it results in exceeding approved ${what} Cores quota. Additional details - ` +
  'Deployment Model: Resource Manager, Location: westeurope, Current Limit: 4, Current Usage: 4, Additional ' +
  'Required: 2, (Minimum) New Limit Required: 6.';

export const scenarios = {
  // --- temporary
  throttled: refused(put(network), 429, 'TooManyRequests', { retryAfterSeconds: 7 }),
  throttledWithoutRetryAfter: refused(put(network), 429, 'TooManyRequests'),
  subscriptionThrottled: refused(put(network), 429, 'SubscriptionRequestsThrottled', { retryAfterSeconds: 17 }),
  retryableError: refused(put(nic), 429, 'RetryableError', { details: [notReady] }),
  referencedResourceNotProvisioned: refused(put(peering), 400, 'ReferencedResourceNotProvisioned', {
    message: notReady.message,
  }),
  anotherOperationInProgress: refused(put(peering), 429, 'AnotherOperationInProgress'),
  anotherOperationInProgressAtTheEnd: ended(put(peering), 'AnotherOperationInProgress'),
  conflict: refused(put(machine), 409, 'Conflict'),
  operationPreempted: refused(put(nic), 409, 'OperationPreempted'),
  operationPreemptedAtTheEnd: ended(put(nic), 'OperationPreempted', { end: 'Canceled' }),
  operationSuperseded: ended(put(network), 'CanceledAndSupersededDueToAnotherOperation', {
    end: 'Canceled',
    message: 'A later operation took the place of this one.',
  }),

  // --- still in use
  nicReservedForAnotherVm: refused(put(machine), 400, 'NicReservedForAnotherVm'),
  nicInUse: refused(del(nic), 400, 'NicInUse'),
  publicIpCannotBeDeleted: refused(del(publicIp), 400, 'PublicIPAddressCannotBeDeleted'),
  publicIpCannotBeDeletedAtTheEnd: ended(del(publicIp), 'PublicIPAddressCannotBeDeleted'),
  inUseSubnetCannotBeDeleted: refused(del(network), 400, 'InUseSubnetCannotBeDeleted'),
  inUseNetworkSecurityGroupCannotBeDeleted: refused(
    del(securityGroup),
    400,
    'InUseNetworkSecurityGroupCannotBeDeleted',
  ),
  diskAttached: refused(del('Microsoft.Compute/disks'), 409, 'OperationNotAllowed', {
    message: 'Disk {name} is attached to a virtual machine.',
  }),
  markedForDeletion: refused(put(machine), 409, 'OperationNotAllowed', {
    message: "The virtual machine '{name}' is marked for deletion.",
  }),

  // --- no capacity
  operationExceedsQuota: refused(lasting(put(machine)), 409, 'OperationNotAllowed', {
    message: quotaOf('Total Regional'),
  }),
  operationExceedsFamilyQuota: refused(put(machine), 409, 'OperationNotAllowed', {
    message: quotaOf('standardBsv2Family'),
  }),
  sizeNotInRegion: refused(put(machine), 400, 'InvalidParameter', {
    message:
      'The requested VM size Standard_B2ts_v2 is not available in the current region. The sizes available in the ' +
      'current region are: Standard_B2ats_v2,Standard_B1s.',
    target: 'vmSize',
  }),
  sizeOfOtherGeneration: refused(put(machine), 400, 'BadRequest', {
    message: "The selected VM size 'Standard_B2ts_v2' cannot boot Hypervisor Generation '2'.",
  }),
  quotaExceeded: refused(lasting(put(machine)), 409, 'QuotaExceeded'),
  publicIpCountLimitReached: refused(lasting(put(publicIp)), 400, 'PublicIPCountLimitReached'),
  skuNotAvailable: refused(put(machine), 409, 'SkuNotAvailable'),
  allocationFailed: refused(put(machine), 409, 'AllocationFailed'),
  zonalAllocationFailed: refused(put(machine), 409, 'ZonalAllocationFailed'),
  overconstrainedAllocationRequest: refused(put(machine), 409, 'OverconstrainedAllocationRequest', {
    message: 'No rack meets every constraint of {name}.',
  }),
  overconstrainedZonalAllocationRequest: refused(put(machine), 409, 'OverconstrainedZonalAllocationRequest', {
    message: 'No rack of the zone fits {name}.',
  }),
  allocationFailedAtTheEnd: ended(put(machine), 'AllocationFailed'),
  zonalAllocationFailedAtTheEnd: ended(put(machine), 'ZonalAllocationFailed'),
  overconstrainedAllocationRequestAtTheEnd: ended(put(machine), 'OverconstrainedAllocationRequest'),
  propertyChangeNotAllowed: refused(lasting(put(machine)), 409, 'PropertyChangeNotAllowed', {
    message: "Changing property 'osProfile.customData' is not allowed.",
  }),

  // --- peering
  vnetAddressSpacesOverlap: refused(lasting(put(peering)), 400, 'VnetAddressSpacesOverlap'),
  vnetAddressSpaceOverlapsWithAlreadyPeeredVnet: refused(
    lasting(put(peering)),
    400,
    'VnetAddressSpaceOverlapsWithAlreadyPeeredVnet',
  ),
  remotePeeringIsDisconnected: refused(put(peering), 400, 'RemotePeeringIsDisconnected'),
  anotherPeeringAlreadyReferencesRemoteVnet: refused(
    lasting(put(peering)),
    400,
    'AnotherPeeringAlreadyReferencesRemoteVnet',
  ),

  // --- not found
  resourceNotFound: refused(put(nic), 404, 'ResourceNotFound'),
  resourceGroupNotFound: refused(lasting(put(network)), 404, 'ResourceGroupNotFound', {
    message: "Resource group 'lab' could not be found.",
  }),
  parentResourceNotFound: refused(put(peering), 404, 'ParentResourceNotFound'),
  resourceGroupBeingDeleted: refused(lasting(put(network)), 409, 'ResourceGroupBeingDeleted', {
    message: "The resource group 'lab' is being deleted.",
  }),

  // --- not allowed
  scopeLocked: refused(lasting(del(network)), 409, 'ScopeLocked'),
  authorizationFailed: refused(lasting(put(network)), 403, 'AuthorizationFailed'),
  linkedAuthorizationFailed: refused(lasting(put(nic)), 403, 'LinkedAuthorizationFailed', {
    message: "It may not perform action 'subnets/join/action' for {name}.",
  }),
  denyAssignment: refused(lasting(put(peering)), 403, 'DenyAssignmentAuthorizationFailed'),
  denyAssignmentOfStack: refused(lasting(put(network)), 403, 'DenyAssignmentAuthorizationFailed', {
    message:
      'The client has permission to perform the action; however, the access is denied because of the deny assignment ' +
      "with name 'Deny assignment created by Deployment Stack platform'.",
  }),
  disallowedByAzure: refused(lasting(put(network)), 403, 'RequestDisallowedByAzure', {
    message: "Resource '{name}' was disallowed by Azure: The selected region is currently not accepting new customers.",
  }),
  disabledSubscription: refused(lasting(put(network)), 409, 'ReadOnlyDisabledSubscription', {
    message: 'The subscription is disabled and therefore marked as read only.',
  }),
  imageNotFound: refused(lasting(put(machine)), 404, 'PlatformImageNotFound', {
    message: "The platform image 'Canonical:ubuntu-24_04-lts:server:latest' is not available.",
  }),
  disallowedByPolicy: refused(lasting(put(publicIp)), 403, 'RequestDisallowedByPolicy', { additionalInfo: [policy] }),
  /** Of an operation that another identity started, by its signed URL. */
  anotherCallersOperation: refused({ ...polls, times: 'always' }, 403, 'AuthorizationFailed', {
    message:
      'Only the original caller of an asynchronous operation is allowed to retrieve the results. The content hash ' +
      'in the query of the request does not match the expected hash.',
  }),
  missingSubscriptionRegistration: refused(lasting(put(machine)), 409, 'MissingSubscriptionRegistration'),
  expiredToken: { at: put(network), fault: { kind: 'expireToken', code: 'ExpiredAuthenticationToken' } },
  invalidToken: refused(lasting(put(network)), 401, 'InvalidAuthenticationToken'),

  // --- failures of the service
  internalServerError: refused(put(securityGroup), 500, 'InternalServerError'),
  serviceUnavailable: refused(put(network), 503, 'ServiceUnavailable', { retryAfterSeconds: 11 }),
  gatewayTimeout: refused(del(network), 504, 'GatewayTimeout', {
    message: 'The gateway did not receive a response in time.',
  }),
  failedWithInnerError: ended(put(machine), 'OSProvisioningTimedOut', {
    message: "OS provisioning for VM '{name}' did not finish in the allotted time.",
    innererror: {
      code: 'GuestAgentSilent',
      message: 'The agent reported nothing.',
      innererror: { code: 'HeartbeatMissing', message: 'No heartbeat for 1200 s.' },
    },
  }),
  operationVanished: { at: put(network), fault: { kind: 'loseOperation' } },
  droppedAfterAccept: { at: put(network), fault: { kind: 'dropAfterAccept' } },
  listLag: { at: put(network), fault: { kind: 'listLag', delayMs: 60_000 } },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;

/**
 * Creates the fault of a scenario, for its typical call or another one. For another type of resource only the
 * scenario's `times` is kept, unless `forMs` is given.
 */
export function createFault(name: ScenarioName, where: Partial<Where> = {}): Fault {
  const { at, fault }: Scenario = scenarios[name];
  const times = where.forMs === undefined && at.times !== undefined ? { times: at.times } : {};
  return { ...fault, ...(where.type === undefined ? at : times), ...where } as Fault;
}
