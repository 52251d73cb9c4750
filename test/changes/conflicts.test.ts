/**
 * What somebody else does to a run's things while it waits, and what its undo makes of that: what the run created is deleted whatever became of it, as
 * long as it carries the mark (W6); what the run changed is restored only while it holds the run's value (W3); the rest is told, and undo goes on (W5).
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../lab/kubernetes/api.ts';
import { undoEach } from '../../src/activities/undo.ts';
import { enableAutoHostEndpoints } from '../../src/changes/field/auto-host-endpoints.ts';
import { enableFlowLogs } from '../../src/changes/field/flow-logs.ts';
import { labelNode } from '../../src/changes/label/apply.ts';
import { applyPolicy } from '../../src/changes/policy/apply.ts';
import { exposeNodePort } from '../../src/changes/service/apply.ts';
import type { StepInput, UndoEntry } from '../../src/contract/steps.ts';
import { idsOf, namesOf, ownerAnnotation, peeringIdOf, runLabel } from '../../src/ownership/names.ts';
import type { StepContext } from '../../src/step/context.ts';
import { undoOf } from '../../src/workflows/undo-entries.ts';
import { makeAll, vmSettings } from './azure/steps.ts';
import * as azureSupport from './azure/support.ts';
import {
  contextOf,
  group,
  nodeNames,
  openCluster,
  retried,
  sliceOf,
  slices,
  type TestCluster,
  workload,
} from './kubernetes/cluster.ts';

/** Entry name and place, outcome, and what the detail says. */
type Expected = Partial<Record<string, readonly ['nothing' | 'conflict', RegExp]>>;

/** Every entry is done but those that are named. */
async function assertUndone(
  entries: readonly UndoEntry[],
  expected: Expected,
  tools: Parameters<typeof undoEach>[1],
  context: StepContext,
): Promise<void> {
  const outcomes = await undoEach({ entries }, tools, context);
  assert.equal(outcomes.length, entries.length, 'undo goes on');
  for (const [index, { undo, subject }] of entries.entries()) {
    const { outcome, detail, code } = outcomes[index] ?? { outcome: '', detail: '', code: '' };
    const [wanted, says] = expected[`${undo} ${subject}`] ?? expected[undo] ?? ['done', /./];
    assert.equal(outcome, wanted, `${undo} ${subject}: ${code} ${detail}`);
    assert.match(detail, says);
  }
}

describe('in Azure', { concurrency: 2 }, () => {
  const run = azureSupport.runRef();
  const ids = idsOf(run);
  const names = namesOf(run.runId);
  const vnets = { vnetId: ids.network, clusterVnetId: azureSupport.clusterVnetId };
  const theirs = ids.network.replace(names.network, 'theirs');
  const near = peeringIdOf(vnets.vnetId, run.runId);
  const far = peeringIdOf(vnets.clusterVnetId, run.runId);
  const entryOf = <N extends Parameters<typeof undoOf>[0]>(name: N, input: object): UndoEntry => {
    const entry = undoOf(name, run, input as StepInput<N>);
    assert.ok(entry);
    return entry;
  };
  /** Lanes as a run undoes them. */
  const entries = [
    entryOf('peerFromCluster', vnets),
    entryOf('peerToCluster', vnets),
    entryOf('createVm', vmSettings),
    entryOf('createInterface', {}),
    entryOf('createSecurityGroup', {}),
    entryOf('createPublicIp', {}),
    entryOf('createNetwork', {}),
  ];
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

describe('in the cluster', () => {
  const [node] = nodeNames;
  const nodePath = `/api/v1/nodes/${node}`;
  const servicePath = `/api/v1/namespaces/default/services/${workload.serviceName}`;
  const policyPath = `${group}/globalnetworkpolicies/frontend-nodeport-access`;
  const controllersPath = `${group}/kubecontrollersconfigurations/default`;
  const felixPath = `${group}/felixconfigurations/default`;
  const key = 'host-end-point';
  const policy = {
    ...{ name: 'frontend-nodeport-access', tier: 'default', order: 100, label: { key, value: 'test' } },
    ...{ sourceAddress: '192.168.1.4', nodePort: workload.nodePort },
  };
  let cluster: TestCluster;
  before(async () => {
    cluster = await openCluster('cloud');
  });
  after(() => cluster?.stop());
  beforeEach(() => cluster.reset());

  type Meddle = (context: StepContext) => Promise<unknown>;
  const patch =
    (path: string, body: object): Meddle =>
    () =>
      cluster.api.call('PATCH', path, body);
  const remove =
    (path: string): Meddle =>
    () =>
      cluster.api.call('DELETE', path);
  const remade =
    (path: string): Meddle =>
    async () => {
      const { metadata, spec, ...rest } = await cluster.api.call<KubernetesObject>('GET', path);
      await cluster.api.call('DELETE', path);
      const { name, namespace } = metadata;
      const { clusterIP: _a, clusterIPs: _b, ...kept } = spec as Record<string, unknown>;
      await cluster.api.call('POST', path.slice(0, path.lastIndexOf('/')), {
        ...rest,
        metadata: { name, namespace },
        spec: kept,
      });
    };
  const setLabel = (value: string | null): Meddle => patch(nodePath, { metadata: { labels: { [key]: value } } });
  const stripped = { metadata: { labels: { [runLabel]: null } } };
  const missing = ['nothing', /does not exist/] as const;
  const foreign = ['nothing', /does not belong to run .*left alone/] as const;
  const bereft = [
    'conflict',
    /Label hepflow\.io\/run of .* is absent, this run wrote [0-9a-f]{8}; left alone/,
  ] as const;

  /** Title, prior label, what somebody does, what undo says, the label in the end, and what of theirs must still be there. */
  const rows: readonly (readonly [
    string,
    string | null,
    Meddle,
    Expected,
    label: string | undefined,
    left?: readonly string[],
  ])[] = [
    ['nobody does anything', 'prior', async () => {}, {}, 'prior'],
    ['the label is deleted from the node, which had none before the run', null, setLabel(null), {}, undefined],
    [
      'the label is deleted from the node, which had another value before the run',
      'prior',
      setLabel(null),
      { restoreLabel: ['conflict', /is absent, this run wrote test \(before it: prior\); left alone/] },
      undefined,
    ],
    [
      'the label is given another value',
      null,
      setLabel('theirs'),
      { restoreLabel: ['conflict', /is theirs, this run wrote test \(before it: absent\)/] },
      'theirs',
    ],
    ['the policy is deleted', null, remove(policyPath), { deletePolicy: missing }, undefined],
    [
      'the policy is edited: it carries the mark, and goes',
      null,
      patch(policyPath, { spec: { order: 7, ingress: [{ action: 'Allow' }] } }),
      {},
      undefined,
    ],
    [
      'the policy is deleted and made again by somebody',
      null,
      remade(policyPath),
      { deletePolicy: foreign },
      undefined,
      [policyPath],
    ],
    [
      'the mark of the policy is taken off',
      null,
      patch(policyPath, stripped),
      { deletePolicy: bereft },
      undefined,
      [policyPath],
    ],
    [
      'the service is edited: it carries the mark, and goes',
      null,
      patch(servicePath, { spec: { selector: { app: 'theirs' } } }),
      {},
      undefined,
    ],
    ['the service is deleted', null, remove(servicePath), { deleteService: missing }, undefined],
    [
      'the service is deleted and made again by somebody',
      null,
      remade(servicePath),
      { deleteService: foreign },
      undefined,
      [servicePath],
    ],
    [
      'the mark of the service is taken off',
      null,
      patch(servicePath, stripped),
      { deleteService: bereft },
      undefined,
      [servicePath],
    ],
    [
      'the flow-log field is set back',
      null,
      patch(felixPath, { spec: { flowLogsEnableHostEndpoint: false } }),
      { restoreFlowLogs: ['conflict', /is false, this run wrote true \(before it: absent\); left alone/] },
      undefined,
    ],
    [
      'the auto host endpoints are switched off, as they were before the run',
      null,
      patch(controllersPath, { spec: { controllers: { node: { hostEndpoint: { autoCreate: 'Disabled' } } } } }),
      {},
      undefined,
    ],
    [
      'all of it at once',
      'prior',
      async (context) => {
        for (const meddle of [
          setLabel('theirs'),
          remove(policyPath),
          patch(servicePath, stripped),
          patch(felixPath, { spec: { flowLogsEnableHostEndpoint: false } }),
        ])
          await meddle(context);
      },
      {
        restoreLabel: ['conflict', /is theirs, this run wrote test \(before it: prior\)/],
        deletePolicy: missing,
        deleteService: bereft,
        restoreFlowLogs: ['conflict', /is false, this run wrote true/],
      },
      'theirs',
      [servicePath],
    ],
  ];

  for (const [title, prior, meddle, expected, label, left = []] of rows) {
    test(title, async () => {
      const { api, tools } = cluster;
      if (prior !== null) await setLabel(prior)(contextOf());
      const context = contextOf();
      const entries = await changeAll(context, prior);
      await meddle(context);
      await Promise.all([assertUndone(entries, expected, tools, context), sliceFollowsService()]);
      const after = await api.call<{ metadata: { labels: Record<string, string> } }>('GET', nodePath);
      assert.equal(after.metadata.labels[key], label);
      for (const path of [policyPath, servicePath]) {
        const there = await api.call<KubernetesObject>('GET', path).catch(() => undefined);
        assert.equal(there !== undefined, left.includes(path), path);
      }
      const { items } = await api.call<{ items: unknown[] }>('GET', `${group}/hostendpoints`);
      assert.deepEqual(items, [], 'whatever else there is, the auto host endpoints are gone');
    });
  }

  /** Every change of a run, with its undo, last first. */
  async function changeAll(context: StepContext, prior: string | null): Promise<readonly UndoEntry[]> {
    const { api, tools } = cluster;
    const label = { node, key, value: 'test', prior };
    await retried(() => enableAutoHostEndpoints({ prior: 'Disabled', readyNodes: nodeNames }, tools, context));
    await retried(() => enableFlowLogs({ prior: null }, tools, context));
    await api.call('POST', slices, sliceOf(workload.serviceName, true));
    await exposeNodePort(workload, tools, context);
    await retried(() => labelNode(label, tools, context));
    await applyPolicy(policy, tools, context);
    const { run } = context;
    const entries = [
      undoOf('applyPolicy', run, policy),
      undoOf('labelNode', run, label),
      undoOf('exposeNodePort', run, workload),
      undoOf('enableFlowLogs', run, { prior: null }),
      undoOf('enableAutoHostEndpoints', run, { prior: 'Disabled', readyNodes: nodeNames }),
    ];
    return entries.filter((entry) => entry !== undefined);
  }

  /** What kube-controller-manager does, which is not run here: the slice goes with the run's service, or belongs to a successor. */
  async function sliceFollowsService(): Promise<void> {
    const marked = async (): Promise<boolean> => {
      const service = await cluster.api.call<KubernetesObject>('GET', servicePath).catch(() => undefined);
      const { annotations = {} } = (service?.metadata ?? {}) as { annotations?: Record<string, string> };
      return (
        service !== undefined &&
        ownerAnnotation in annotations &&
        runLabel in ((service.metadata['labels'] ?? {}) as object)
      );
    };
    while (await marked()) await sleep(10);
    await cluster.api.call('DELETE', `${slices}/${workload.serviceName}-1`);
  }
});
