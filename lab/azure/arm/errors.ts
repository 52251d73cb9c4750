/** Every refusal of the stand-in Azure: code, HTTP status, and what it says. Statuses are those seen in public logs and recordings; messages are our own. */

/** What a message can speak of. */
export interface ErrorFacts {
  /** The resource that the request is about. */
  readonly id?: string;
  /** The resource that is in the way, or missing. */
  readonly other?: string;
  /** Anything else: a field, an action, a value. */
  readonly text?: string;
}

interface Row {
  readonly status: number;
  readonly says: (facts: ErrorFacts) => string;
}

const readName = (id = 'the resource'): string => id.split('/').at(-1) ?? id;
const describeUse =
  (what: string) =>
  ({ id, other }: ErrorFacts): string =>
    `${what} ${readName(id)} is in use by ${other ?? 'another resource'} and cannot be deleted.`;

const table = {
  // --- who asks, and what for
  AuthenticationFailed: {
    status: 401,
    says: () => "Authentication failed. The 'Authorization' header is missing or is not a bearer token.",
  },
  InvalidAuthenticationToken: {
    status: 401,
    says: ({ text }) => `The access token is invalid: ${text ?? 'it cannot be read'}.`,
  },
  ExpiredAuthenticationToken: { status: 401, says: () => 'The access token has expired.' },
  AuthorizationFailed: {
    status: 403,
    says: ({ id, text }) =>
      `The client has no authorization to perform action '${text ?? 'this action'}' over scope '${id ?? '/'}'.`,
  },
  LinkedAuthorizationFailed: {
    status: 403,
    says: ({ id, other, text }) =>
      `The client may write '${id}', but may not perform action '${text}' on the linked scope '${other}'.`,
  },
  DenyAssignmentAuthorizationFailed: {
    status: 403,
    says: ({ id }) => `A deny assignment (node resource group lockdown) forbids the action over scope '${id}'.`,
  },
  RequestDisallowedByPolicy: {
    status: 403,
    says: ({ id }) => `Resource '${readName(id)}' was disallowed by policy 'lab-policy'.`,
  },
  ScopeLocked: {
    status: 409,
    says: ({ id }) => `The scope '${id}' cannot be changed because it is locked by 'lab-lock'.`,
  },
  SubscriptionNotFound: { status: 404, says: ({ text }) => `The subscription '${text}' could not be found.` },
  MissingSubscriptionRegistration: {
    status: 409,
    says: ({ text }) => `The subscription is not registered to use namespace '${text ?? 'Microsoft.Network'}'.`,
  },

  // --- what was asked
  MissingApiVersionParameter: {
    status: 400,
    says: () => 'The api-version query parameter (?api-version=) is required for all requests.',
  },
  InvalidResourceType: { status: 404, says: ({ text }) => `The stand-in Azure does not serve '${text}'.` },
  MethodNotAllowed: { status: 405, says: ({ text }) => `The method is not supported for '${text}'.` },
  InvalidRequestFormat: { status: 400, says: ({ text }) => `Cannot parse the request: ${text}.` },
  InvalidRequestContent: { status: 400, says: ({ text }) => `The request content was invalid: ${text}.` },
  InvalidFilterInQueryString: { status: 400, says: ({ text }) => `Invalid $filter '${text}' in the query string.` },
  InvalidParameter: { status: 400, says: ({ text }) => `A parameter is invalid: ${text}.` },
  InvalidTemplate: { status: 400, says: ({ text }) => `Deployment template validation failed: ${text}.` },
  InvalidResourceReference: {
    status: 400,
    says: ({ id, other }) => `Resource ${other} referenced by resource ${id} was not found.`,
  },
  PropertyChangeNotAllowed: { status: 409, says: ({ text }) => `Changing property '${text}' is not allowed.` },

  // --- what is not there
  ResourceNotFound: { status: 404, says: ({ id }) => `The resource '${id}' was not found.` },
  ResourceGroupNotFound: { status: 404, says: ({ text }) => `Resource group '${text}' could not be found.` },
  ParentResourceNotFound: {
    status: 404,
    says: ({ id, other }) => `Cannot perform the operation on '${readName(id)}': its parent '${other}' was not found.`,
  },
  DeploymentNotFound: { status: 404, says: ({ text }) => `Deployment '${text}' could not be found.` },
  NotFound: { status: 404, says: ({ text }) => `${text ?? 'It'} was not found.` },

  // --- not now
  TooManyRequests: { status: 429, says: () => 'The request is throttled.' },
  SubscriptionRequestsThrottled: {
    status: 429,
    says: () => 'The number of requests for the subscription has exceeded its limit.',
  },
  AnotherOperationInProgress: {
    status: 429,
    says: ({ other }) => `Another operation on ${other ?? 'this or a dependent resource'} is in progress.`,
  },
  RetryableError: { status: 429, says: () => 'A retryable error occurred.' },
  ReferencedResourceNotProvisioned: {
    status: 400,
    says: ({ id, other }) =>
      `Cannot proceed with ${readName(id)}: ${other ?? 'a resource that it refers to'} is not in Succeeded state.`,
  },
  Conflict: { status: 409, says: ({ id }) => `Another operation is pending on ${id ?? 'this resource'}.` },
  DeploymentActive: {
    status: 409,
    says: ({ id }) => `The deployment '${readName(id)}' is still active and cannot be written again.`,
  },
  DeploymentFailed: { status: 409, says: () => 'At least one resource deployment operation failed. See details.' },
  OperationPreempted: {
    status: 409,
    says: ({ id }) => `The operation on ${readName(id)} was preempted by a later one.`,
  },
  ResourceGroupBeingDeleted: {
    status: 409,
    says: ({ text }) => `The resource group '${text}' is being deleted and cannot perform this operation.`,
  },
  InternalServerError: { status: 500, says: ({ text }) => text ?? 'An internal error occurred.' },
  ServiceUnavailable: { status: 503, says: () => 'The service is unavailable.' },

  // --- networks
  NetcfgInvalidSubnet: {
    status: 400,
    says: ({ id, text }) => `Subnet '${readName(id)}' is not valid in its virtual network: ${text}.`,
  },
  InUseSubnetCannotBeDeleted: { status: 400, says: describeUse('Subnet') },
  InUseNetworkSecurityGroupCannotBeDeleted: { status: 400, says: describeUse('Network security group') },
  PublicIPAddressCannotBeDeleted: { status: 400, says: describeUse('Public IP address') },
  PublicIPAddressInUse: {
    status: 400,
    says: ({ other, text }) => `Public IP address ${other} is already allocated to ${text}.`,
  },
  PublicIPCountLimitReached: { status: 400, says: () => 'No more public IP addresses can be created in this region.' },
  PrivateIPAddressInUse: {
    status: 400,
    says: ({ text, other }) => `Private IP address ${text} is in use by ${other}.`,
  },
  PrivateIPAddressNotInSubnet: {
    status: 400,
    says: ({ text, other }) => `Private IP address ${text} is not in subnet ${other}.`,
  },
  SubnetIsFull: { status: 400, says: ({ other }) => `Subnet ${other} has no free address.` },
  SecurityRuleConflict: {
    status: 400,
    says: ({ id, other }) => `Rules ${readName(id)} and ${other} have the same priority and direction.`,
  },
  NicInUse: { status: 400, says: ({ id, other }) => `Network interface ${id} is used by virtual machine ${other}.` },
  NicReservedForAnotherVm: {
    status: 400,
    says: ({ id }) =>
      `Network interface ${id} is reserved for another virtual machine for 180 seconds. Try again later.`,
  },
  VnetAddressSpacesOverlap: {
    status: 400,
    says: ({ id, other }) => `Cannot make peering ${readName(id)}: the address space overlaps that of ${other}.`,
  },
  VnetAddressSpaceOverlapsWithAlreadyPeeredVnet: {
    status: 400,
    says: ({ id, other }) =>
      `Cannot make peering ${readName(id)}: the address space overlaps that of ${other}, which is already peered.`,
  },
  RemotePeeringIsDisconnected: {
    status: 400,
    says: ({ id, other }) =>
      `Cannot make or change peering ${readName(id)}: the remote peering ${other} is Disconnected. Delete it first, then make both again.`,
  },
  AnotherPeeringAlreadyReferencesRemoteVnet: {
    status: 400,
    says: ({ id, other }) =>
      `Peering ${readName(id)} cannot be made: ${other} already refers to that remote virtual network.`,
  },

  // --- machines
  OperationNotAllowed: { status: 409, says: ({ text }) => text ?? 'The operation is not allowed.' },
  QuotaExceeded: {
    status: 409,
    says: () => 'The operation could not be completed: it exceeds the approved cores quota.',
  },
  SkuNotAvailable: {
    status: 409,
    says: ({ text }) => `The requested VM size ${text ?? ''} is not available in this location.`,
  },
  AllocationFailed: {
    status: 409,
    says: () => 'Allocation failed: there is not enough capacity for the requested VM size in this region.',
  },
  ZonalAllocationFailed: {
    status: 409,
    says: () => 'Allocation failed: there is not enough capacity for the requested VM size in this zone.',
  },
  OSProvisioningInternalError: {
    status: 409,
    says: ({ text }) => `OS provisioning failed: ${text ?? 'internal error'}.`,
  },
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof table;

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(table, code);

/** Body of an ARM error: `{ error: { code, message, details?, innererror?, additionalInfo? } }`. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly details?: readonly ErrorBody[];
  /** Deeper reasons, each in the one before. */
  readonly innererror?: ErrorBody;
  /** Such as the policies that refused. */
  readonly additionalInfo?: readonly { readonly type: string; readonly info: object }[];
}

/** A refusal on its way to the caller, or into a failed operation. */
export class ArmError extends Error {
  override readonly name = 'ArmError';
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body: ErrorBody, headers: Readonly<Record<string, string>> = {}) {
    super(`${body.code}: ${body.message}`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

export function createArmError(code: ErrorCode, facts: ErrorFacts = {}, details?: ErrorBody['details']): ArmError {
  const row: Row = table[code];
  return new ArmError(row.status, { code, message: row.says(facts), ...(details && { details }) });
}

/** The error of a failed operation; what is no refusal of ours becomes an InternalServerError with its message. */
export function createErrorBody(error: unknown): ErrorBody {
  if (error instanceof ArmError) return error.body;
  return createArmError('InternalServerError', { text: error instanceof Error ? error.message : String(error) }).body;
}
