/**
 * Marks that no run wrote there: copied, made up, moved, of another secret, of an older version. The sweep lists them
 * and the undo leaves their objects alone (W14), on a real API server with the shipped rights and the stand-in Azure.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { KubernetesObject } from '../../lab/kubernetes/api.ts';
import { undoEach } from '../../src/activities/undo.ts';
import { changeField } from '../../src/changes/changed-field.ts';
import { locateLabel } from '../../src/changes/label/plan.ts';
import { resolveSweep } from '../../src/config/sweep-spec.ts';
import type { UndoOutcome } from '../../src/contract/change.ts';
import type { RunRef } from '../../src/contract/run.ts';
import type { UndoRequest } from '../../src/contract/steps.ts';
import { describeDeadRun, type MarkedThing } from '../../src/contract/sweep.ts';
import { changedAnnotation } from '../../src/ownership/field-mark.ts';
import { createIds } from '../../src/ownership/names.ts';
import type { Tools } from '../../src/step/context.ts';
import { decideLeftover } from '../../src/sweep/decide.ts';
import { findLeftovers } from '../../src/sweep/find-leftovers.ts';
import { type AzureUnderTest, contextOf, failureOf, runRef, startAzureUnderTest, toolsOf } from '../support/azure.ts';
import { networkSettings } from '../support/azure-steps.ts';
import { draftChange, findApply, findUndo } from '../support/changes.ts';
import {
  group,
  nodeNames,
  openCluster,
  policyChange,
  sliceOf,
  slices,
  type TestCluster,
  workload,
} from '../support/cluster.ts';
import { strangeSigner } from '../support/signing.ts';

const [nodeA = '', nodeB = ''] = nodeNames;
const run = runRef('0badcafe0badcafe');
const services = '/api/v1/namespaces/default/services';
const policies = `${group}/globalnetworkpolicies`;
const label = { key: 'host-end-point', written: 'test', prior: null };

describe('marks that no run wrote where they stand', () => {
  let azure: AzureUnderTest;
  let cluster: TestCluster;
  let tools: Tools;

  before(async () => {
    [azure, cluster] = await Promise.all([startAzureUnderTest(), openCluster('cloud')]);
    const temporal: Tools['temporal'] = {
      namespace: 'default',
      isOver: async () => true,
      findTrouble: async () => undefined,
    };
    tools = { ...toolsOf(azure.adapter()), clusters: cluster.tools.clusters, temporal, resolveSweep };
  });
  after(async () => {
    await Promise.all([azure?.[Symbol.asyncDispose](), cluster?.stop()]);
  });
  beforeEach(() => cluster.reset());

  const apply = (step: string, input: object, by: Tools = tools) => findApply(step)(input, by, contextOf(run));
  /** As the step does, without waiting for Calico to copy the label. */
  const labelNode = async (by: Tools) =>
    changeField(await tools.clusters.of(run.cluster), locateLabel({ node: nodeA, ...label }), by, contextOf(run));
  const undo = async (...entries: readonly UndoRequest[]): Promise<readonly UndoOutcome[]> =>
    undoEach({ entries, observers: [] }, tools, contextOf(run));

  async function find(): Promise<readonly MarkedThing[]> {
    const { subscriptionId, resourceGroup, cluster: ref } = run;
    const spec = { subscriptionId, resourceGroup, cluster: ref.name };
    return (await findLeftovers({ spec }, tools, contextOf(run))).found;
  }
  /** What a sweep would do with each, however young it is. */
  const decide = (found: readonly MarkedThing[]): Record<string, string> =>
    Object.fromEntries(found.map((thing) => [thing.what, decideLeftover(thing, Date.now(), 0).decision]));

  const read = (path: string): Promise<KubernetesObject> => cluster.api.call<KubernetesObject>('GET', path);
  /** As people save an object to use it as a template: `kubectl get -o yaml`, another name. */
  async function copy(collection: string, name: string, as: { name: string; namespace?: string }): Promise<void> {
    const { metadata, ...rest } = await read(`${collection}/${name}`);
    const {
      uid: _u,
      resourceVersion: _r,
      creationTimestamp: _c,
      managedFields: _m,
      ...kept
    } = metadata as Record<string, unknown>;
    const { clusterIP: _a, clusterIPs: _b, ...spec } = rest['spec'] as Record<string, unknown>;
    if (Array.isArray(spec['ports'])) for (const each of spec['ports']) delete each.nodePort;
    const { status: _s, ...body } = { ...rest, metadata: { ...kept, ...as }, spec } as Record<string, unknown>;
    const at = as.namespace === undefined ? collection : collection.replace('default', as.namespace);
    await cluster.api.call('POST', at, body);
  }
  /** Somebody writes a mark on a node by hand. */
  const annotate = (node: string, mark: object, labels: object): Promise<unknown> =>
    cluster.api.call('PATCH', `/api/v1/nodes/${node}`, {
      metadata: { labels, annotations: { [changedAnnotation]: JSON.stringify(mark) } },
    });
  type Texts = Readonly<Record<string, string>>;
  const readLabels = async (node: string): Promise<Texts> =>
    (await read(`/api/v1/nodes/${node}`)).metadata['labels'] as Texts;
  async function readMark(node: string): Promise<object> {
    const { metadata } = await read(`/api/v1/nodes/${node}`);
    return JSON.parse((metadata['annotations'] as Texts)[changedAnnotation] ?? '') as object;
  }

  test('copies of a policy and a service, under other names and in another namespace, are kept and left alone', async () => {
    await cluster.api.call('POST', slices, sliceOf(workload.serviceName, true));
    await apply('exposeNodePort', workload);
    await apply('applyPolicy', draftChange(policyChange(), run).input);
    await copy(policies, 'frontend-nodeport-access', { name: 'payments-deny' });
    await copy(services, workload.serviceName, { name: 'payments-nodeport' });
    await copy(services, workload.serviceName, { name: workload.serviceName, namespace: 'kube-public' });
    assert.deepEqual(decide(await find()), {
      'GlobalNetworkPolicy frontend-nodeport-access': 'remove',
      'GlobalNetworkPolicy payments-deny': 'kept: a copy',
      'Service frontend-nodeport in namespace default': 'remove',
      'Service frontend-nodeport in namespace kube-public': 'kept: a copy',
      'Service payments-nodeport in namespace default': 'kept: a copy',
    });
    const outcomes = await undo(
      { undo: 'deletePolicy', input: { name: 'payments-deny' }, subject: '' },
      { undo: 'deleteService', input: { namespace: 'default', name: 'payments-nodeport' }, subject: '' },
      { undo: 'deleteService', input: { namespace: 'kube-public', name: workload.serviceName }, subject: '' },
    );
    for (const { outcome, detail } of outcomes)
      assert.deepEqual([outcome, /are not what this run wrote .*left alone/.test(detail)], ['conflict', true], detail);
    await read(`${policies}/payments-deny`);
    await read(`${services}/payments-nodeport`);
    await cluster.api.call('DELETE', `/api/v1/namespaces/kube-public/services/${workload.serviceName}`);
  });

  test('a made-up mark of a label is kept: no command for a label that no run spec could name, and none is restored', async () => {
    const forge = (key: string, more: object = {}) => ({
      ...{ run: run.runId, prior: 'pci', path: ['metadata', 'labels', key], wrote: 'public' },
      ...{ owner: run.workflowId, execution: run.firstExecutionRunId, at: '2020-01-01T00:00:00Z' },
      ...{ expires: '2020-01-02T00:00:00Z', ...more },
    });
    const reserved = 'node-restriction.kubernetes.io/tier';
    await annotate(nodeA, forge(reserved), { [reserved]: 'public' });
    await annotate(nodeB, forge('tier', { signature: strangeSigner.sign(['tier']) }), { tier: 'public' });
    const found = await find();
    assert.deepEqual(
      found.map((thing) => [thing.what, decideLeftover(thing, Date.now(), 0).decision, thing.undo?.command]),
      [
        [
          `tier of Node ${nodeB}`,
          'kept: not signed',
          `kubectl label node ${nodeB} tier=pci --overwrite && kubectl annotate node ${nodeB} hepflow.io/changed-`,
        ],
        [`${reserved} of Node ${nodeA}`, 'kept: not signed', undefined],
      ],
    );
    for (const [node, key] of [
      [nodeA, reserved],
      [nodeB, 'tier'],
    ] as const) {
      const input = { node, key, written: 'public', prior: 'pci' };
      const [outcome] = await undo({ undo: 'restoreLabel', input, subject: node });
      assert.equal(outcome?.outcome, 'conflict', outcome?.detail);
      assert.equal((await readLabels(node))[key], 'public');
    }
  });

  test('a mark whose path is no path, or whose times are none, keeps no sweep from its work', async () => {
    await annotate(nodeA, { run: run.runId, prior: null, path: 7, wrote: [], owner: {}, at: 'soon', expires: 1 }, {});
    await annotate(nodeB, { run: run.runId, prior: null, path: ['metadata', 'labels', { x: 1 }] }, {});
    assert.deepEqual(decide(await find()), {
      [`a change of Node ${nodeA}`]: 'kept: not signed',
      [`a change of Node ${nodeB}`]: 'kept: not signed',
    });
  });

  test('a signed mark that was moved to another node, or turned to another label or value, is no mark of the run', async () => {
    await cluster.api.call('PATCH', `/api/v1/nodes/${nodeB}`, { metadata: { labels: { tier: 'test' } } });
    await labelNode(tools);
    const signed = await readMark(nodeA);
    assert.deepEqual(decide(await find()), { [`host-end-point of Node ${nodeA}`]: 'remove' });
    for (const [mark, input, labels] of [
      [signed, { node: nodeB, ...label }, { 'host-end-point': 'test' }],
      [{ ...signed, path: ['metadata', 'labels', 'tier'] }, { node: nodeB, ...label, key: 'tier' }, {}],
      [{ ...signed, prior: 'theirs' }, { node: nodeB, ...label, prior: 'theirs' }, { 'host-end-point': 'test' }],
    ] as const) {
      await annotate(nodeB, mark, labels);
      const moved = (await find()).find(({ what }) => what.endsWith(nodeB));
      assert.ok(moved);
      assert.equal(decideLeftover(moved, Date.now(), 0).decision, 'kept: not signed');
      const [outcome] = await undo({ undo: 'restoreLabel', input, subject: nodeB });
      assert.equal(outcome?.outcome, 'conflict', outcome?.detail);
      assert.equal((await readLabels(nodeB))[input.key], 'test');
    }
    // Its own is restored all the same.
    const [own] = await undo({ undo: 'restoreLabel', input: { node: nodeA, ...label }, subject: nodeA });
    assert.equal(own?.outcome, 'done', own?.detail);
  });

  test('what a worker with another secret made, and what an older version made, is listed with its command and kept', async () => {
    await apply('createNetwork', networkSettings, { ...tools, signer: strangeSigner });
    await labelNode({ ...tools, signer: strangeSigner });
    await apply('applyPolicy', draftChange(policyChange(), run).input, { ...tools, signer: strangeSigner });
    const old = { run: '0badcafe', owner: run.workflowId, at: '2020-01-01T00:00:00Z' };
    await annotate(
      nodeB,
      { ...old, prior: null, path: ['metadata', 'labels', label.key], wrote: 'test' },
      {
        [label.key]: 'test',
      },
    );
    const found = await find();
    assert.deepEqual(decide(found), {
      'GlobalNetworkPolicy frontend-nodeport-access': 'kept: not signed',
      [`host-end-point of Node ${nodeA}`]: 'kept: not signed',
      [`host-end-point of Node ${nodeB}`]: 'kept: not signed',
      'VNet hepflow-0badcafe0badcafe-vnet': 'kept: not signed',
    });
    for (const thing of found) assert.match(thing.undo?.command ?? '', /^(kubectl|az) /, thing.what);
    const outcomes = await undo(...found.flatMap((thing) => thing.undo ?? []));
    assert.deepEqual(
      outcomes.map(({ outcome }) => outcome),
      ['conflict', 'conflict', 'conflict', 'conflict'],
    );
    const { network: id } = createIds(run);
    const strange = { ...tools, signer: strangeSigner };
    assert.equal((await findUndo('deleteNetwork')({ id }, strange, contextOf(run))).outcome, 'done');
  });

  test("a policy of the tenant that owns `created-at` and `expires-at` decides nothing; one that rewrites hepflow's own makes no run's thing removable", async () => {
    const { network: id } = createIds(run);
    await apply('createNetwork', networkSettings);
    const retag = async (tags: object): Promise<void> => {
      const resource = (await azure.byHand('GET', id)) as { tags: object };
      await azure.byHand('PUT', id, { ...resource, tags: { ...resource.tags, ...tags } });
    };
    await retag({ 'created-at': '2020-01-01', 'expires-at': '2020-01-02' });
    const [whole] = await find();
    assert.deepEqual([whole?.createdAt, whole?.expiresAt], [run.startedAt, run.expiresAt]);
    assert.equal(whole?.ownership, 'proved');
    await retag({ 'hepflow-expires-at': '2020-01-02T00:00:00.000Z' });
    assert.deepEqual(decide(await find()), { 'VNet hepflow-0badcafe0badcafe-vnet': 'kept: not signed' });
    await retag({ 'hepflow-expires-at': run.expiresAt });
    assert.deepEqual(decide(await find()), { 'VNet hepflow-0badcafe0badcafe-vnet': 'remove' });
    assert.equal((await findUndo('deleteNetwork')({ id }, tools, contextOf(run))).outcome, 'done');
  });

  test('another run of the same run id neither adopts nor deletes what a run made (W6)', async () => {
    const { network: id } = createIds(run);
    await apply('createNetwork', networkSettings);
    for (const other of [
      { ...run, workflowId: 'another' },
      { ...run, firstExecutionRunId: 'another' },
    ] satisfies RunRef[]) {
      const failure = await failureOf(findApply('createNetwork')(networkSettings, tools, contextOf(other)));
      assert.equal(failure.code, 'NotMine');
      const { outcome, detail } = await findUndo('deleteNetwork')({ id }, tools, contextOf(other));
      assert.deepEqual([outcome, /left alone/.test(detail)], ['conflict', true], detail);
    }
    const [thing] = await find();
    assert.ok(thing);
    const { subscriptionId, resourceGroup, cluster: ref } = run;
    const dead = describeDeadRun(thing, resolveSweep({ subscriptionId, resourceGroup, cluster: ref.name }));
    assert.equal((await findUndo('deleteNetwork')({ id }, tools, contextOf(dead))).outcome, 'done');
  });
});
