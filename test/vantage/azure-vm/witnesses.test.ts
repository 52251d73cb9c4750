import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addresses } from '../../../lab/scope.ts';
import { parseId } from '../../../src/adapters/azure/index.ts';
import type { Target } from '../../../src/contract/evidence.ts';
import { askAzure, openHearing } from '../../../src/vantage/azure-vm/witnesses.ts';
import { makeAll, makeGround } from '../../support/azure-steps.ts';
import { type AzureUnderTest, contextOf, runRef, startAzureUnderTest, toolsOf } from '../../support/azure.ts';

const [node] = addresses.nodes;
const target: Target = { id: 'node-0:30080', node: 'node-0', address: node, port: 30_080, kind: 'nodePort' };
const context = () => contextOf(runRef());
const signal = new AbortController().signal;

async function askedFor(azure: AzureUnderTest) {
  const { nic, near, far } = await makeAll(toolsOf(azure.adapter()), context);
  return { targets: [target], interfaceId: nic.id, peeringIds: [near.id, far.id] as const, policy: null };
}

test("rules and routes of the VM's interface, and both sides of the peering, are read from Azure", async () => {
  await using azure = await startAzureUnderTest();
  const asked = await askedFor(azure);
  assert.deepEqual(await askAzure(azure.adapter(), asked, signal), {
    securityRules: { [target.id]: { access: 'Allow', rule: 'defaultSecurityRules/AllowVnetOutBound' } },
    routes: { [target.id]: { nextHop: 'VNetPeering', prefix: addresses.clusterVnet } },
    peerings: asked.peeringIds.map((id) => ({
      id: parseId(id).names.join('/'),
      state: 'Connected',
      provisioningState: 'Succeeded',
    })),
  });
});

test('a side of the peering that is gone is told as absent, and the other as Disconnected', async () => {
  await using azure = await startAzureUnderTest();
  const asked = await askedFor(azure);
  const [near, far] = asked.peeringIds;
  await azure.byHand('DELETE', far);
  const { peerings, routes } = await askAzure(azure.adapter(), asked, signal);
  assert.deepEqual(peerings, [
    { id: parseId(near).names.join('/'), state: 'Disconnected', provisioningState: 'Succeeded' },
    { id: parseId(far).names.join('/'), state: 'absent', provisioningState: 'absent' },
  ]);
  assert.deepEqual(routes, { [target.id]: { nextHop: 'None', prefix: '10.0.0.0/8' } });
});

test('without the right for it a witness is missing and says so; the others speak', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hepflow-witness-'));
  try {
    const role = JSON.parse(readFileSync(new URL('../../../deploy/azure-role.json', import.meta.url), 'utf8')) as {
      Actions: string[];
    };
    const roleFile = join(folder, 'role.json');
    writeFileSync(
      roleFile,
      JSON.stringify({ ...role, Actions: role.Actions.filter((action) => !action.includes('effectiveRouteTable')) }),
    );
    await using azure = await startAzureUnderTest({ roleFile });
    const said = await askAzure(azure.adapter(), await askedFor(azure), signal);
    assert.match(
      (said.routes as { missing: string }).missing,
      /^the right for it is missing: .*networkInterfaces\/effectiveRouteTable\/action/,
    );
    assert.ok(target.id in said.securityRules);
    assert.equal(Array.isArray(said.peerings), true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what Azure cannot answer just now is asked again', async () => {
  await using azure = await startAzureUnderTest();
  const asked = await askedFor(azure);
  azure.lab.faults.add({
    kind: 'throttle',
    type: 'Microsoft.Network/networkInterfaces/effectiveRouteTable',
    retryAfterSeconds: 1,
  });
  assert.ok(target.id in (await askAzure(azure.adapter(), asked, signal)).routes);
  assert.equal(azure.count('POST', '/effectiveRouteTable'), 2);
});

test('what Azure refuses is missing with its reason', async () => {
  await using azure = await startAzureUnderTest();
  const { nic } = await makeGround(toolsOf(azure.adapter()), context);
  const said = await askAzure(
    azure.adapter(),
    { targets: [target], interfaceId: nic.id, peeringIds: [nic.id, nic.id], policy: null },
    signal,
  );
  for (const each of [said.securityRules, said.routes])
    assert.match((each as { missing: string }).missing, /not attached to a running virtual machine/);
});

test('a witness that does not answer in time is missing, and the step goes on', async () => {
  await using azure = await startAzureUnderTest({ durations: { effective: 60_000 } });
  const { targets, ...witnesses } = await askedFor(azure);
  const answered = (): number =>
    azure.lab
      .requests()
      .filter(({ method, path, status }) => method === 'GET' && path === witnesses.peeringIds[1] && status === 200)
      .length;
  const before = answered();
  const hearing = openHearing({ targets, witnesses }, { azure: azure.adapter() }, context(), 1000);
  while (answered() === before) await sleep(10);
  const said = await hearing.finish();
  assert.deepEqual([said?.securityRules, said?.routes], Array(2).fill({ missing: 'it did not answer in time' }));
  assert.equal(Array.isArray(said?.peerings), true, 'who has spoken by then is heard');
});

test('a peering that breaks while the prober runs is told as it is at the end', async () => {
  await using azure = await startAzureUnderTest({ durations: { effective: 60_000 } });
  const { targets, ...witnesses } = await askedFor(azure);
  const [near, far] = witnesses.peeringIds;
  const answered = (): number =>
    azure.lab.requests().filter(({ method, path, status }) => method === 'GET' && path === far && status === 200)
      .length;
  const before = answered();
  const hearing = openHearing({ targets, witnesses }, { azure: azure.adapter() }, context(), 1000);
  while (answered() === before) await sleep(10);
  await azure.byHand('DELETE', far);
  assert.deepEqual((await hearing.finish())?.peerings, [
    { id: parseId(near).names.join('/'), state: 'Disconnected', provisioningState: 'Succeeded' },
    { id: parseId(far).names.join('/'), state: 'absent', provisioningState: 'absent' },
  ]);
});

test('a hearing that is given up, because the prober failed, ends without an answer and without a failure', async () => {
  await using azure = await startAzureUnderTest({ durations: { effective: 60_000 } });
  const { targets, ...witnesses } = await askedFor(azure);
  const hearing = openHearing({ targets, witnesses }, { azure: azure.adapter() }, context());
  hearing.giveUp();
  assert.deepEqual((await hearing.finish())?.routes, { missing: 'it did not answer in time' });
});

test('a phase without witnesses asks nobody', async () => {
  const hearing = openHearing({ targets: [target] }, { azure: undefined as never }, context());
  assert.equal(await hearing.finish(), undefined);
});
