import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { KubernetesObject } from '../../../lab/kubernetes/api.ts';
import { KubernetesError } from '../../../src/adapters/kubernetes/index.ts';
import { applyPolicy } from '../../../src/changes/policy/apply.ts';
import { exposeNodePort } from '../../../src/changes/service/apply.ts';
import { deletePolicy, deleteService } from '../../../src/changes/undo-kubernetes.ts';
import { runLabel } from '../../../src/ownership/names.ts';
import { kubernetesFailure } from '../../../src/step/failures/kubernetes.ts';
import {
  calicoObject,
  contextOf,
  group,
  openCluster,
  sliceOf,
  slices,
  type TestCluster,
  waiting,
  workload,
} from './cluster.ts';

const servicesPath = '/api/v1/namespaces/default/services';
const servicePath = `${servicesPath}/frontend-nodeport`;
const theService = { namespace: 'default', name: 'frontend-nodeport' };

describe('objects that a run creates, on a real API server', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await openCluster('oss');
  });
  after(() => cluster?.stop());
  beforeEach(() => cluster.reset());

  test('the NodePort service is made once, is done with a ready endpoint, and is deleted with its endpoints; each twice (W9)', async () => {
    const context = contextOf();
    const step = exposeNodePort(workload, cluster.tools, context);
    await cluster.api.call('POST', slices, sliceOf(workload.serviceName, false));
    await waiting(context); // a slice without a ready endpoint is not enough
    await cluster.api.call('PATCH', `${slices}/${workload.serviceName}-1`, sliceOf(workload.serviceName, true));
    assert.deepEqual(await step, { nodePort: 30080, readyEndpoints: 1 });
    const made = await cluster.api.call<KubernetesObject>('GET', servicePath);
    assert.deepEqual((made['spec'] as { selector: object }).selector, { app: 'frontend' });
    assert.equal((made.metadata['labels'] as Record<string, string>)[runLabel], context.run.runId);

    assert.deepEqual(await exposeNodePort(workload, cluster.tools, context), { nodePort: 30080, readyEndpoints: 1 });
    assert.equal((await cluster.api.call<KubernetesObject>('GET', servicePath)).metadata['uid'], made.metadata['uid']);

    const second = contextOf(context.run.runId);
    const undo = deleteService(theService, cluster.tools, second);
    await waiting(second);
    await cluster.api.call('DELETE', `${slices}/${workload.serviceName}-1`);
    assert.equal((await undo).outcome, 'done');
    assert.equal((await deleteService(theService, cluster.tools, context)).outcome, 'nothing');
  });

  test('a service of ours that was bent is corrected (W9)', async () => {
    const context = contextOf();
    await cluster.api.call('POST', slices, sliceOf(workload.serviceName, true));
    await exposeNodePort(workload, cluster.tools, context);
    await cluster.api.call('PATCH', servicePath, {
      spec: { ports: [{ name: 'http', port: 80, targetPort: 9999, nodePort: 30099 }] },
    });
    assert.equal((await exposeNodePort(workload, cluster.tools, context)).nodePort, 30080);
  });

  test("somebody else's service of that name is neither used nor deleted (W6)", async () => {
    await cluster.api.call('POST', servicesPath, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'frontend-nodeport', labels: { [runLabel]: 'ffffffff' } },
      spec: { ports: [{ port: 80 }] },
    });
    const context = contextOf();
    await assert.rejects(exposeNodePort(workload, cluster.tools, context), { code: 'ServiceExists' });
    const undone = await deleteService(theService, cluster.tools, context);
    assert.deepEqual([undone.outcome, /does not belong to run/.test(undone.detail)], ['nothing', true]);
    await cluster.api.call('GET', servicePath);
  });

  test('a NodePort that is taken or out of range is refused by the API server, and told by its code', async () => {
    await cluster.api.call('POST', servicesPath, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'other' },
      spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] },
    });
    assert.equal(await codeOf(exposeNodePort(workload, cluster.tools, contextOf())), 'NodePortTaken');
    assert.equal(
      await codeOf(exposeNodePort({ ...workload, nodePort: 1234 }, cluster.tools, contextOf())),
      'NodePortOutOfRange',
    );
    assert.equal(
      await codeOf(exposeNodePort({ ...workload, deployment: 'nope' }, cluster.tools, contextOf())),
      'NotFound',
    );
    assert.equal(
      (await deleteService(theService, cluster.tools, contextOf())).outcome,
      'nothing',
      'undoing what never happened is success (W2)',
    );
  });

  const policy = {
    ...{
      name: 'frontend-nodeport-access',
      tier: 'default',
      order: 100,
      label: { key: 'host-end-point', value: 'test' },
    },
    ...{ sourceAddress: '192.168.1.4', nodePort: 30080 },
  };

  for (const [tier, objectName] of [
    ['default', 'frontend-nodeport-access'],
    ['security', 'security.frontend-nodeport-access'],
  ] as const) {
    test(`the policy of tier ${tier} is made as ${objectName}, corrected when bent, and deleted; each twice (W9)`, async () => {
      const context = contextOf();
      const path = `${group}/globalnetworkpolicies/${objectName}`;
      const input = { ...policy, tier };
      const begin = new Date().toISOString();
      const applied = await applyPolicy(input, cluster.tools, context);
      assert.equal(applied.name, objectName);
      const times = [begin, applied.accepted?.from ?? '', applied.accepted?.to ?? '', applied.acceptedAt];
      assert.deepEqual(times, times.toSorted());
      assert.equal(
        (await applyPolicy(input, cluster.tools, context)).accepted,
        undefined,
        'a second try does not know when the first one did it',
      );
      assert.ok(Math.abs(Date.parse(applied.acceptedAt) - Date.now()) < 5000);
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
      assert.deepEqual([corrected.name, corrected.accepted !== undefined], [objectName, true]);
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

  test('a delete that somebody holds up with a finalizer is proved by 404, not by the answer to the delete', async () => {
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

async function codeOf(step: Promise<unknown>): Promise<string> {
  const error = await step.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof KubernetesError, `expected a KubernetesError, got ${error}`);
  return kubernetesFailure(error).code;
}
