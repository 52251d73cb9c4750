/**
 * What somebody else does to a run's things while it waits, and what its undo makes of that: what the run created is
 * deleted whatever became of it, as
 * long as it carries the mark (W6); what the run changed is restored only while it holds the run's value (W3); the rest
 * is told, and undo goes on (W5).
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../lab/kubernetes/api.ts';
import type { UndoEntry } from '../../src/contract/change.ts';
import { ownerAnnotation, runLabel } from '../../src/ownership/marks.ts';
import type { StepContext } from '../../src/step/context.ts';
import { draftChange, findApply, planUndo } from '../support/changes.ts';
import {
  contextOf,
  group,
  nodeNames,
  openCluster,
  policyChange,
  retried,
  sliceOf,
  slices,
  type TestCluster,
  workload,
} from '../support/cluster.ts';
import { assertUndone, type Expected } from '../support/undoing.ts';

describe('in the cluster', () => {
  const [node] = nodeNames;
  const nodePath = `/api/v1/nodes/${node}`;
  const servicePath = `/api/v1/namespaces/default/services/${workload.serviceName}`;
  const policyPath = `${group}/globalnetworkpolicies/frontend-nodeport-access`;
  const controllersPath = `${group}/kubecontrollersconfigurations/default`;
  const felixPath = `${group}/felixconfigurations/default`;
  const key = 'host-end-point';
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
    /Label hepflow\.io\/run of .* is absent, this run wrote [0-9a-f]{16}; left alone/,
  ] as const;

  /**
   * Title, prior label, what somebody does, what undo says, the label in the end, and what of theirs must still be
   * there.
   */
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
    const { run } = context;
    const site = { nodes: [{ name: node, internalIp: '10.240.0.4' }], readyNodes: nodeNames };
    await api.call('POST', slices, sliceOf(workload.serviceName, true));
    const entries: UndoEntry[] = [];
    for (const [change, before] of [
      [{ kind: 'field', field: 'autoHostEndpoints' }, 'Disabled'],
      [{ kind: 'field', field: 'flowLogs' }, null],
      [{ kind: 'service', ...workload }, null],
      [{ kind: 'label', node: 0, key, value: 'test' }, prior],
      [policyChange(), null],
    ] as const) {
      const { step, input } = draftChange(change, run, site, before);
      await retried(() => findApply(step)(input, tools, context));
      entries.unshift(planUndo(change, run, site, before));
    }
    return entries;
  }

  /**
   * What kube-controller-manager does, which is not run here: the slice goes with the run's service, or belongs to a
   * successor.
   */
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
