import { type AzureError, ownCodes } from '../../adapters/azure/index.ts';
import { type FailureCode, HepflowError } from '../../contract/failures.ts';

/** What an answer of Azure means. Read top to bottom; the first row that fits wins. */
export interface FailureRow {
  /** Azure's code, or one of the adapter's own. Absent: any. */
  readonly code?: string | RegExp;
  /** HTTP status; a function for classes of them. Absent: any. */
  readonly status?: number | ((status: number) => boolean);
  /** What the message must say, where one code means several things. */
  readonly says?: RegExp;
  readonly failure: FailureCode;
}

const serverError = (status: number): boolean => status >= 500;

/** Codes that Azure wraps around the reason: the first detail that a row knows counts instead. */
const wrappers: ReadonlySet<string> = new Set([
  'RetryableError',
  'OperationFailed',
  'ResourceOperationFailure',
  'ResourceDeploymentFailure',
  'DeploymentFailed',
]);

export const azureFailures: readonly FailureRow[] = [
  // --- the adapter's own
  { code: ownCodes.connectionFailed, failure: 'AzureUnavailable' },
  { code: ownCodes.credentialUnavailable, failure: 'CredentialsMissing' },
  { code: ownCodes.foreignOrigin, failure: 'AzureRefused' },
  { code: ownCodes.notOwned, failure: 'NotMine' },
  { code: ownCodes.operationVanished, failure: 'OperationLost' },
  { code: ownCodes.notProvisioned, failure: 'AzureNotReady' },

  // --- come back later
  { code: /^(TooManyRequests|SubscriptionRequestsThrottled)$/, failure: 'Throttled' },
  { code: 'ReferencedResourceNotProvisioned', failure: 'AzureNotReady' }, // 400, and passes all the same
  { code: 'RetryableError', failure: 'AzureNotReady' },
  { code: 'AnotherOperationInProgress', failure: 'AzureBusy' },
  { status: 429, failure: 'Throttled' },
  { code: /^(OperationPreempted|Canceled\w*|OperationCanceled)$/, failure: 'AzureBusy' },

  // --- refused: still in use
  { code: /^(NicReservedForAnotherVm|NicInUse)$/, failure: 'InUse' },
  { code: 'PublicIPAddressCannotBeDeleted', failure: 'InUse' },
  { code: /^InUse\w+CannotBeDeleted$/, failure: 'InUse' },

  // --- refused: no room. OperationNotAllowed means several things, told apart by its text only
  { code: 'OperationNotAllowed', says: /quota|exceed|limit/i, failure: 'QuotaExceeded' },
  { code: 'OperationNotAllowed', says: /attached|in use|being used/i, failure: 'InUse' },
  {
    code: 'OperationNotAllowed',
    says: /deletion|being deleted|in progress|another operation|pending/i,
    failure: 'AzureBusy',
  },
  { code: 'OperationNotAllowed', failure: 'AzureRefused' },
  { code: /^(QuotaExceeded|\w+CountLimitReached)$/, failure: 'QuotaExceeded' },
  {
    code: /^(SkuNotAvailable|AllocationFailed|ZonalAllocationFailed|Overconstrained(Zonal)?AllocationRequest)$/,
    failure: 'SkuNotAvailable',
  },
  { code: 'InvalidParameter', says: /VM size/, failure: 'SkuNotAvailable' },
  { code: 'BadRequest', says: /cannot boot Hypervisor Generation/, failure: 'SkuNotAvailable' },
  { code: 'PropertyChangeNotAllowed', failure: 'AzureRefused' },

  // --- peering
  { code: /^(VnetAddressSpacesOverlap|VnetAddressSpaceOverlapsWithAlreadyPeeredVnet)$/, failure: 'AddressOverlap' },
  { code: 'RemotePeeringIsDisconnected', failure: 'PeeringDisconnected' },
  { code: 'AnotherPeeringAlreadyReferencesRemoteVnet', failure: 'PeeringConflict' },

  // --- not served by this cloud
  { code: /^(NoRegisteredProviderFound|InvalidResourceType|InvalidApiVersionParameter)$/, failure: 'ApiNotServed' },

  // --- absent
  { code: /^(PlatformImageNotFound|ImageNotFound|GalleryImageNotFound)$/, failure: 'ImageNotFound' },
  { code: /^(SubscriptionNotFound|InvalidAuthenticationTokenTenant)$/, failure: 'SubscriptionNotFound' },
  { code: /^(ResourceNotFound|ResourceGroupNotFound|ParentResourceNotFound)$/, failure: 'NotFound' },
  { code: 'ResourceGroupBeingDeleted', failure: 'NotFound' },
  { status: 404, failure: 'NotFound' },

  // --- forbidden
  { code: 'ScopeLocked', failure: 'ScopeLocked' },
  // AKS names its lockdown; deployment stacks and managed applications deny in the same way
  { code: 'DenyAssignmentAuthorizationFailed', says: /nrg-lockdown/, failure: 'NodeGroupLocked' },
  { code: 'DenyAssignmentAuthorizationFailed', failure: 'DenyAssignment' },
  { code: 'RequestDisallowedByPolicy', failure: 'DeniedByPolicy' },
  { code: 'RequestDisallowedByAzure', failure: 'RegionForbidden' },
  { code: 'ReadOnlyDisabledSubscription', failure: 'SubscriptionDisabled' },
  { code: /^(AuthorizationFailed|LinkedAuthorizationFailed)$/, failure: 'Forbidden' },
  { status: 403, failure: 'Forbidden' },
  { code: 'MissingSubscriptionRegistration', failure: 'ProviderNotRegistered' },
  // the next try asks the credential for a fresh one
  { code: 'ExpiredAuthenticationToken', failure: 'AzureUnavailable' },
  { status: 401, failure: 'CredentialsMissing' },

  // --- by status
  { status: 409, failure: 'AzureBusy' },
  { status: serverError, failure: 'AzureUnavailable' },
  {
    code: /^(InternalServerError|InternalError|InternalExecutionError|ServiceUnavailable|GatewayTimeout)$/,
    failure: 'AzureUnavailable',
  },
  { status: 0, failure: 'AzureFailed' }, // a long-running operation that ended as Failed
  { failure: 'AzureRefused' },
];

/** The catalogue's failure for an answer of Azure, which keeps Azure's own words and the time that it asked for. */
export function classifyAzureError(error: AzureError): HepflowError {
  const { correlationId } = error;
  const text = tellReasons(error) + (correlationId && ` · correlation id ${correlationId}`);
  return new HepflowError(findAzureFailure(error).failure, text, {
    cause: error,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
}

/** The row that an answer falls under. */
export function findAzureFailure(error: Pick<AzureError, 'code' | 'status' | 'message' | 'details'>): FailureRow {
  const inner = wrappers.has(error.code)
    ? error.details.find(({ code }) => azureFailures.some((row) => row.code !== undefined && sameCode(row.code, code)))
    : undefined;
  const told = { status: error.status, code: inner?.code ?? error.code, message: inner?.message ?? error.message };
  return azureFailures.find((row) => fits(row, told)) ?? { failure: 'AzureRefused' };
}

const fits = (
  row: FailureRow,
  { code, status, message }: { readonly code: string; readonly status: number; readonly message: string },
): boolean =>
  (row.code === undefined || sameCode(row.code, code)) &&
  (row.status === undefined || (typeof row.status === 'number' ? row.status === status : row.status(status))) &&
  (row.says === undefined || row.says.test(message));

const sameCode = (wanted: string | RegExp, code: string): boolean =>
  typeof wanted === 'string' ? wanted === code : wanted.test(code);

/** Azure's message, then the reasons below it, such as the policies that refused. */
export const tellReasons = ({ message, details }: AzureError): string =>
  [message, ...details.map(({ code, message: reason }) => `${code}: ${reason}`)].join(' · ');
