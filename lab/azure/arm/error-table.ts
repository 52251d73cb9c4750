/**
 * Every error of the stand-in Azure: code, HTTP status and message. The statuses are those of public logs and
 * recordings; the messages are the lab's own.
 */

/** What a message can mention. */
export interface ErrorFacts {
  /** The resource that the request is about. */
  readonly id?: string;
  /** The other resource: the one that is in use, or missing. */
  readonly other?: string;
  /** Anything else: a field, an action, a value. */
  readonly text?: string;
}

export interface ErrorRow {
  readonly status: number;
  readonly message: (facts: ErrorFacts) => string;
}

const readName = (id = 'the resource'): string => id.split('/').at(-1) ?? id;
const describeUse =
  (what: string) =>
  ({ id, other }: ErrorFacts): string =>
    `${what} ${readName(id)} is in use by ${other ?? 'another resource'} and cannot be deleted.`;

export const errorTable = {
  // --- authentication and authorization
  AuthenticationFailed: {
    status: 401,
    message: () => "Authentication failed. The 'Authorization' header is missing or is not a bearer token.",
  },
  InvalidAuthenticationToken: {
    status: 401,
    message: ({ text }) => `The access token is invalid: ${text ?? 'it cannot be read'}.`,
  },
  ExpiredAuthenticationToken: { status: 401, message: () => 'The access token has expired.' },
  AuthorizationFailed: {
    status: 403,
    message: ({ id, text }) =>
      `The client has no authorization to perform action '${text ?? 'this action'}' over scope '${id ?? '/'}'.`,
  },
  LinkedAuthorizationFailed: {
    status: 403,
    message: ({ id, other, text }) =>
      `The client may write '${id}', but may not perform action '${text}' on the linked scope '${other}'.`,
  },
  DenyAssignmentAuthorizationFailed: {
    status: 403,
    message: ({ id }) =>
      'The client has permission to perform the action; however, the access is denied because of the deny assignment ' +
      "with name 'node resource group deny assignment created by Azure Kubernetes Services for nrg-lockdown' " +
      'at scope ' +
      `'${id}'.`,
  },
  RequestDisallowedByPolicy: {
    status: 403,
    message: ({ id }) => `Resource '${readName(id)}' was disallowed by policy 'lab-policy'.`,
  },
  ScopeLocked: {
    status: 409,
    message: ({ id, other, text }) =>
      `The scope '${id}' cannot perform ${text ?? 'delete'} operation because following scope(s) are locked: ` +
      `'${other ?? id}'. Please remove the lock and try again.`,
  },
  SubscriptionNotFound: { status: 404, message: ({ text }) => `The subscription '${text}' could not be found.` },
  MissingSubscriptionRegistration: {
    status: 409,
    message: ({ text }) => `The subscription is not registered to use namespace '${text ?? 'Microsoft.Network'}'.`,
  },

  // --- invalid requests
  MissingApiVersionParameter: {
    status: 400,
    message: () => 'The api-version query parameter (?api-version=) is required for all requests.',
  },
  NoRegisteredProviderFound: {
    status: 400,
    message: ({ id, text, other }) =>
      `No registered resource provider found for location 'westeurope' and API version '${text}' for type ` +
      `'${id}'. The ` +
      `supported api-versions are '${other}'. The supported locations are 'westeurope'.`,
  },
  InvalidResourceType: { status: 404, message: ({ text }) => `The stand-in Azure does not serve '${text}'.` },
  MethodNotAllowed: { status: 405, message: ({ text }) => `The method is not supported for '${text}'.` },
  InvalidRequestFormat: { status: 400, message: ({ text }) => `Cannot parse the request: ${text}.` },
  InvalidRequestContent: { status: 400, message: ({ text }) => `The request content was invalid: ${text}.` },
  InvalidFilterInQueryString: { status: 400, message: ({ text }) => `Invalid $filter '${text}' in the query string.` },
  BadRequest: { status: 400, message: ({ text }) => text ?? 'The request is bad.' },
  InvalidParameter: { status: 400, message: ({ text }) => `A parameter is invalid: ${text}.` },
  InvalidTemplate: { status: 400, message: ({ text }) => `Deployment template validation failed: ${text}.` },
  InvalidResourceReference: {
    status: 400,
    message: ({ id, other }) => `Resource ${other} referenced by resource ${id} was not found.`,
  },
  PropertyChangeNotAllowed: { status: 409, message: ({ text }) => `Changing property '${text}' is not allowed.` },

  // --- not found
  ResourceNotFound: { status: 404, message: ({ id }) => `The resource '${id}' was not found.` },
  ResourceGroupNotFound: { status: 404, message: ({ text }) => `Resource group '${text}' could not be found.` },
  ParentResourceNotFound: {
    status: 404,
    message: ({ id, other }) =>
      `Cannot perform the operation on '${readName(id)}': its parent '${other}' was not found.`,
  },
  DeploymentNotFound: { status: 404, message: ({ text }) => `Deployment '${text}' could not be found.` },
  NotFound: { status: 404, message: ({ text }) => `${text ?? 'It'} was not found.` },

  // --- temporary
  TooManyRequests: { status: 429, message: () => 'The request is throttled.' },
  SubscriptionRequestsThrottled: {
    status: 429,
    message: () => 'The number of requests for the subscription has exceeded its limit.',
  },
  AnotherOperationInProgress: {
    status: 429,
    message: ({ other }) => `Another operation on ${other ?? 'this or a dependent resource'} is in progress.`,
  },
  RetryableError: { status: 429, message: () => 'A retryable error occurred.' },
  ReferencedResourceNotProvisioned: {
    status: 400,
    message: ({ id, other }) =>
      `Cannot proceed with ${readName(id)}: ${other ?? 'a resource that it refers to'} is not in Succeeded state.`,
  },
  Conflict: { status: 409, message: ({ id }) => `Another operation is pending on ${id ?? 'this resource'}.` },
  DeploymentActive: {
    status: 409,
    message: ({ id }) => `The deployment '${readName(id)}' is still active and cannot be written again.`,
  },
  DeploymentFailed: { status: 409, message: () => 'At least one resource deployment operation failed. See details.' },
  OperationPreempted: {
    status: 409,
    message: ({ id }) => `The operation on ${readName(id)} was preempted by a later one.`,
  },
  ResourceGroupBeingDeleted: {
    status: 409,
    message: ({ text }) => `The resource group '${text}' is being deleted and cannot perform this operation.`,
  },
  InternalServerError: { status: 500, message: ({ text }) => text ?? 'An internal error occurred.' },
  ServiceUnavailable: { status: 503, message: () => 'The service is unavailable.' },

  // --- networks
  NetcfgInvalidSubnet: {
    status: 400,
    message: ({ id, text }) => `Subnet '${readName(id)}' is not valid in its virtual network: ${text}.`,
  },
  InUseSubnetCannotBeDeleted: { status: 400, message: describeUse('Subnet') },
  InUseNetworkSecurityGroupCannotBeDeleted: { status: 400, message: describeUse('Network security group') },
  PublicIPAddressCannotBeDeleted: { status: 400, message: describeUse('Public IP address') },
  PublicIPAddressInUse: {
    status: 400,
    message: ({ other, text }) => `Public IP address ${other} is already allocated to ${text}.`,
  },
  PublicIPCountLimitReached: {
    status: 400,
    message: () => 'No more public IP addresses can be created in this region.',
  },
  PrivateIPAddressInUse: {
    status: 400,
    message: ({ text, other }) => `Private IP address ${text} is in use by ${other}.`,
  },
  PrivateIPAddressNotInSubnet: {
    status: 400,
    message: ({ text, other }) => `Private IP address ${text} is not in subnet ${other}.`,
  },
  SubnetIsFull: { status: 400, message: ({ other }) => `Subnet ${other} has no free address.` },
  SecurityRuleConflict: {
    status: 400,
    message: ({ id, other }) => `Rules ${readName(id)} and ${other} have the same priority and direction.`,
  },
  NicInUse: { status: 400, message: ({ id, other }) => `Network interface ${id} is used by virtual machine ${other}.` },
  NicReservedForAnotherVm: {
    status: 400,
    message: ({ id }) =>
      `Network interface ${id} is reserved for another virtual machine for 180 seconds. Try again later.`,
  },
  VnetAddressSpacesOverlap: {
    status: 400,
    message: ({ id, other }) => `Cannot make peering ${readName(id)}: the address space overlaps that of ${other}.`,
  },
  VnetAddressSpaceOverlapsWithAlreadyPeeredVnet: {
    status: 400,
    message: ({ id, other }) =>
      `Cannot make peering ${readName(id)}: the address space overlaps that of ${other}, which is already peered.`,
  },
  RemotePeeringIsDisconnected: {
    status: 400,
    message: ({ id, other }) =>
      `Cannot make or change peering ${readName(id)}: the remote peering ${other} is Disconnected. ` +
      'Delete it first, then make both again.',
  },
  AnotherPeeringAlreadyReferencesRemoteVnet: {
    status: 400,
    message: ({ id, other }) =>
      `Peering ${readName(id)} cannot be made: ${other} already refers to that remote virtual network.`,
  },

  // --- machines
  OperationNotAllowed: { status: 409, message: ({ text }) => text ?? 'The operation is not allowed.' },
  QuotaExceeded: {
    status: 409,
    message: () => 'The operation could not be completed: it exceeds the approved cores quota.',
  },
  SkuNotAvailable: {
    status: 409,
    message: ({ text }) => `The requested VM size ${text ?? ''} is not available in this location.`,
  },
  AllocationFailed: {
    status: 409,
    message: () => 'Allocation failed: there is not enough capacity for the requested VM size in this region.',
  },
  ZonalAllocationFailed: {
    status: 409,
    message: () => 'Allocation failed: there is not enough capacity for the requested VM size in this zone.',
  },
  OSProvisioningInternalError: {
    status: 409,
    message: ({ text }) => `OS provisioning failed: ${text ?? 'internal error'}.`,
  },
} as const satisfies Record<string, ErrorRow>;
