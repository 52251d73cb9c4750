import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type AzureDetail, AzureError } from '../../../src/adapters/azure/index.ts';
import { type FailureCode, failures } from '../../../src/contract/failures.ts';
import { azureFailures, classifyAzureError, findAzureFailure } from '../../../src/step/failures/azure.ts';

interface Case {
  readonly code: string;
  readonly status: number;
  readonly message?: string;
  readonly details?: readonly AzureDetail[];
  readonly is: FailureCode;
}

/** Status 0: the end of a long-running operation. */
const cases: readonly Case[] = [
  { code: 'TooManyRequests', status: 429, is: 'Throttled' },
  { code: 'SubscriptionRequestsThrottled', status: 429, is: 'Throttled' },
  { code: 'SomethingThrottledToo', status: 429, is: 'Throttled' },
  {
    code: 'RetryableError',
    status: 429,
    details: [{ code: 'ReferencedResourceNotProvisioned', message: 'updating' }],
    is: 'AzureNotReady',
  },
  { code: 'RetryableError', status: 429, is: 'AzureNotReady' },
  { code: 'ReferencedResourceNotProvisioned', status: 400, is: 'AzureNotReady' },
  { code: 'AnotherOperationInProgress', status: 429, is: 'AzureBusy' },
  { code: 'AnotherOperationInProgress', status: 400, is: 'AzureBusy' },
  { code: 'AnotherOperationInProgress', status: 0, is: 'AzureBusy' },
  { code: 'Conflict', status: 409, message: 'Another operation is pending', is: 'AzureBusy' },
  { code: 'OperationPreempted', status: 409, is: 'AzureBusy' },
  { code: 'OperationPreempted', status: 0, is: 'AzureBusy' },
  { code: 'Canceled', status: 0, is: 'AzureBusy' },
  { code: 'CanceledAndSupersededDueToAnotherOperation', status: 0, is: 'AzureBusy' },
  { code: 'OperationCanceled', status: 0, is: 'AzureBusy' },
  { code: 'NicReservedForAnotherVm', status: 400, is: 'InUse' },
  { code: 'NicInUse', status: 400, is: 'InUse' },
  { code: 'PublicIPAddressCannotBeDeleted', status: 400, is: 'InUse' },
  { code: 'PublicIPAddressCannotBeDeleted', status: 0, is: 'InUse' },
  { code: 'InUseSubnetCannotBeDeleted', status: 400, is: 'InUse' },
  { code: 'InUseNetworkSecurityGroupCannotBeDeleted', status: 400, is: 'InUse' },
  {
    code: 'OperationNotAllowed',
    status: 409,
    message: 'exceeding approved standardBsv2Family Cores quota',
    is: 'QuotaExceeded',
  },
  { code: 'OperationNotAllowed', status: 409, message: 'Disk d is attached to VM v', is: 'InUse' },
  { code: 'OperationNotAllowed', status: 409, message: 'VM v is marked for deletion', is: 'AzureBusy' },
  { code: 'OperationNotAllowed', status: 409, message: 'this feature is not for you', is: 'AzureRefused' },
  { code: 'QuotaExceeded', status: 400, is: 'QuotaExceeded' },
  { code: 'PublicIPCountLimitReached', status: 400, is: 'QuotaExceeded' },
  { code: 'SkuNotAvailable', status: 409, is: 'SkuNotAvailable' },
  { code: 'AllocationFailed', status: 409, is: 'SkuNotAvailable' },
  { code: 'AllocationFailed', status: 0, is: 'SkuNotAvailable' },
  { code: 'ZonalAllocationFailed', status: 0, is: 'SkuNotAvailable' },
  { code: 'OverconstrainedAllocationRequest', status: 0, is: 'SkuNotAvailable' },
  { code: 'OverconstrainedZonalAllocationRequest', status: 0, is: 'SkuNotAvailable' },
  {
    code: 'InvalidParameter',
    status: 400,
    message: 'The requested VM size Standard_B2ts_v2 is not available in the current region.',
    is: 'SkuNotAvailable',
  },
  {
    code: 'BadRequest',
    status: 400,
    message: "The selected VM size 'Standard_A1_v2' cannot boot Hypervisor Generation '2'.",
    is: 'SkuNotAvailable',
  },
  { code: 'PropertyChangeNotAllowed', status: 409, is: 'AzureRefused' },
  { code: 'VnetAddressSpacesOverlap', status: 400, is: 'AddressOverlap' },
  { code: 'VnetAddressSpaceOverlapsWithAlreadyPeeredVnet', status: 400, is: 'AddressOverlap' },
  { code: 'RemotePeeringIsDisconnected', status: 400, is: 'PeeringDisconnected' },
  { code: 'AnotherPeeringAlreadyReferencesRemoteVnet', status: 400, is: 'PeeringConflict' },
  { code: 'ResourceNotFound', status: 404, is: 'NotFound' },
  { code: 'ResourceGroupNotFound', status: 404, is: 'NotFound' },
  { code: 'ParentResourceNotFound', status: 404, is: 'NotFound' },
  { code: 'ResourceGroupBeingDeleted', status: 409, is: 'NotFound' },
  { code: 'ScopeLocked', status: 409, is: 'ScopeLocked' },
  { code: 'AuthorizationFailed', status: 403, is: 'Forbidden' },
  { code: 'LinkedAuthorizationFailed', status: 403, is: 'Forbidden' },
  {
    code: 'DenyAssignmentAuthorizationFailed',
    status: 403,
    message: 'node resource group deny assignment created by Azure Kubernetes Services for nrg-lockdown',
    is: 'NodeGroupLocked',
  },
  { code: 'DenyAssignmentAuthorizationFailed', status: 403, is: 'DenyAssignment' },
  { code: 'RequestDisallowedByAzure', status: 403, is: 'RegionForbidden' },
  { code: 'ReadOnlyDisabledSubscription', status: 409, is: 'SubscriptionDisabled' },
  { code: 'ReadOnlyDisabledSubscription', status: 403, is: 'SubscriptionDisabled' },
  { code: 'PlatformImageNotFound', status: 404, is: 'ImageNotFound' },
  { code: 'SubscriptionNotFound', status: 404, is: 'SubscriptionNotFound' },
  { code: 'InvalidAuthenticationTokenTenant', status: 401, is: 'SubscriptionNotFound' },
  { code: 'RequestDisallowedByPolicy', status: 403, is: 'DeniedByPolicy' },
  { code: 'MissingSubscriptionRegistration', status: 409, is: 'ProviderNotRegistered' },
  { code: 'ExpiredAuthenticationToken', status: 401, is: 'AzureUnavailable' },
  { code: 'InvalidAuthenticationToken', status: 401, is: 'CredentialsMissing' },
  { code: 'NoRegisteredProviderFound', status: 400, is: 'ApiNotServed' },
  { code: 'InvalidResourceType', status: 404, is: 'ApiNotServed' },
  { code: 'NoRowKnowsThis', status: 404, is: 'NotFound' },
  { code: 'NoRowKnowsThis', status: 403, is: 'Forbidden' },
  { code: 'InternalServerError', status: 500, is: 'AzureUnavailable' },
  { code: 'InternalServerError', status: 0, is: 'AzureUnavailable' },
  { code: 'ServiceUnavailable', status: 503, is: 'AzureUnavailable' },
  { code: 'GatewayTimeout', status: 504, is: 'AzureUnavailable' },
  { code: 'Http502', status: 502, is: 'AzureUnavailable' },
  { code: 'OSProvisioningTimedOut', status: 0, is: 'AzureFailed' },
  {
    code: 'DeploymentFailed',
    status: 0,
    details: [{ code: 'QuotaExceeded', message: 'no cores left' }],
    is: 'QuotaExceeded',
  },
  { code: 'InvalidParameter', status: 400, is: 'AzureRefused' },
  { code: 'ConnectionFailed', status: 0, is: 'AzureUnavailable' },
  { code: 'CredentialUnavailable', status: 0, is: 'CredentialsMissing' },
  { code: 'ForeignOrigin', status: 0, is: 'AzureRefused' },
  { code: 'NotOwned', status: 0, is: 'NotMine' },
  { code: 'OperationVanished', status: 404, is: 'OperationLost' },
  { code: 'NotProvisioned', status: 0, is: 'AzureNotReady' },
];

const errorOf = ({ code, status, message = 'said Azure', details = [] }: Omit<Case, 'is'>) =>
  new AzureError({ code, status, message, details, operation: 'create x', retryAfterMs: 7000 });

describe('an answer of Azure becomes a failure of the catalogue', () => {
  for (const row of cases) {
    const how = row.status === 0 ? 'without HTTP status' : `with ${row.status}`;
    test(`${row.code} ${how}${row.message === undefined ? '' : ` saying "${row.message}"`}${row.details === undefined ? '' : ` around ${row.details[0]?.code}`} is ${row.is}`, () => {
      const failure = classifyAzureError(errorOf(row));
      assert.equal(failure.code, row.is);
      assert.equal(failure.retryAfterMs, 7000, 'the time that Azure asked for is kept');
      assert.match(failure.message, new RegExp(row.message ?? 'said Azure'));
    });
  }
});

test('every row of the table is reached by a case', () => {
  const reached = new Set(cases.map((row) => findAzureFailure(errorOf(row))));
  assert.deepEqual(
    azureFailures.filter((row) => !reached.has(row)),
    [],
  );
});

test('a busy Azure is tried again, a refusing one is not', () => {
  const retryOf = (code: string, status: number) => failures[classifyAzureError(errorOf({ code, status })).code].retry;
  assert.equal(retryOf('TooManyRequests', 429), 'later');
  assert.equal(retryOf('ReferencedResourceNotProvisioned', 400), 'soon');
  assert.equal(retryOf('NicReservedForAnotherVm', 400), 'soon');
  assert.equal(retryOf('ScopeLocked', 409), 'never');
  assert.equal(retryOf('AuthorizationFailed', 403), 'never');
});

test('the id by which support finds the request ends the message', () => {
  const fields = { code: 'InternalServerError', status: 500, message: 'broken', operation: 'create x' };
  const id = '3fa85f64-5717-4562-b3fc-2c963f66afa6';
  assert.match(
    classifyAzureError(new AzureError({ ...fields, correlationId: id })).message,
    new RegExp(`broken · correlation id ${id}$`),
  );
  assert.match(classifyAzureError(new AzureError(fields)).message, /broken$/);
});

test('the policies that refused are named', () => {
  const error = errorOf({
    code: 'RequestDisallowedByPolicy',
    status: 403,
    details: [{ code: 'PolicyViolation', message: '{"policyDefinitionId":"no-public-ips"}' }],
  });
  assert.match(classifyAzureError(error).message, /no-public-ips/);
});
