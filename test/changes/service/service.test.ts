import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { KubernetesObject } from '../../../lab/kubernetes/api.ts';
import { KubernetesError } from '../../../src/adapters/kubernetes/index.ts';
import { runLabel } from '../../../src/ownership/marks.ts';
import { classifyKubernetesError } from '../../../src/step/failures/kubernetes.ts';
import { findApply, findUndo } from '../../support/changes.ts';
import { contextOf, openCluster, sliceOf, slices, type TestCluster, waiting, workload } from '../../support/cluster.ts';

const exposeNodePort = findApply('exposeNodePort');
const deleteService = findUndo('deleteService');
const servicesPath = '/api/v1/namespaces/default/services';
const servicePath = `${servicesPath}/frontend-nodeport`;
const theService = { namespace: 'default', name: 'frontend-nodeport' };

const exposed = { found: 'NodePort 30080, 1 ready endpoints' };

describe('the NodePort service, on a real API server', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await openCluster('oss');
  });
  after(() => cluster?.stop());
  beforeEach(() => cluster.reset());

  test('it is made once, done with a ready endpoint, and deleted with its endpoints, each twice (W9)', async () => {
    const context = contextOf();
    const step = exposeNodePort(workload, cluster.tools, context);
    await cluster.api.call('POST', slices, sliceOf(workload.serviceName, false));
    await waiting(context); // a slice without a ready endpoint is not enough
    await cluster.api.call('PATCH', `${slices}/${workload.serviceName}-1`, sliceOf(workload.serviceName, true));
    assert.deepEqual(await step, exposed);
    const made = await cluster.api.call<KubernetesObject>('GET', servicePath);
    assert.deepEqual((made['spec'] as { selector: object }).selector, { app: 'frontend' });
    assert.equal((made.metadata['labels'] as Record<string, string>)[runLabel], context.run.runId);

    assert.deepEqual(await exposeNodePort(workload, cluster.tools, context), exposed);
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
    assert.equal((await exposeNodePort(workload, cluster.tools, context)).found, exposed.found);
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
});

async function codeOf(step: Promise<unknown>): Promise<string> {
  const error = await step.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof KubernetesError, `expected a KubernetesError, got ${error}`);
  return classifyKubernetesError(error).code;
}
