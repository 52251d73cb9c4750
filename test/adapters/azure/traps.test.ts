import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AzureError } from '../../../src/adapters/azure/index.ts';
import { type FakeArm, recordingLro, type Seen, startFakeArm } from './fake-arm.ts';

const id = '/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v';
const body = { location: 'westeurope', tags: { run: 'mine' }, addressSpace: { addressPrefixes: ['192.168.0.0/16'] } };
const mine = ({ tags }: { tags: Readonly<Record<string, string>> }) => tags['run'] === 'mine';
const vnet = (provisioningState: string) => ({
  id,
  location: 'westeurope',
  tags: body.tags,
  properties: { provisioningState },
});
const none = { status: 404, body: { error: { code: 'ResourceNotFound', message: 'none' } } };
const accepted = (url: string) => ({ status: 201, body: vnet('Updating'), headers: { 'azure-asyncoperation': url } });

const failing = (attempt: Promise<unknown>): Promise<AzureError> =>
  attempt.then(
    () => assert.fail('it should have failed'),
    (error: unknown) => {
      assert.ok(error instanceof AzureError, String(error));
      return error;
    },
  );

const puts = (arm: FakeArm) => arm.seen.filter(({ method }) => method === 'PUT').length;

/** ARM for one VNet: absent, accepted by a PUT, and what its operation says. */
function oneVnet(
  arm: FakeArm,
  poll: (seen: Seen) => { status: number; body?: unknown; headers?: Record<string, string> },
): void {
  let state: string | undefined;
  arm.answer((seen) => {
    if (seen.path.startsWith('/op')) {
      const answer = poll(seen);
      if (JSON.stringify(answer.body ?? '').includes('Succeeded')) state = 'Succeeded';
      return answer;
    }
    if (seen.method === 'PUT') {
      state = 'Updating';
      return accepted(`${arm.endpoint}/op/1?api-version=1&s=signed`);
    }
    return state === undefined ? none : { status: 200, body: vnet(state) };
  });
}

describe('the bearer token goes to the endpoint only', () => {
  test('an operation URL of another origin is refused before anything is sent there', async () => {
    await using arm = await startFakeArm();
    await using other = await startFakeArm();
    arm.answer(({ method }) => (method === 'PUT' ? accepted(`${other.endpoint}/op/1?api-version=1`) : none));
    const error = await failing(arm.azure().networks.ensure(id, body, recordingLro(), mine));
    assert.equal(error.code, 'ForeignOrigin');
    assert.deepEqual(other.seen, []);
  });

  test('saved state that leads to another origin is not used: the resource is looked at instead', async () => {
    await using arm = await startFakeArm();
    await using other = await startFakeArm();
    const resume = {
      verb: 'PUT',
      id,
      variant: '',
      config: {
        operationLocation: `${other.endpoint}/op/1`,
        initialRequestUrl: `${arm.endpoint}${id}`,
        requestMethod: 'PUT',
      },
    };
    arm.answer(() => ({ status: 200, body: vnet('Succeeded') }));
    const state = await arm.azure().networks.ensure(id, body, recordingLro(resume), mine);
    assert.equal(state.provisioningState, 'Succeeded');
    assert.deepEqual(other.seen, []);
  });

  test('a redirect is not followed', async () => {
    await using arm = await startFakeArm();
    arm.answer(({ path }) =>
      path === '/elsewhere'
        ? { status: 200, body: vnet('Succeeded') }
        : { status: 307, headers: { location: `${arm.endpoint}/elsewhere` } },
    );
    await failing(arm.azure().networks.get(id));
    assert.deepEqual(
      arm.seen.map(({ path }) => path),
      [id],
    );
  });
});

describe('a long-running operation', () => {
  test('is saved at every look and goes on in another process without a second PUT (W9)', async () => {
    await using arm = await startFakeArm();
    let running = true;
    oneVnet(arm, () => ({ status: 200, body: { status: running ? 'InProgress' : 'Succeeded' } }));
    const killed = new AbortController();
    const first = recordingLro(undefined, killed.signal);
    const save = (state: unknown): void => {
      first.save(state);
      if (first.saved.length === 3) killed.abort(new Error('killed'));
    };
    const attempt = arm.azure().networks.ensure(id, body, { ...first, save }, mine);
    await assert.rejects(attempt, /killed/);
    running = false;
    const state = await arm
      .azure()
      .networks.ensure(id, body, recordingLro(JSON.parse(JSON.stringify(first.saved.at(-1)))), mine);
    assert.equal(state.provisioningState, 'Succeeded');
    assert.equal(puts(arm), 1);
  });

  test('that ended as Failed tells the outer code and the reasons below it, and is not resumed', async () => {
    await using arm = await startFakeArm();
    const error = {
      code: 'AllocationFailed',
      message: 'no room',
      innererror: { code: 'Deeper', message: 'rack 7' },
      details: [{ code: 'QuotaExceeded', message: 'cores' }],
    };
    oneVnet(arm, () => ({ status: 200, body: { status: 'Failed', error } }));
    const lro = recordingLro();
    const told = await failing(arm.azure().networks.ensure(id, body, lro, mine));
    assert.equal(told.code, 'AllocationFailed');
    assert.equal(told.status, 0);
    assert.deepEqual(
      told.details.map(({ code }) => code),
      ['QuotaExceeded', 'Deeper'],
    );
    assert.equal(lro.saved.at(-1), null);
  });

  test('that ended as Canceled without a reason says so', async () => {
    await using arm = await startFakeArm();
    oneVnet(arm, () => ({ status: 200, body: { status: 'Canceled' } }));
    assert.equal(
      (await failing(arm.azure().networks.ensure(id, body, recordingLro(), mine))).code,
      'OperationCanceled',
    );
  });

  test('that cannot be asked about stays resumable', async () => {
    await using arm = await startFakeArm();
    oneVnet(arm, () => ({
      status: 503,
      body: { error: { code: 'ServiceUnavailable', message: 'later' } },
      headers: { 'retry-after': '3' },
    }));
    const lro = recordingLro();
    const error = await failing(arm.azure().networks.ensure(id, body, lro, mine));
    assert.deepEqual([error.code, error.status, error.retryAfterMs], ['ServiceUnavailable', 503, 3000]);
    assert.notEqual(lro.saved.at(-1), null);
    oneVnet(arm, () => ({ status: 200, body: { status: 'Succeeded' } }));
    arm.seen.length = 0;
    const state = await arm.azure().networks.ensure(id, body, recordingLro(lro.saved.at(-1)), mine);
    assert.equal(state.provisioningState, 'Succeeded');
    assert.equal(puts(arm), 0);
  });

  test('that vanished is decided by the resource itself', async () => {
    await using arm = await startFakeArm();
    let looks = 0;
    arm.answer(({ method, path }) => {
      if (path.startsWith('/op')) return none;
      if (method === 'PUT') return accepted(`${arm.endpoint}/op/1?api-version=1`);
      if (puts(arm) === 0) return none;
      looks += 1;
      return { status: 200, body: vnet(looks < 3 ? 'Updating' : 'Succeeded') };
    });
    const state = await arm.azure().networks.ensure(id, body, recordingLro(), mine);
    assert.equal(state.provisioningState, 'Succeeded');
    assert.equal(puts(arm), 1);
  });

  for (const [status, code, message] of [
    [401, 'InvalidAuthenticationToken', 'The access token is invalid.'],
    [403, 'AuthorizationFailed', 'No authorization to read Microsoft.Network/locations/operations.'],
    [403, 'Forbidden', 'Only the original caller of an asynchronous operation is allowed to retrieve the results.'],
  ] as const) {
    test(`whose URL answers ${status} ${code} is decided by the resource itself, made and removed`, async () => {
      await using arm = await startFakeArm();
      const refused = { status, body: { error: { code, message } } };
      const url = `${arm.endpoint}/op/1?api-version=1&t=1&c=2&s=3&h=4`;
      let looks = 0;
      arm.answer(({ method, path }) => {
        if (path.startsWith('/op')) return refused;
        if (method === 'PUT') return accepted(url);
        if (method === 'DELETE') return { status: 202, headers: { 'azure-asyncoperation': url } };
        const last = arm.seen.findLast((each) => each.method !== 'GET')?.method;
        looks += 1;
        if (last === 'PUT') return { status: 200, body: vnet(looks < 3 ? 'Updating' : 'Succeeded') };
        return last === undefined || looks > 6 ? none : { status: 200, body: vnet('Deleting') };
      });
      const made = recordingLro();
      assert.equal((await arm.azure().networks.ensure(id, body, made, mine)).provisioningState, 'Succeeded');
      assert.equal(puts(arm), 1);
      assert.equal(made.saved.at(-1), null, 'it is not asked about again');
      assert.equal(await arm.azure().networks.remove(id, recordingLro(), mine), 'removed');
      assert.equal(arm.seen.filter(({ method }) => method === 'DELETE').length, 1);
    });
  }

  test('that may not be followed and whose resource failed tells both', async () => {
    await using arm = await startFakeArm();
    const refused = { status: 403, body: { error: { code: 'AuthorizationFailed', message: 'no' } } };
    arm.answer(({ method, path }) => {
      if (path.startsWith('/op')) return refused;
      if (method === 'PUT') return accepted(`${arm.endpoint}/op/1?api-version=1`);
      return puts(arm) === 0 ? none : { status: 200, body: vnet('Failed') };
    });
    const error = await failing(arm.azure().networks.ensure(id, body, recordingLro(), mine));
    assert.deepEqual([error.code, error.status], ['OperationVanished', 403]);
    assert.match(error.message, /its operation URL answers 403 AuthorizationFailed; it is Failed/);
  });

  test('that vanished with its resource is lost', async () => {
    await using arm = await startFakeArm();
    arm.answer(({ method }) => (method === 'PUT' ? accepted(`${arm.endpoint}/op/1?api-version=1`) : none));
    assert.equal(
      (await failing(arm.azure().networks.ensure(id, body, recordingLro(), mine))).code,
      'OperationVanished',
    );
  });

  test('ends its wait at once when its caller stops, with the reason of the caller', async () => {
    await using arm = await startFakeArm();
    oneVnet(arm, () => ({ status: 200, body: { status: 'InProgress' }, headers: { 'retry-after': '100' } }));
    const stop = new AbortController();
    const lro = recordingLro(undefined, stop.signal);
    const started = Date.now();
    const attempt = arm
      .azure()
      .networks.ensure(
        id,
        body,
        { ...lro, save: () => void setImmediate(() => stop.abort(new Error('enough'))) },
        mine,
      );
    await assert.rejects(attempt, /enough/);
    assert.ok(Date.now() - started < 3000);
  });

  test('of somebody else on a resource of ours is waited for, not overwritten', async () => {
    await using arm = await startFakeArm();
    let looks = 0;
    arm.answer(() => ({ status: 200, body: vnet(++looks < 4 ? 'Updating' : 'Succeeded') }));
    await arm.azure().networks.ensure(id, body, recordingLro(), mine);
    assert.equal(puts(arm), 0);
  });
});

describe('what goes wrong is told as an AzureError', () => {
  test('throttling: once asked, with the time that Azure asked for, in seconds or as a date', async () => {
    await using arm = await startFakeArm();
    const throttled = (value: string) =>
      arm.answer(() => ({
        status: 429,
        body: { error: { code: 'TooManyRequests', message: 'slow down' } },
        headers: { 'retry-after': value },
      }));
    throttled('7');
    const seconds = await failing(arm.azure().networks.get(id));
    assert.deepEqual([seconds.code, seconds.status, seconds.retryAfterMs], ['TooManyRequests', 429, 7000]);
    assert.equal(arm.seen.length, 1, 'no retry of the SDK');
    throttled(new Date(Date.now() + 60_000).toUTCString());
    const date = await failing(arm.azure().networks.get(id));
    assert.ok((date.retryAfterMs ?? 0) > 50_000 && (date.retryAfterMs ?? 0) <= 60_000);
  });

  test('the correlation id of the answer, unless it is none', async () => {
    await using arm = await startFakeArm();
    const refuse = (headers: Record<string, string>) =>
      arm.answer(() => ({ status: 400, body: { error: { code: 'BadRequest', message: 'no' } }, headers }));
    const idOf = async () => (await failing(arm.azure().networks.get(id))).correlationId;
    refuse({ 'x-ms-request-id': 'r-1', 'x-ms-correlation-request-id': '3fa85f64-5717-4562-b3fc-2c963f66afa6' });
    assert.equal(await idOf(), '3fa85f64-5717-4562-b3fc-2c963f66afa6');
    refuse({ 'x-ms-request-id': 'r-1' });
    assert.equal(await idOf(), 'r-1');
    refuse({ 'x-ms-correlation-request-id': `<b>${'x'.repeat(500)}` });
    assert.equal(await idOf(), '');
  });

  test('throttling of the first request of an operation keeps its body', async () => {
    await using arm = await startFakeArm();
    arm.answer(({ method }) =>
      method === 'GET'
        ? none
        : {
            status: 429,
            body: {
              error: {
                code: 'RetryableError',
                message: 'wait',
                details: [{ code: 'ReferencedResourceNotProvisioned', message: 'subnet' }],
              },
            },
          },
    );
    const error = await failing(arm.azure().networks.ensure(id, body, recordingLro(), mine));
    assert.deepEqual(
      [error.code, error.details],
      ['RetryableError', [{ code: 'ReferencedResourceNotProvisioned', message: 'subnet' }]],
    );
  });

  test('no answer: ConnectionFailed after the time limit of a request', async () => {
    await using arm = await startFakeArm();
    arm.answer(() => undefined);
    const error = await failing(arm.azure({ requestTimeoutMs: 80 }).networks.get(id));
    assert.equal(error.code, 'ConnectionFailed');
    assert.match(error.message, /no answer within 80 ms/);
  });

  test('nobody there: ConnectionFailed', async () => {
    const arm = await startFakeArm();
    await arm[Symbol.asyncDispose]();
    assert.equal((await failing(arm.azure().networks.get(id))).code, 'ConnectionFailed');
  });

  test('a credential that fails: CredentialUnavailable, and nothing is sent', async () => {
    await using arm = await startFakeArm();
    const credential = {
      getToken: () =>
        Promise.reject(Object.assign(new Error('no credential here'), { name: 'CredentialUnavailableError' })),
    };
    const error = await failing(arm.azure({ credential }).networks.get(id));
    assert.equal(error.code, 'CredentialUnavailable');
    assert.match(error.message, /no credential here/);
    assert.deepEqual(arm.seen, []);
  });

  test('an authority that cannot be reached: ConnectionFailed, which passes', async () => {
    await using arm = await startFakeArm();
    const credential = {
      getToken: () =>
        Promise.reject(
          Object.assign(new Error('wrapped'), {
            cause: Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }),
          }),
        ),
    };
    assert.equal((await failing(arm.azure({ credential }).networks.get(id))).code, 'ConnectionFailed');
  });

  test('an authority that nobody serves, asked by a real credential: ConnectionFailed, in one line', async (t) => {
    await using arm = await startFakeArm();
    const given = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client', AZURE_CLIENT_SECRET: 'hush' };
    const before = { ...process.env };
    Object.assign(process.env, given);
    t.after(() => {
      for (const name of Object.keys(given)) if (!Object.hasOwn(before, name)) delete process.env[name];
    });
    const { DefaultAzureCredential } = await import('@azure/identity');
    const credential = new DefaultAzureCredential({
      authorityHost: 'https://127.0.0.1:1',
      disableInstanceDiscovery: true,
    });
    const error = await failing(arm.azure({ credential, requestTimeoutMs: 30_000 }).networks.get(id));
    assert.equal(error.code, 'ConnectionFailed');
    assert.match(error.message, /the authority of the credential cannot be reached.*\(endpoints_resolution_error\)$/);
  });

  test('a resource that is not marked as ours: NotOwned, untouched', async () => {
    await using arm = await startFakeArm();
    arm.answer(() => ({ status: 200, body: { ...vnet('Succeeded'), tags: {} } }));
    assert.equal((await failing(arm.azure().networks.ensure(id, body, recordingLro(), mine))).code, 'NotOwned');
    assert.equal((await failing(arm.azure().networks.remove(id, recordingLro(), mine))).code, 'NotOwned');
    assert.deepEqual(new Set(arm.seen.map(({ method }) => method)), new Set(['GET']));
  });
});

test('a deletion is over only when the resource answers 404', async () => {
  await using arm = await startFakeArm();
  let looksAfter = 0;
  arm.answer(({ method }) => {
    if (method === 'DELETE') return { status: 204 };
    if (!arm.seen.some((each) => each.method === 'DELETE')) return { status: 200, body: vnet('Succeeded') };
    return ++looksAfter < 3 ? { status: 200, body: vnet('Succeeded') } : none;
  });
  assert.equal(await arm.azure().networks.remove(id, recordingLro(), mine), 'removed');
  assert.equal(looksAfter, 3);
});
