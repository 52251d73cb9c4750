import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AzureError } from '../../../src/adapters/azure/index.ts';
import { type FakeArm, recordingLro, startFakeArm } from './fake-arm.ts';

const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v';
const vm = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m';
const vnet = { id, location: 'westeurope', properties: { provisioningState: 'Succeeded' } };
const expired = {
  status: 401,
  body: { error: { code: 'ExpiredAuthenticationToken', message: 'The access token has expired.' } },
};

/** A credential that caches like Entra's: the same token until it is asked with claims. */
function caching(options: { readonly knowsClaims?: boolean } = {}) {
  const asked: (string | undefined)[] = [];
  let token = 1;
  const getToken = async (_scopes: string | string[], { claims }: { claims?: string } = {}) => {
    asked.push(claims);
    if (claims !== undefined && options.knowsClaims === false) throw new Error('no claims here');
    if (claims !== undefined) token += 1;
    return { token: `token-${token}`, expiresOnTimestamp: Date.now() + 3_600_000 };
  };
  return { credential: { getToken }, asked };
}

const refusing = (arm: FakeArm, refused: readonly string[]): void =>
  arm.answer(({ authorization }) => (refused.includes(authorization ?? '') ? expired : { status: 200, body: vnet }));

describe('a token that Azure refuses before its time', () => {
  test('is renewed exactly once, whoever asks beside, and not offered again by any client', async () => {
    await using arm = await startFakeArm();
    const { credential, asked } = caching();
    const azure = arm.azure({ credential });
    refusing(arm, ['Bearer token-1']);
    await Promise.all([
      azure.networks.get(id),
      azure.networks.get(id),
      azure.networks.get(id),
      azure.virtualMachines.get(vm),
    ]);
    assert.equal(asked.filter((claims) => claims !== undefined).length, 1);
    arm.seen.length = 0;
    await azure.networks.get(id);
    await azure.virtualMachines.get(vm);
    assert.deepEqual(
      arm.seen.map(({ authorization }) => authorization),
      ['Bearer token-2', 'Bearer token-2'],
    );
  });

  test('is an answer when its successor is refused too', async () => {
    await using arm = await startFakeArm();
    const { credential, asked } = caching();
    refusing(arm, ['Bearer token-1', 'Bearer token-2']);
    await assert.rejects(
      arm.azure({ credential }).networks.get(id),
      (error) => error instanceof AzureError && error.code === 'ExpiredAuthenticationToken' && error.status === 401,
    );
    assert.equal(asked.filter((claims) => claims !== undefined).length, 1);
    assert.equal(arm.seen.length, 2);
  });

  test('is an answer when the credential has no other', async () => {
    await using arm = await startFakeArm();
    const { credential } = caching({ knowsClaims: false });
    refusing(arm, ['Bearer token-1']);
    await assert.rejects(
      arm.azure({ credential }).networks.get(id),
      (error) => error instanceof AzureError && error.status === 401,
    );
    assert.equal(arm.seen.length, 1);
  });
});

test('a Location of another origin gets no token, at a deletion as little as at a creation', async () => {
  await using arm = await startFakeArm();
  await using other = await startFakeArm();
  arm.answer(({ method }) =>
    method === 'DELETE'
      ? { status: 202, headers: { location: `${other.endpoint}/op/1?api-version=1` } }
      : { status: 200, body: vnet },
  );
  await assert.rejects(
    arm.azure().networks.remove(id, recordingLro(), () => true),
    (error) => error instanceof AzureError && error.code === 'ForeignOrigin',
  );
  assert.deepEqual(other.seen, []);
});
