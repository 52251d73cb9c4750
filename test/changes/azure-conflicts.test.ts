/**
 * What somebody else does to a run's things while it waits, and what its undo makes of that: what the run created is
 * deleted whatever became of it, as
 * long as it carries the mark (W6); what the run changed is restored only while it holds the run's value (W3); the rest
 * is told, and undo goes on (W5).
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createIds, createPeeringId, nameResources } from '../../src/ownership/names.ts';
import * as azureSupport from '../support/azure.ts';
import { listAzureChanges, makeAll } from '../support/azure-steps.ts';
import { planUndo } from '../support/changes.ts';
import { assertUndone, type Expected } from '../support/undoing.ts';

describe('in Azure', { concurrency: 2 }, () => {
  const run = azureSupport.runRef();
  const ids = createIds(run);
  const names = nameResources(run.runId);
  const vnets = { vnetId: ids.network, clusterVnetId: azureSupport.clusterVnetId };
  const theirs = ids.network.replace(names.network, 'theirs');
  const near = createPeeringId(vnets.vnetId, run.runId);
  const far = createPeeringId(vnets.clusterVnetId, run.runId);
  /** Lanes as a run undoes them. */
  const entries = Object.values(listAzureChanges(run))
    .map((change) => planUndo(change, run, { clusterVnetId: azureSupport.clusterVnetId }))
    .toReversed();
  type Resource = { readonly tags?: Record<string, string>; readonly properties: Record<string, unknown> };
  type Meddle = (azure: azureSupport.AzureUnderTest) => Promise<unknown>;
  const edit =
    (id: string, change: (resource: Resource) => object): Meddle =>
    async ({ byHand }) => {
      const resource = (await byHand('GET', id)) as unknown as Resource;
      await byHand('PUT', id, { ...resource, ...change(resource) });
    };
  const remove =
    (id: string): Meddle =>
    ({ byHand }) =>
      byHand('DELETE', id);
  const gone = (name: string) => ['nothing', new RegExp(`${name} did not exist`)] as const;
  const withoutMark = ({ tags: { 'hepflow-run': _, ...tags } = {} }: Resource) => ({ tags });
  const bereft = (name: string) =>
    ['conflict', new RegExp(`^The .* of ${name} is .+, this run wrote .+; left alone$`)] as const;

  const rows: readonly (readonly [string, Meddle, Expected, left?: readonly string[]])[] = [
    ['the VM is deleted', remove(ids.vm), { deleteVm: gone(names.vm) }],
    [
      'the rule of the security group is edited: the group carries the mark, and goes',
      edit(ids.securityGroup, ({ properties }) => {
        const rules = properties['securityRules'] as Resource[] | undefined;
        const [rule] = rules ?? [];
        assert.ok(rule);
        return {
          properties: {
            ...properties,
            securityRules: [{ ...rule, properties: { ...rule.properties, sourceAddressPrefix: '198.51.100.0/24' } }],
          },
        };
      }),
      {},
    ],
    ['a rule is added to the security group', edit(ids.securityGroup, withRule), {}],
    [
      'the peering on the VNet of the cluster is deleted',
      remove(far),
      { 'deletePeering on aks-vnet-12345678': gone(names.peering) },
    ],
    [
      `the peering on the VM's VNet is deleted`,
      remove(near),
      { [`deletePeering on ${names.network}`]: gone(names.peering) },
    ],
    [
      'the peering on the VNet of the cluster is deleted and made again under its name, towards another VNet',
      async ({ byHand }) => {
        await byHand('PUT', theirs, {
          location: run.location,
          properties: { addressSpace: { addressPrefixes: ['172.16.0.0/16'] } },
        });
        await byHand('DELETE', far);
        await byHand('PUT', far, { properties: { remoteVirtualNetwork: { id: theirs } } });
      },
      { 'deletePeering on aks-vnet-12345678': bereft(names.peering) },
      [theirs, far],
    ],
    [
      'the peering on the VNet of the cluster is edited',
      edit(far, ({ properties }) => ({ properties: { ...properties, allowForwardedTraffic: true } })),
      {},
    ],
    [
      'the mark of the public address is taken off',
      edit(ids.publicIp, withoutMark),
      { deletePublicIp: bereft(names.publicIp) },
      [ids.publicIp],
    ],
    [
      'the mark of the VNet is changed',
      edit(ids.network, ({ tags }) => ({ tags: { ...tags, 'hepflow-run': 'ffffffff' } })),
      { deleteNetwork: bereft(names.network) },
      [ids.network],
    ],
    [
      'all of it at once',
      async (azure) => {
        for (const meddle of [
          remove(far),
          remove(ids.vm),
          edit(ids.securityGroup, withRule),
          edit(ids.publicIp, withoutMark),
        ])
          await meddle(azure);
      },
      {
        'deletePeering on aks-vnet-12345678': gone(names.peering),
        deleteVm: gone(names.vm),
        deletePublicIp: bereft(names.publicIp),
      },
      [ids.publicIp],
    ],
  ];

  function withRule({ properties }: Resource): object {
    const rules = properties['securityRules'] as Resource[];
    const more = { ...rules[0]?.properties, priority: 2000, destinationPortRange: '443' };
    return { properties: { ...properties, securityRules: [...rules, { name: 'Theirs', properties: more }] } };
  }

  for (const [title, meddle, expected, left = []] of rows) {
    test(title, async () => {
      await using azure = await azureSupport.startAzureUnderTest();
      const tools = azureSupport.toolsOf(azure.adapter());
      const before = azure.lab.inventory();
      await makeAll(tools, () => azureSupport.contextOf(run));
      await meddle(azure);
      await assertUndone(entries, expected, tools, azureSupport.contextOf(run));
      const inventory = JSON.stringify(azure.lab.inventory()).toLowerCase();
      for (const id of Object.values(ids)) {
        const mayStay = left.some((one) => id === one || id.startsWith(`${one}/`));
        if (!mayStay) assert.ok(!inventory.includes(`"${id.toLowerCase()}"`), `${id} is left`);
      }
      for (const id of left) assert.ok(await azure.byHand('GET', id), `${id} was deleted`);
      if (left.length === 0) assert.deepEqual(azure.lab.inventory(), before);
    });
  }
});
