import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { KubernetesObject } from '../../../lab/kubernetes/api.ts';
import { draftChange, findApply, findUndo } from '../../support/changes.ts';
import {
  calicoObject,
  contextOf,
  group,
  openCluster,
  policyChange,
  type TestCluster,
  waiting,
} from '../../support/cluster.ts';

const applyPolicy = findApply('applyPolicy');
const deletePolicy = findUndo('deletePolicy');
const { name, spec } = policyChange();
const policy = { name, spec };

describe('the policy, on a real API server', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await openCluster('oss');
  });
  after(() => cluster?.stop());
  beforeEach(() => cluster.reset());

  for (const [tier, objectName] of [
    ['default', 'frontend-nodeport-access'],
    ['security', 'security.frontend-nodeport-access'],
  ] as const) {
    test(`tier ${tier}: it is made as ${objectName}, corrected when bent, and deleted, each twice (W9)`, async () => {
      const context = contextOf();
      if (tier !== 'default') await cluster.api.apply(calicoObject('Tier', tier, { order: 300 }));
      const path = `${group}/globalnetworkpolicies/${objectName}`;
      const { input } = draftChange(policyChange(tier), context.run);
      const begin = new Date().toISOString();
      const applied = await applyPolicy(input, cluster.tools, context);
      assert.equal(applied.found, objectName);
      const [accepted] = applied.moments ?? [];
      const { from: _from, to: _to, ...words } = accepted ?? {};
      assert.deepEqual(words, {
        ...{ name: 'policyAccepted', role: 'asked' },
        ...{ title: 'policy sent and accepted', words: 'the policy was sent' },
      });
      const times = [begin, accepted?.from ?? '', accepted?.to ?? '', new Date().toISOString()];
      assert.deepEqual(times, times.toSorted());
      assert.deepEqual(
        (await applyPolicy(input, cluster.tools, context)).moments,
        [],
        'a second try does not know when the first one did it',
      );
      const made = await cluster.api.call<KubernetesObject>('GET', path);
      assert.deepEqual(made['spec'], {
        ...{
          tier,
          order: 100,
          selector: 'host-end-point == "test"',
          preDNAT: true,
          applyOnForward: true,
          types: ['Ingress'],
        },
        ingress: [
          { action: 'Allow', source: { nets: ['127.0.0.1/32'] }, destination: {} },
          { action: 'Deny', protocol: 'TCP', source: { nets: ['192.168.1.4/32'] }, destination: { ports: [30080] } },
        ],
      });
      await cluster.api.call('PATCH', path, { spec: { order: 7 } });
      const corrected = await applyPolicy(input, cluster.tools, context);
      assert.deepEqual([corrected.found, corrected.moments?.length], [objectName, 1]);
      assert.deepEqual((await cluster.api.call<KubernetesObject>('GET', path))['spec'], made['spec']);
      assert.equal((await deletePolicy({ name: policy.name }, cluster.tools, context)).outcome, 'done');
      assert.equal((await deletePolicy({ name: policy.name }, cluster.tools, context)).outcome, 'nothing');
      await assert.rejects(cluster.api.call('GET', path), { status: 404 });
    });
  }

  test("somebody else's policy of that name is neither changed nor deleted (W6)", async () => {
    await cluster.api.apply(
      calicoObject('GlobalNetworkPolicy', policy.name, { tier: 'default', order: 1, selector: 'all()' }),
    );
    const context = contextOf();
    await assert.rejects(applyPolicy(policy, cluster.tools, context), { code: 'PolicyExists' });
    const undone = await deletePolicy({ name: policy.name }, cluster.tools, context);
    assert.deepEqual([undone.outcome, /does not belong to run/.test(undone.detail)], ['nothing', true]);
    assert.deepEqual(
      (await cluster.api.call<KubernetesObject>('GET', `${group}/globalnetworkpolicies/${policy.name}`))['spec'],
      {
        tier: 'default',
        order: 1,
        selector: 'all()',
      },
    );
  });

  test('a delete that a finalizer holds up is proved by 404, not by the answer to the delete', async () => {
    const context = contextOf();
    const path = `${group}/globalnetworkpolicies/${policy.name}`;
    await applyPolicy(policy, cluster.tools, context);
    await cluster.api.call('PATCH', path, { metadata: { finalizers: ['example.org/slow'] } });
    const undo = deletePolicy({ name: policy.name }, cluster.tools, context);
    await waiting(context);
    await cluster.api.call('PATCH', path, { metadata: { finalizers: null } });
    assert.equal((await undo).outcome, 'done');
  });
});
