/**
 * Calico without its API server, as AKS installs it: every change to Calico's objects and its undo, by
 * crd.projectcalico.org/v1, in each way in which releases keep labels and annotations there.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../lab/kubernetes/api.ts';
import { findCalicoApi, groupOfCalico, listAutoHostEndpoints } from '../../src/adapters/kubernetes/calico.ts';
import { findKind } from '../../src/changes/index.ts';
import type { Draft } from '../../src/changes/kind.ts';
import type { Change } from '../../src/contract/scenario.ts';
import type { CalicoSite, Site } from '../../src/contract/site.ts';
import { inspectCluster } from '../../src/preflight/cluster/index.ts';
import { kubernetesRights } from '../../src/preflight/rights.ts';
import type { StepContext } from '../../src/step/context.ts';
import { lookAtCluster } from '../../src/sweep/cluster-look.ts';
import { findApply, findUndo } from '../support/changes.ts';
import {
  askFor,
  calicoPath,
  contextOf,
  nodeNames,
  openCluster,
  policyChange,
  readFieldMarkOf,
  retried,
  shapeOf,
  type TestCluster,
} from '../support/cluster.ts';

const api = 'crd.projectcalico.org/v1';
const path = calicoPath('aks');
const configuration = `${path}/kubecontrollersconfigurations/default`;
const policies = `${path}/globalnetworkpolicies`;
const [node] = nodeNames;
const key = 'host-end-point';

for (const [flavour, objectName] of [
  ['aks', 'default.frontend-nodeport-access'],
  ['aks-3.32', 'frontend-nodeport-access'],
  ['aks-old', 'default.frontend-nodeport-access'],
] as const)
  describe(`Calico's storage alone, as ${flavour} keeps it, on a real API server`, () => {
    let cluster: TestCluster;
    before(async () => {
      cluster = await openCluster(flavour);
    });
    after(() => cluster?.stop());
    beforeEach(() => cluster.reset());

    /** The change as preflight plans it there. */
    async function plan(change: Change, context: StepContext): Promise<Draft> {
      const { site } = await inspectCluster(askFor(), context.run.runId, cluster.tools);
      assert.ok(site, 'preflight found problems');
      const at = { run: context.run, site: site as Site };
      const own = await cluster.tools.clusters.of(context.run.cluster);
      const kind = findKind(change);
      return kind.plan(change, at, (await kind.readPrior?.(change, own, at)) ?? null);
    }
    const apply = ({ step, input }: Draft, context: StepContext) =>
      retried(() => findApply(step)(input, cluster.tools, context));
    const undo = (draft: { readonly undo: string; readonly input: object }, context: StepContext) =>
      retried(() => findUndo(draft.undo)(draft.input, cluster.tools, context));
    const enable: Change = { kind: 'field', field: 'autoHostEndpoints' };

    test('preflight finds nothing in the way, and says that its authors call the API internal', async () => {
      const { problems, warnings, site } = await inspectCluster(askFor(), 'abcd1234', cluster.tools);
      assert.deepEqual(problems, []);
      assert.match(warnings.join('\n'), /crd\.projectcalico\.org\/v1 here, .*calico#6412/);
      const version = { aks: 'v3.31.7', 'aks-3.32': 'v3.32.1', 'aks-old': 'v3.26.4' }[flavour];
      assert.deepEqual(site?.calico, { flavour: 'oss', version, api } satisfies CalicoSite);
    });

    test('without the rights on the storage preflight names each of them, and none on the API', async () => {
      const role = '/apis/rbac.authorization.k8s.io/v1/clusterroles/hepflow-worker';
      const { rules } = await cluster.api.call<
        { rules: readonly { apiGroups: readonly string[] }[] } & KubernetesObject
      >('GET', role);
      const group = groupOfCalico(api);
      const needed = kubernetesRights.filter((right) => right.group === group);
      const missing = async (): Promise<readonly string[]> =>
        (await inspectCluster(askFor(), 'abcd1234', cluster.tools)).problems.map(({ message }) => message);
      try {
        await cluster.api.call('PATCH', role, { rules: rules.filter(({ apiGroups }) => !apiGroups.includes(group)) });
        const deadline = Date.now() + 10_000;
        while ((await missing()).length < needed.length && Date.now() < deadline) await sleep(50);
        const found = await missing();
        assert.deepEqual([found.length, new Set(found).size], [needed.length, needed.length], found.join('\n'));
        for (const message of found)
          assert.match(message, /^May not (get|list|create|patch|delete) \w+\.crd\.projectcalico\.org\b/);
      } finally {
        await cluster.api.call('PATCH', role, { rules });
        const deadline = Date.now() + 10_000;
        while ((await missing()).length > 0 && Date.now() < deadline) await sleep(50);
      }
    });

    test('host endpoints are switched on, seen and switched off, and the configuration is as before (W3)', async () => {
      const context = contextOf();
      const before = await shapeOf(cluster, configuration);
      const draft = await plan(enable, context);
      const { facts } = await apply(draft, context);
      assert.deepEqual(
        facts?.hostEndpoints,
        nodeNames.map((name) => `${name}-auto-hep`),
      );
      // What kube-controllers writes may hide the run's mark: neither the next try nor undo may miss it.
      assert.equal((await apply(draft, context)).found, '3 host endpoints');
      assert.equal((await undo(draft.undo, context)).outcome, 'done');
      assert.equal((await undo(draft.undo, context)).outcome, 'nothing');
      assert.deepEqual(await visibleShape(), visible(before));
      const hidden = (await cluster.api.call<KubernetesObject>('GET', configuration)).metadata['annotations'] ?? {};
      assert.doesNotMatch(JSON.stringify(hidden), /hepflow/);
      const own = await cluster.tools.clusters.of(context.run.cluster);
      assert.deepEqual(await listAutoHostEndpoints(own, api), []);
    });
    const visibleShape = async (): Promise<object> => visible(await shapeOf(cluster, configuration));
    /** Without Calico's own bookkeeping, which comes with its first write. */
    function visible(object: object): object {
      const { metadata, ...rest } = object as KubernetesObject;
      const { annotations: _, ...kept } = metadata;
      return { ...rest, metadata: kept };
    }

    test('a label is seen on the host endpoint wherever this release keeps it, and taken back', async () => {
      const context = contextOf();
      await apply(await plan(enable, context), context);
      const draft = await plan({ kind: 'label', node: 0, key, value: 'test' }, context);
      const { found } = await apply(draft, context);
      assert.equal(found, `on ${node}-auto-hep too`);
      const { metadata } = await cluster.api.call<KubernetesObject>('GET', `${path}/hostendpoints/${node}-auto-hep`);
      assert.equal(Object.hasOwn(metadata['labels'] as object, key), flavour === 'aks-old');
      assert.equal((await undo(draft.undo, context)).outcome, 'done');
    });

    test(`the policy is stored as ${objectName} with its types, in a tier that exists, and deleted`, async () => {
      const context = contextOf();
      const change = policyChange();
      const { types: _, ...spec } = change.spec as typeof change.spec & { readonly types?: unknown };
      const draft = await plan({ ...change, spec }, context);
      assert.equal(draft.policy, objectName);
      assert.equal(draft.undo.command, `kubectl delete globalnetworkpolicies.crd.projectcalico.org ${objectName}`);
      assert.equal((await apply(draft, context)).found, objectName);
      const stored = await cluster.api.call<KubernetesObject>('GET', `${policies}/${objectName}`);
      assert.equal(stored.apiVersion, api);
      assert.deepEqual((stored['spec'] as { types: unknown }).types, ['Ingress']);
      assert.equal((await undo(draft.undo, context)).outcome, 'done');
      assert.equal((await undo(draft.undo, context)).outcome, 'nothing');
    });

    test('a policy that Calico renamed since is deleted all the same', async () => {
      const context = contextOf();
      const draft = await plan(policyChange(), context);
      await apply(draft, context);
      const { metadata, ...rest } = await cluster.api.call<KubernetesObject>('GET', `${policies}/${objectName}`);
      const { labels, annotations } = metadata as { labels?: object; annotations?: object };
      const kept = { 'projectcalico.org/metadata': JSON.stringify({ labels, annotations }) };
      const name = objectName.replace('default.', '');
      await cluster.api.call('DELETE', `${policies}/${objectName}`);
      await cluster.api.call('POST', policies, { ...rest, metadata: { name, annotations: kept } });
      assert.equal((await undo(draft.undo, context)).outcome, 'done');
    });

    test('what Calico would refuse is refused before it is planned and before it is written, and nothing is stored', async () => {
      const context = contextOf();
      const { spec, ...change } = policyChange();
      const bad = { ...spec, applyOnForward: false };
      await assert.rejects(plan({ ...change, spec: bad }, context), { code: 'InvalidInput' });
      const draft = await plan({ ...change, spec }, context);
      const input = { ...draft.input, spec: bad };
      await assert.rejects(apply({ ...draft, input }, context), {
        code: 'InvalidInput',
        message: /need applyOnForward/,
      });
      const missing = { ...draft.input, spec: { ...spec, tier: 'nowhere' } };
      await assert.rejects(apply({ ...draft, input: missing }, context), { code: 'TierNotFound' });
      assert.deepEqual((await cluster.api.call<{ items: unknown[] }>('GET', policies)).items, []);
    });

    test('the sweep finds what a dead run left there, with undos that know the API', async () => {
      const context = contextOf();
      await apply(await plan(enable, context), context);
      await apply(await plan(policyChange(), context), context);
      const own = await cluster.tools.clusters.of(context.run.cluster);
      assert.equal(await findCalicoApi(own), api);
      const { look, warnings } = await lookAtCluster(own, context.run.cluster, cluster.tools.signer);
      const kinds = ['policy', 'field'].map((kind) => findKind({ kind }));
      const traces = (await Promise.all(kinds.map(({ traces }) => traces.inCluster?.(look) ?? []))).flat();
      assert.deepEqual(warnings, []);
      assert.deepEqual(
        traces.map(({ what, runId }) => [what, runId]),
        [
          [`GlobalNetworkPolicy ${objectName}`, context.run.runId],
          ['autoCreate of KubeControllersConfiguration default', context.run.runId],
        ],
      );
      for (const { undo: entry } of traces) assert.equal(entry && (await undo(entry, context)).outcome, 'done');
      assert.equal(readFieldMarkOf(await cluster.api.call('GET', configuration)), null);
    });
  });
