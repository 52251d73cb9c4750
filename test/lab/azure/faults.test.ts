import assert from 'node:assert/strict';
import test from 'node:test';
import { cluster } from '../../../lab/scope.ts';
import {
  call,
  createInterface,
  createNetworkParts,
  createPublicIp,
  createSecurityGroup,
  createVnet,
  group,
  nodeGroup,
  peerFromCluster,
  peerFromVm,
  poll,
  refusal,
  startBench,
  vmBody,
} from './helper.ts';

const vnets = 'Microsoft.Network/virtualNetworks';
const machines = 'Microsoft.Compute/virtualMachines';
const peerings = 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings';

test('throttle answers 429 as many times as asked, with Retry-After only if asked', async (t) => {
  const { lab, network } = await startBench(t);
  lab.faults.add({ kind: 'throttle', method: 'PUT', type: vnets, retryAfterSeconds: 7 });
  lab.faults.add({ kind: 'throttle', method: 'PUT', type: vnets, times: 1 });
  const first = await refusal(createVnet(network));
  assert.deepEqual([first.status, first.code, first.headers?.get('retry-after')], [429, 'TooManyRequests', '7']);
  const second = await refusal(createVnet(network));
  assert.deepEqual([second.status, second.headers?.get('retry-after')], [429, undefined]);
  await createVnet(network);
});

test('conflict, deny and serverError answer with the status of their code, and only for the calls they name', async (t) => {
  const { lab, network } = await startBench(t);
  await createVnet(network);
  lab.faults.add({ kind: 'conflict', method: 'PUT', type: vnets });
  lab.faults.add({
    kind: 'deny',
    method: 'PUT',
    type: peerings,
    group: nodeGroup,
    code: 'DenyAssignmentAuthorizationFailed',
    times: 'always',
  });
  lab.faults.add({ kind: 'serverError', method: 'GET', type: vnets, name: 'vnet' });
  assert.deepEqual(pick(await refusal(createVnet(network, 'other', '172.16.0.0/16', '172.16.0.0/24'))), [
    'Conflict',
    409,
  ]);
  assert.deepEqual(pick(await refusal(network.virtualNetworks.get(group, 'vnet'))), ['InternalServerError', 500]);
  await network.virtualNetworks.get(group, 'vnet');
  await peerFromVm(network);
  for (const _ of [1, 2])
    assert.deepEqual(pick(await refusal(peerFromCluster(network))), ['DenyAssignmentAuthorizationFailed', 403]);
  lab.faults.clear();
  await peerFromCluster(network);
});

test('failOperation is accepted, ends Failed, and leaves a Failed machine whose interface stays reserved for a while', async (t) => {
  const bench = await startBench(t, { durations: { interfaceReservation: 250 } });
  const { lab, network, compute, effects } = bench;
  await createNetworkParts(bench);
  lab.faults.add({ kind: 'failOperation', method: 'PUT', type: machines, code: 'AllocationFailed' });
  const failed = await refusal(compute.virtualMachines.createOrUpdate(group, 'vm', vmBody(), poll));
  assert.match(failed.message, /AllocationFailed/);
  assert.equal(effects.boots.length, 0);
  assert.equal((await compute.virtualMachines.get(group, 'vm')).provisioningState, 'Failed');
  assert.deepEqual(pick(await refusal(network.networkInterfaces.delete(group, 'nic', poll).submitted())), [
    'NicInUse',
    400,
  ]);

  await compute.virtualMachines.delete(group, 'vm', poll);
  assert.deepEqual(pick(await refusal(network.networkInterfaces.delete(group, 'nic', poll).submitted())), [
    'NicReservedForAnotherVm',
    400,
  ]);
  const deadline = Date.now() + 5000;
  while (
    (await refusedOrDone(() => network.networkInterfaces.delete(group, 'nic', poll).pollUntilDone())) !== undefined
  )
    assert.ok(Date.now() < deadline, 'the reservation ends');
  assert.deepEqual(pick(await refusal(network.networkInterfaces.get(group, 'nic'))), ['ResourceNotFound', 404]);
});

test('a boot that fails ends the creation as Failed, with its reason', async (t) => {
  const bench = await startBench(t);
  await createNetworkParts(bench);
  bench.effects.boot = async () => {
    throw new Error('no room for the machine');
  };
  const failed = await refusal(bench.compute.virtualMachines.createOrUpdate(group, 'vm', vmBody(), poll));
  assert.match(failed.message, /no room for the machine/);
  assert.equal((await bench.compute.virtualMachines.get(group, 'vm')).provisioningState, 'Failed');
});

test('slowPeering delays the peering, which is Updating meanwhile', async (t) => {
  const { lab, network } = await startBench(t);
  await createVnet(network);
  lab.faults.add({ kind: 'slowPeering', method: 'PUT', delayMs: 700 });
  const started = Date.now();
  await peerFromVm(network);
  assert.ok(Date.now() - started >= 900, `${Date.now() - started} ms`);
});

test('loseOperation answers 404 to polls while the work goes on', async (t) => {
  const bench = await startBench(t);
  const { lab, compute } = bench;
  await createNetworkParts(bench);
  lab.faults.add({ kind: 'loseOperation', method: 'PUT', type: machines });
  const lost = await refusal(compute.virtualMachines.createOrUpdate(group, 'vm', vmBody(), poll));
  assert.equal(lost.status, 404);
  const deadline = Date.now() + 5000;
  while ((await compute.virtualMachines.get(group, 'vm')).provisioningState !== 'Succeeded')
    assert.ok(Date.now() < deadline);
});

test('dropAfterAccept breaks the connection, and the resource comes to be all the same', async (t) => {
  const { lab, network } = await startBench(t);
  lab.faults.add({ kind: 'dropAfterAccept', method: 'PUT', type: vnets });
  const dropped = await refusal(createVnet(network));
  assert.equal(dropped.status, undefined, 'no answer, hence no status');
  const deadline = Date.now() + 5000;
  while ((await network.virtualNetworks.get(group, 'vnet')).provisioningState !== 'Succeeded')
    assert.ok(Date.now() < deadline);
  assert.deepEqual(
    lab
      .requests()
      .filter(({ method }) => method === 'PUT')
      .map(({ status }) => status),
    [0],
  );
});

test('another process reaches faults, inventory and requests by the control token only', async (t) => {
  const { lab, authority, network } = await startBench(t);
  const control = { 'x-lab-token': lab.controlToken, 'content-type': 'application/json' };
  assert.equal((await call(lab, authority, 'GET', '/lab/inventory')).status, 403);
  const bad = await call(lab, authority, 'POST', '/lab/faults', {
    headers: control,
    body: JSON.stringify({ kind: 'earthquake' }),
  });
  assert.equal(bad.status, 400);
  const fault = { kind: 'deny', method: 'PUT', type: vnets, code: 'RequestDisallowedByPolicy', times: 'always' };
  assert.equal(
    (await call(lab, authority, 'POST', '/lab/faults', { headers: control, body: JSON.stringify(fault) })).status,
    204,
  );
  assert.deepEqual(pick(await refusal(createVnet(network))), ['RequestDisallowedByPolicy', 403]);
  assert.equal(
    (await call(lab, authority, 'DELETE', '/lab/faults', { headers: { 'x-lab-token': lab.controlToken } })).status,
    204,
  );
  const play = (scenario: object) =>
    call(lab, authority, 'POST', '/lab/scenarios', { headers: control, body: JSON.stringify(scenario) });
  assert.equal((await play({ scenario: 'flood' })).status, 400);
  assert.equal((await play({ scenario: 'conflict', method: 'PUT', type: vnets })).status, 204);
  assert.deepEqual(pick(await refusal(createVnet(network))), ['Conflict', 409]);
  await createVnet(network);
  assert.deepEqual(
    (await call(lab, authority, 'GET', '/lab/inventory', { headers: control })).body,
    JSON.parse(JSON.stringify(lab.inventory())),
  );
  const requests = (await call(lab, authority, 'GET', '/lab/requests', { headers: control })).body as {
    method: string;
    status: number;
  }[];
  assert.deepEqual(
    requests.filter(({ method }) => method === 'PUT').map(({ status }) => status),
    [403, 409, 201],
  );
});

test('an interface cannot refer to what is absent or still being made', async (t) => {
  const { network } = await startBench(t);
  assert.deepEqual(pick(await refusal(createInterface(network))), ['InvalidResourceReference', 400]);
  await Promise.all([createPublicIp(network), createSecurityGroup(network)]);
  const vnet = network.virtualNetworks.createOrUpdate(
    group,
    'vnet',
    {
      location: cluster.location,
      addressSpace: { addressPrefixes: ['192.168.0.0/16'] },
      subnets: [{ name: 'probe', addressPrefix: '192.168.1.0/24' }],
    },
    poll,
  );
  await vnet.submitted();
  assert.deepEqual(pick(await refusal(createInterface(network))), ['RetryableError', 429]);
  await vnet;
  await createInterface(network);
});

const pick = ({ code, status }: { code: string | undefined; status: number | undefined }): unknown[] => [code, status];

async function refusedOrDone(attempt: () => Promise<unknown>): Promise<unknown> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    return error;
  }
}
