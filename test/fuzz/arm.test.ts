import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';
import fc from 'fast-check';
import { exchange, noting } from '../../src/adapters/azure/exchange.ts';
import { AzureError, nameOf, ownCodes, parseId } from '../../src/adapters/azure/index.ts';
import { createOperations } from '../../src/adapters/azure/operation.ts';
import { failures } from '../../src/contract/failures.ts';
import { classifyAzureError } from '../../src/step/failures/azure.ts';
import { toApplicationFailure } from '../../src/step/failures/index.ts';
import { recordingLro, startFakeArm } from '../adapters/azure/fake-arm.ts';
import { damaged, everyCase, json, nasty } from './cases.ts';

const day = 24 * 60 * 60 * 1000;
const codes = fc.oneof(
  nasty,
  fc.constantFrom(
    'TooManyRequests',
    'RetryableError',
    'OperationNotAllowed',
    'AllocationFailed',
    'Canceled',
    'InUseXCannotBeDeleted',
    'DeploymentFailed',
    ...Object.values(ownCodes),
  ),
);

/** A code of the catalogue, and a failure that Temporal can carry. */
function carried(error: AzureError): void {
  const failure = classifyAzureError(error);
  assert.ok(Object.hasOwn(failures, failure.code));
  const told = toApplicationFailure(error, 1);
  assert.equal(told.nonRetryable, failures[failure.code].retry === 'never');
  assert.ok((told.message ?? '').length <= 1500);
  const delay = told.nextRetryDelay;
  assert.ok(
    delay === undefined || delay === null || (typeof delay === 'number' && delay >= 0 && delay <= day),
    String(delay),
  );
}

test('any code, status, message and reasons are a failure of the catalogue', (t) => {
  const reasons = fc.array(fc.record({ code: codes, message: nasty }), { maxLength: 4 });
  const status = fc.oneof(
    fc.constantFrom(0, 400, 401, 403, 404, 409, 429, 500, 503),
    fc.integer({ min: -1, max: 999 }),
  );
  const error = fc.record({
    code: codes,
    status,
    message: nasty,
    operation: nasty,
    details: reasons,
    retryAfterMs: fc.option(fc.nat(day), { nil: undefined }),
  });
  return everyCase(t, 1500, error, (fields) => carried(new AzureError(fields)));
});

const sound = {
  error: {
    code: 'RequestDisallowedByPolicy',
    message: 'no',
    details: [{ code: 'PolicyViolation', message: 'x', innererror: { code: 'Deeper', message: 'y' } }],
    innererror: { code: 'Deep', message: 'z' },
    additionalInfo: [{ type: 'PolicyViolation', info: { policyDefinitionId: 'p' } }],
  },
};
const ended = { status: 'Failed', ...sound };

/** What an answer with that body becomes on its way through the adapter, without a network. */
async function answered(status: number, bodyAsText: string, retryAfter: string): Promise<unknown> {
  const request = createPipelineRequest({ url: 'https://localhost/' });
  const headers = createHttpHeaders(retryAfter === '' ? {} : { 'retry-after': retryAfter });
  const response = { request, status, headers, bodyAsText };
  return exchange('create x', undefined, async () => {
    await noting.sendRequest(request, async () => response);
    throw Object.assign(new Error('the SDK gave up'), { statusCode: status });
  }).catch((error: unknown) => error);
}

test('any error body, with any Retry-After, keeps its status and becomes a failure of the catalogue', (t) => {
  const bodies = fc.oneof(
    nasty,
    json.map((value) => JSON.stringify(value)),
    damaged(sound).map((value) => JSON.stringify(value)),
    damaged(ended).map((value) => JSON.stringify(value)),
    fc
      .integer({ min: 1, max: 3000 })
      .map((levels) => `{"error":${'{"code":"X","message":"m","innererror":'.repeat(levels)}{}${'}'.repeat(levels)}}`),
  );
  const waits = fc.oneof(
    fc.constantFrom('', '0', '7', '-1', '1e9', '99999999999999999999', 'Wed, 21 Oct 2099 07:28:00 GMT', 'soon', '7 s'),
    fc.nat().map(String),
  );
  const statuses = fc.constantFrom(400, 401, 403, 404, 409, 429, 500, 502);
  return everyCase(t, 1500, fc.tuple(statuses, bodies, waits), async ([status, body, wait]) => {
    const error = await answered(status, body, wait);
    assert.ok(error instanceof AzureError);
    assert.equal(error.status, status, error.message);
    carried(error);
  });
});

test('any remembered operation is this one or none', (t) => {
  const operations = createOperations({ endpoint: 'https://localhost', pollIntervalMs: 10 });
  const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v';
  const remembered = {
    verb: 'PUT',
    id,
    variant: '',
    config: { operationLocation: 'https://localhost/op/1', resourceLocation: 'https://localhost/r' },
  };
  return everyCase(t, 700, fc.oneof(json, damaged(remembered)), (resume) => {
    const saved = operations.saved('PUT', id, recordingLro(resume));
    assert.ok(saved === undefined || typeof saved.variant === 'string');
    if (saved?.sent)
      assert.deepEqual(
        Object.values((resume as typeof remembered).config).filter(
          (url) =>
            typeof url === 'string' &&
            URL.canParse(url) &&
            new URL(url).origin !== 'https://localhost' &&
            url.startsWith('http'),
        ),
        [],
      );
  });
});

test('any text is an ARM id or TypeError', (t) => {
  const ids = fc.oneof(
    nasty,
    fc
      .array(
        fc.oneof(fc.constantFrom('subscriptions', 'resourceGroups', 'providers', 'Microsoft.Network', ''), nasty),
        { maxLength: 9 },
      )
      .map((parts) => `/${parts.join('/')}`),
  );
  return everyCase(t, 500, ids, (id) => {
    for (const read of [parseId, nameOf]) {
      try {
        assert.ok(read(id));
      } catch (error) {
        assert.ok(error instanceof TypeError && error.message.startsWith('not the id'));
      }
    }
  });
});

const vnetId = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v';
const vnet = {
  id: vnetId,
  location: 'westeurope',
  tags: { run: 'mine' },
  properties: {
    provisioningState: 'Succeeded',
    addressSpace: { addressPrefixes: ['10.0.0.0/8'] },
    subnets: [{ id: `${vnetId}/subnets/s`, properties: { addressPrefix: '10.0.0.0/16' } }],
    virtualNetworkPeerings: [
      {
        id: `${vnetId}/virtualNetworkPeerings/p`,
        properties: {
          remoteVirtualNetwork: { id: vnetId },
          remoteAddressSpace: { addressPrefixes: ['10.0.0.0/8'] },
          peeringState: 'Connected',
        },
      },
    ],
  },
};
const vm = {
  id: vnetId.replace('Network/virtualNetworks', 'Compute/virtualMachines'),
  location: 'westeurope',
  tags: { run: 'mine' },
  properties: {
    provisioningState: 'Succeeded',
    hardwareProfile: { vmSize: 'B2' },
    osProfile: { linuxConfiguration: { ssh: { publicKeys: [{ keyData: 'ssh-ed25519 AAAA' }] } } },
    storageProfile: { osDisk: { managedDisk: { id: 'd' } } },
  },
};

test('any body of a resource is a state or AzureError, and nothing is written to what is not marked', async (t) => {
  await using arm = await startFakeArm();
  const azure = arm.azure();
  const bodies = fc.oneof(damaged(vnet), damaged(vm), json);
  await everyCase(t, 150, bodies, async (body) => {
    arm.answer(() => ({ status: 200, body }));
    const reads = [
      () => azure.networks.get(vnet.id),
      () => azure.peerings.get(`${vnet.id}/virtualNetworkPeerings/p`),
      () => azure.virtualMachines.get(vm.id),
    ];
    for (const read of reads) {
      const state = await read().catch((error: unknown) => error);
      if (state instanceof AzureError) carried(state);
      else assert.ok(!(state instanceof Error), String(state));
    }
    const end = await azure.networks
      .remove(vnet.id, recordingLro(), ({ tags }) => tags['run'] === 'nobody')
      .catch((error: unknown) => error);
    assert.ok(end instanceof AzureError, String(end));
  });
  assert.deepEqual(new Set(arm.seen.map(({ method }) => method)), new Set(['GET']));
});
