import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addresses } from '../../../lab/scope.ts';
import { parseId } from '../../../src/adapters/azure/index.ts';
import type { Target } from '../../../src/contract/evidence.ts';
import type { Witness } from '../../../src/contract/vantage.ts';
import { type AzureAsk, askAzureWitnesses } from '../../../src/vantage/azure-vm/witnesses.ts';
import { type AzureUnderTest, contextOf, runRef, startAzureUnderTest, toolsOf } from '../../support/azure.ts';
import { locateWay, makeAll, makeGround } from '../../support/azure-steps.ts';

const [node] = addresses.nodes;
const target: Target = { id: 'node-0:30080', node: 'node-0', address: node, port: 30_080, kind: 'nodePort' };
const context = () => contextOf(runRef());

async function standUp(azure: AzureUnderTest): Promise<AzureAsk> {
  await makeAll(toolsOf(azure.adapter()), context);
  return locateWay(runRef());
}
const open = (azure: AzureUnderTest, ask: AzureAsk, lateMs?: number, targets: readonly Target[] = [target]) =>
  askAzureWitnesses(ask, targets, { azure: azure.adapter() }, context(), lateMs);
const hear = (azure: AzureUnderTest, ask: AzureAsk) => open(azure, ask).finish();

const from = (by: string, said: readonly Witness[]): readonly Witness[] => said.filter((one) => one.by === by);
const nameOf = (id: string): string => parseId(id).names.join('/');
const ruled = { by: 'securityRules', title: "Azure's effective security rules", of: 'way' } as const;
const routed = { by: 'routes', title: "Azure's effective routes", of: 'way' } as const;
const peered = { by: 'peerings', title: 'Both sides of the peering', of: 'way', about: null } as const;
const missingRules: Witness = { ...ruled, about: null, says: 'missing', because: 'it did not answer in time' };
const missingRoutes: Witness = { ...missingRules, ...routed };
const tornDown = ([near, far]: AzureAsk['peeringIds']): readonly Witness[] => [
  { ...peered, says: 'blocks', because: `${nameOf(near)} is Disconnected, Succeeded` },
  { ...peered, says: 'blocks', because: `${nameOf(far)} is absent` },
];
const standing = ({ peeringIds }: AzureAsk): readonly Witness[] =>
  peeringIds.map((id) => ({ ...peered, says: 'allows', because: `${nameOf(id)} is Connected` }));
/** Resolves when Azure has answered once more what a side of the peering is. */
async function peeringRead(azure: AzureUnderTest, id: string, begin: () => unknown): Promise<void> {
  const answered = (): number =>
    azure.lab.requests().filter(({ method, path, status }) => method === 'GET' && path === id && status === 200).length;
  const before = answered();
  begin();
  while (answered() === before) await sleep(10);
}

test("rules and routes of the VM's interface, and both sides of the peering, are read from Azure", async () => {
  await using azure = await startAzureUnderTest();
  const ask = await standUp(azure);
  assert.deepEqual(await hear(azure, ask), [
    {
      ...ruled,
      about: null,
      says: 'allows',
      because: 'rule defaultSecurityRules/AllowVnetOutBound',
    },
    {
      ...routed,
      about: null,
      says: 'allows',
      because: `next hop of ${addresses.clusterVnet} is VNetPeering`,
    },
    ...standing(ask),
  ]);
});

test('where targets differ, each source says something of every target', async () => {
  await using azure = await startAzureUnderTest();
  const other = { ...target, id: 'node-9:30080', node: 'node-9', address: '10.1.2.3' };
  const said = await open(azure, await standUp(azure), undefined, [target, other]).finish();
  assert.deepEqual(
    from('securityRules', said).map(({ about }) => about),
    [target.id, other.id],
  );
  assert.deepEqual(
    from('routes', said).map(({ about, says, because }) => [about, says, because]),
    [
      [target.id, 'allows', `next hop of ${addresses.clusterVnet} is VNetPeering`],
      [other.id, 'blocks', 'next hop of 10.0.0.0/8 is None'],
    ],
  );
});

test('a side of the peering that is gone is absent, and the other is Disconnected', async () => {
  await using azure = await startAzureUnderTest();
  const ask = await standUp(azure);
  await azure.byHand('DELETE', ask.peeringIds[1]);
  const said = await hear(azure, ask);
  assert.deepEqual(from('peerings', said), tornDown(ask.peeringIds));
  assert.deepEqual(from('routes', said), [
    {
      ...routed,
      about: null,
      says: 'blocks',
      because: 'next hop of 10.0.0.0/8 is None',
    },
  ]);
});

test('without the right for it a witness is missing, with the reason; the others speak', async () => {
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
    const ask = await standUp(azure);
    const said = await hear(azure, ask);
    const [route, ...more] = from('routes', said);
    assert.deepEqual([route?.about, route?.says, more], [null, 'missing', []]);
    assert.match(
      route?.because ?? '',
      /^the right for it is missing: .*networkInterfaces\/effectiveRouteTable\/action/,
    );
    assert.deepEqual(
      from('securityRules', said).map(({ about, says }) => [about, says]),
      [[null, 'allows']],
    );
    assert.deepEqual(from('peerings', said), standing(ask));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('what Azure cannot answer just now is asked again', async () => {
  await using azure = await startAzureUnderTest();
  const ask = await standUp(azure);
  azure.lab.faults.add({
    kind: 'throttle',
    type: 'Microsoft.Network/networkInterfaces/effectiveRouteTable',
    retryAfterSeconds: 1,
  });
  assert.equal(from('routes', await hear(azure, ask))[0]?.says, 'allows');
  assert.equal(azure.count('POST', '/effectiveRouteTable'), 2);
});

test('what Azure refuses is missing with its reason', async () => {
  await using azure = await startAzureUnderTest();
  await makeGround(toolsOf(azure.adapter()), context);
  const { interfaceId } = locateWay(runRef());
  const said = await hear(azure, { interfaceId, peeringIds: [interfaceId, interfaceId] });
  for (const by of ['securityRules', 'routes']) {
    const [one, ...more] = from(by, said);
    assert.deepEqual([one?.about, one?.says, more], [null, 'missing', []]);
    assert.match(one?.because ?? '', /not attached to a running virtual machine/);
  }
});

test('a source that does not answer in time is missing, and the step goes on', async () => {
  await using azure = await startAzureUnderTest({ durations: { effective: 60_000 } });
  const ask = await standUp(azure);
  let said: Promise<readonly Witness[]> | undefined;
  await peeringRead(azure, ask.peeringIds[1], () => {
    said = open(azure, ask, 1000).finish();
  });
  assert.deepEqual(await said, [missingRules, missingRoutes, ...standing(ask)]);
});

test('a peering that breaks while the prober runs is reported as it is at the end', async () => {
  await using azure = await startAzureUnderTest({ durations: { effective: 60_000 } });
  const ask = await standUp(azure);
  let hearing: ReturnType<typeof open> | undefined;
  await peeringRead(azure, ask.peeringIds[1], () => {
    hearing = open(azure, ask, 1000);
  });
  await azure.byHand('DELETE', ask.peeringIds[1]);
  assert.deepEqual(from('peerings', (await hearing?.finish()) ?? []), tornDown(ask.peeringIds));
});

test('a peering that was broken at the start stays reported, though it stands at the end', async () => {
  await using azure = await startAzureUnderTest();
  const ask = await standUp(azure);
  const [near, far] = ask.peeringIds;
  const bodies = [await azure.byHand('GET', near), await azure.byHand('GET', far)] as const;
  await azure.byHand('DELETE', far);
  let hearing: ReturnType<typeof open> | undefined;
  await peeringRead(azure, near, () => {
    hearing = open(azure, ask);
  });
  await azure.byHand('DELETE', near);
  await azure.byHand('PUT', near, bodies[0]);
  await azure.byHand('PUT', far, bodies[1]);
  assert.deepEqual(from('peerings', (await hearing?.finish()) ?? []), tornDown(ask.peeringIds));
  assert.deepEqual(from('peerings', await hear(azure, ask)), standing(ask));
});

test('a hearing that is given up, because the prober failed, ends with missing witnesses and no failure', async () => {
  await using azure = await startAzureUnderTest({ durations: { effective: 60_000 } });
  const hearing = open(azure, await standUp(azure));
  hearing.giveUp();
  const said = await hearing.finish();
  assert.deepEqual(said.slice(0, 2), [missingRules, missingRoutes]);
  assert.deepEqual(
    from('peerings', said).map(({ says }) => says),
    ['missing'],
  );
});
