/**
 * What the sweeper finds, on the stand-in Azure with the shipped role and on a real API server with the shipped rights;
 * and that the entries made from it undo all of it.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { undoEach } from '../../src/activities/undo.ts';
import type { Temporal } from '../../src/adapters/temporal/index.ts';
import { createNetworkBody } from '../../src/changes/network/body.ts';
import { createPeeringBody } from '../../src/changes/peering/pair.ts';
import { resolveSweep } from '../../src/config/sweep-spec.ts';
import type { RunRef } from '../../src/contract/run.ts';
import { describeDeadRun, type MarkedThing } from '../../src/contract/sweep.ts';
import { writeHolder } from '../../src/ownership/holder.ts';
import { createObjectMarks, createTags } from '../../src/ownership/marks.ts';
import { createIds, createPeeringId } from '../../src/ownership/names.ts';
import type { StepContext, Tools } from '../../src/step/context.ts';
import { findLeftovers } from '../../src/sweep/find-leftovers.ts';
import {
  type AzureUnderTest,
  clusterVnetId,
  contextOf,
  runRef,
  startAzureUnderTest,
  toolsOf,
} from '../support/azure.ts';
import { makeAll, networkSettings } from '../support/azure-steps.ts';
import { draftChange, findApply } from '../support/changes.ts';
import {
  nodeNames,
  openCluster,
  policyChange,
  retried,
  sliceOf,
  slices,
  type TestCluster,
  workload,
} from '../support/cluster.ts';
import { signer } from '../support/signing.ts';

const [node = ''] = nodeNames;
const labelPath = `/api/v1/nodes/${node}`;
const holder = (run: RunRef): string =>
  writeHolder({ namespace: 'default', workflowId: run.workflowId, firstExecutionRunId: 'first' });

describe('the sweeper', () => {
  let azure: AzureUnderTest;
  let cluster: TestCluster;
  let tools: Tools;
  /** Owners that Temporal knows, and what it says of them. */
  const known = new Map<string, boolean>();
  const temporal: Temporal = {
    namespace: 'default',
    isOver: async (workflowId) => known.get(workflowId) ?? 'unknown',
    findTrouble: async (workflowId) => (known.get(workflowId) === false ? 'its task failed' : undefined),
  };

  before(async () => {
    [azure, cluster] = await Promise.all([startAzureUnderTest(), openCluster('cloud')]);
    tools = { ...toolsOf(azure.adapter()), clusters: cluster.tools.clusters, temporal, resolveSweep };
  });
  after(async () => {
    await Promise.all([azure?.[Symbol.asyncDispose](), cluster?.stop()]);
  });
  beforeEach(async () => {
    known.clear();
    await cluster.reset();
  });

  const find = async (): Promise<readonly MarkedThing[]> => {
    const { subscriptionId, resourceGroup, cluster: ref } = runRef();
    const { found, warnings } = await findLeftovers(
      { spec: { subscriptionId, resourceGroup, cluster: ref.name } },
      tools,
      contextOf(runRef()),
    );
    assert.deepEqual(warnings, []);
    return found;
  };

  /** Everything that a run makes and changes, without its VM's boot. */
  async function makeEverything(run: RunRef): Promise<void> {
    const context = (): StepContext => contextOf(run);
    const apply = (step: string, input: object) => retried(() => findApply(step)(input, tools, context()));
    await apply('holdCluster', { holder: holder(run) });
    await makeAll(tools, context);
    await apply('enableAutoHostEndpoints', { prior: 'Disabled', readyNodes: nodeNames });
    await apply('enableFlowLogs', { prior: null });
    await cluster.api.call('POST', slices, sliceOf(workload.serviceName, true));
    await apply('exposeNodePort', workload);
    await apply('labelNode', { node, key: 'host-end-point', written: 'test', prior: null });
    await apply('applyPolicy', draftChange(policyChange(), run).input);
  }

  async function undo(found: readonly MarkedThing[]): Promise<void> {
    const [first] = found;
    assert.ok(first);
    const run = describeDeadRun(
      first,
      resolveSweep({ subscriptionId: runRef().subscriptionId, resourceGroup: runRef().resourceGroup, cluster: 'lab' }),
    );
    const entries = found.flatMap(({ undo: entry }) => entry ?? []);
    assert.equal(entries.length, found.length);
    // Slices follow their service in a whole cluster; kube-controller-manager does not run here.
    await cluster.api.call('DELETE', slices);
    const outcomes = await undoEach({ entries, observers: [] }, tools, contextOf(run));
    assert.deepEqual(
      outcomes.filter(({ outcome }) => outcome === 'failed' || outcome === 'conflict'),
      [],
    );
  }

  test('finds everything that a dead run made and changed, and what it finds undoes all of it (W3, W6)', async () => {
    const run = runRef('0badcafe');
    known.set(run.workflowId, true);
    const pristine = azure.lab.inventory();
    await makeEverything(run);
    const found = await find();
    assert.deepEqual(found.map(({ what }) => what).toSorted(), [
      'GlobalNetworkPolicy frontend-nodeport-access',
      'Lease hepflow in namespace kube-system',
      'OS disk hepflow-0badcafe-osdisk',
      'Service frontend-nodeport in namespace default',
      'VM hepflow-0badcafe-vm',
      'VNet hepflow-0badcafe-vnet',
      'autoCreate of KubeControllersConfiguration default',
      'flowLogsEnableHostEndpoint of FelixConfiguration default',
      `host-end-point of Node ${node}`,
      'interface hepflow-0badcafe-nic',
      'peering hepflow-0badcafe on aks-vnet-12345678',
      'peering hepflow-0badcafe on hepflow-0badcafe-vnet',
      'public IP hepflow-0badcafe-ip',
      'security group hepflow-0badcafe-nsg',
    ]);
    assert.deepEqual(
      found.map(({ undo: entry }) => entry && `${entry.undo} ${entry.subject}`),
      [
        'deletePolicy frontend-nodeport-access',
        `restoreLabel ${node}`,
        'deleteService default/frontend-nodeport',
        'restoreFlowLogs flowLogsEnableHostEndpoint to unset',
        'restoreAutoHostEndpoints autoCreate to Disabled',
        'deletePeering on aks-vnet-12345678',
        'deletePeering on hepflow-0badcafe-vnet',
        'deleteVm hepflow-0badcafe-vm',
        'deleteVm hepflow-0badcafe-vm',
        'deleteInterface hepflow-0badcafe-nic',
        'deleteSecurityGroup hepflow-0badcafe-nsg',
        'deletePublicIp hepflow-0badcafe-ip',
        'deleteNetwork hepflow-0badcafe-vnet',
        'releaseCluster lease kube-system/hepflow',
      ],
      'as the run itself would undo them',
    );
    for (const each of found) {
      assert.equal(each.undo?.change, '', 'no plan knows it any more');
      assert.deepEqual(
        [each.owner, each.runIs, each.createdAt, each.expiresAt],
        [run.workflowId, 'over', run.startedAt, '2026-10-02T10:00:00.000Z'],
        each.what,
      );
    }
    await undo(found);
    assert.deepEqual(azure.lab.inventory(), pristine);
    assert.deepEqual(await find(), []);
    const { metadata } = await cluster.api.read<{ metadata: { labels: object; annotations?: object } }>(labelPath);
    assert.deepEqual([Object.hasOwn(metadata.labels, 'host-end-point'), metadata.annotations ?? {}], [false, {}]);
  });

  test('finds by their ids what the lists of Azure do not show yet', async () => {
    const run = runRef('12345678');
    known.set(run.workflowId, true);
    for (const type of ['virtualNetworks', 'publicIPAddresses'])
      azure.lab.faults.add({ kind: 'listLag', type: `Microsoft.Network/${type}`, delayMs: 60_000 });
    const context = contextOf(run);
    await findApply('createPublicIp')({}, tools, context);
    await findApply('createNetwork')(networkSettings, tools, context);
    await findApply('createSecurityGroup')({ allowedSshSources: ['*'] }, tools, context);
    assert.deepEqual(await tools.azure.publicIps.list(run), [], 'the list lags');
    const found = await find();
    assert.deepEqual(found.map(({ what }) => what).toSorted(), [
      'VNet hepflow-12345678-vnet',
      'public IP hepflow-12345678-ip',
      'security group hepflow-12345678-nsg',
    ]);
    await undo(found);
  });

  test('asks for the owner of each run: alive, over, or not known', async () => {
    const [alive, over, forgotten] = [runRef('aaaaaaaa'), runRef('bbbbbbbb'), runRef('cccccccc')];
    known.set(alive.workflowId, false).set(over.workflowId, true);
    for (const [index, run] of [alive, over, forgotten].entries()) {
      const settings = { addressSpace: `192.168.${index}.0/24`, subnet: `192.168.${index}.0/25` };
      await findApply('createNetwork')(settings, tools, contextOf(run));
    }
    const found = await find();
    assert.deepEqual(Object.fromEntries(found.map(({ runId, runIs }) => [runId, runIs])), {
      aaaaaaaa: 'alive',
      bbbbbbbb: 'over',
      cccccccc: 'unknown',
    });
    const isTold = ({ runIs, trouble }: MarkedThing): boolean =>
      (trouble === 'its task failed') === (runIs === 'alive');
    assert.ok(found.every(isTold), 'only a living run is asked what keeps it from going on');
    for (const each of found) await undo([each]);
  });

  test('a holder in another Temporal namespace is not known, whatever this namespace says of it', async () => {
    const run = runRef();
    known.set(run.workflowId, true);
    const elsewhere = writeHolder({ namespace: 'elsewhere', workflowId: run.workflowId, firstExecutionRunId: 'first' });
    await findApply('holdCluster')({ holder: elsewhere }, tools, contextOf(run));
    const found = await find();
    assert.deepEqual(
      found.map(({ what, runIs }) => [what, runIs]),
      [['Lease hepflow in namespace kube-system', 'unknown']],
    );
    await undo(found);
  });

  test("a peering on the cluster's VNet whose other VNet is gone shows that its run is over", async () => {
    const run = runRef('dddddddd');
    const { network } = createIds(run);
    const far = createPeeringId(clusterVnetId, run.runId);
    await findApply('createNetwork')(networkSettings, tools, contextOf(run));
    await tools.azure.peerings.ensure(far, createPeeringBody(network), lro(run), () => true);
    await tools.azure.networks.remove(network, lro(run), () => true);
    const found = await find();
    assert.deepEqual(
      found.map(({ what, owner, runIs }) => [what, owner, runIs]),
      [['peering hepflow-dddddddd on aks-vnet-12345678', '', 'over']],
    );
    await undo(found);
    assert.deepEqual(await find(), []);
  });

  test('leaves out what only looks like a run of hepflow, by tag, name, peering or run id (W6)', async () => {
    const run = runRef('eeeeeeee');
    const vnet = (name: string): string => createIds(run).network.replace(/[^/]+$/, name);
    const tags = createTags(run, createIds(run).network, signer);
    const body = { ...createNetworkBody(run, networkSettings), tags };
    const theirs = vnet('theirs');
    await tools.azure.networks.ensure(theirs, body, lro(run), () => true);
    const named = createNetworkBody(run, { addressSpace: '172.20.0.0/16', subnet: '172.20.1.0/24' });
    await tools.azure.networks.ensure(vnet('hepflow-ffffffff-vnet'), named, lro(run), () => true);
    const sides = [
      createPeeringId(vnet('hepflow-ffffffff-vnet'), 'ffffffff'),
      createPeeringId(clusterVnetId, 'ffffffff'),
    ] as const;
    await tools.azure.peerings.ensure(sides[0], createPeeringBody(clusterVnetId), lro(run), () => true);
    await tools.azure.peerings.ensure(sides[1], createPeeringBody(vnet('hepflow-ffffffff-vnet')), lro(run), () => true);
    await tools.azure.peerings.ensure(
      createPeeringId(clusterVnetId, run.runId),
      createPeeringBody(theirs),
      lro(run),
      () => true,
    );
    const service = (runId: string) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'theirs',
        ...createObjectMarks({ ...run, runId }, { kind: 'services', namespace: 'default', name: 'theirs' }, signer),
      },
      spec: { ports: [{ port: 80 }] },
    });
    await cluster.api.call('POST', '/api/v1/namespaces/default/services', service('not-a-run-id'));
    assert.deepEqual(await find(), []);
    for (const id of [...sides, createPeeringId(clusterVnetId, run.runId)])
      await tools.azure.peerings.remove(id, lro(run), () => true);
    for (const name of ['theirs', 'hepflow-ffffffff-vnet'])
      await tools.azure.networks.remove(vnet(name), lro(run), () => true);
  });

  test('a cluster that is gone is said, and what is in the resource group is found all the same', async () => {
    const run = runRef('99999999');
    await findApply('createNetwork')(networkSettings, tools, contextOf(run));
    const { subscriptionId, resourceGroup } = run;
    const gone = {
      ...tools,
      clusters: {
        ...tools.clusters,
        of: async (name: { name: string }) => cluster.tools.clusters.of({ ...run.cluster, ...name, name: 'lab' }),
      },
    };
    const { found, warnings } = await findLeftovers(
      { spec: { subscriptionId, resourceGroup, cluster: 'gone' } },
      gone,
      contextOf(run),
    );
    assert.deepEqual(
      found.map(({ what }) => what),
      ['VNet hepflow-99999999-vnet'],
    );
    assert.match(warnings.join(), /has no managed cluster gone\. Peerings of its VNet were not looked for\./);
    await undo(found);
  });

  const lro = (run: RunRef) => {
    const { signal, resume, heartbeat } = contextOf(run);
    return { signal, resume, save: (state: unknown) => heartbeat(state) };
  };
});
