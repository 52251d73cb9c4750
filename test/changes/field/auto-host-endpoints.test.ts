import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { KubernetesObject } from '../../../lab/kubernetes/api.ts';
import { findApply, findUndo } from '../../support/changes.ts';
import {
  autoCreate,
  contextOf,
  controllersPath,
  group,
  nodeNames,
  openCluster,
  readFieldMarkOf,
  retried,
  shapeOf,
  type TestCluster,
  waiting,
} from '../../support/cluster.ts';

const enableAutoHostEndpoints = findApply('enableAutoHostEndpoints');
const restoreAutoHostEndpoints = findUndo('restoreAutoHostEndpoints');
const [node] = nodeNames;
const hepNames = nodeNames.map((name) => `${name}-auto-hep`);
const enabled = { found: `${hepNames.length} host endpoints`, facts: { hostEndpoints: hepNames } };

const endpointsOf = async ({ api }: TestCluster): Promise<string[]> =>
  (await api.call<{ items: KubernetesObject[] }>('GET', `${group}/hostendpoints`)).items
    .map(({ metadata }) => metadata.name)
    .toSorted();

describe('automatic host endpoints, on a real API server', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await openCluster('cloud');
  });
  after(() => cluster?.stop());
  beforeEach(() => cluster.reset());

  test('they are enabled for every ready node and disabled again, each step run twice (W3, W9)', async () => {
    const before = await shapeOf(cluster, controllersPath);
    const context = contextOf();
    const input = { prior: 'Disabled', readyNodes: nodeNames };
    assert.deepEqual(await retried(() => enableAutoHostEndpoints(input, cluster.tools, context)), enabled);
    assert.deepEqual(readFieldMarkOf(await shapeOf(cluster, controllersPath)), {
      run: context.run.runId,
      prior: 'Disabled',
    });
    assert.deepEqual(await retried(() => enableAutoHostEndpoints(input, cluster.tools, context)), enabled);

    assert.equal(
      (await retried(() => restoreAutoHostEndpoints({ prior: 'Disabled' }, cluster.tools, context))).outcome,
      'done',
    );
    assert.deepEqual(await endpointsOf(cluster), [], 'done means that the host endpoints are gone');
    assert.deepEqual(await shapeOf(cluster, controllersPath), before);
    assert.equal(
      (await retried(() => restoreAutoHostEndpoints({ prior: 'Disabled' }, cluster.tools, context))).outcome,
      'nothing',
    );
  });

  test('accepted by Calico is not enough: the step waits until every ready node has its own', async () => {
    await cluster.controllers.stop();
    await cluster.api.call('PATCH', `${controllersPath}/status`, {
      status: { runningConfig: { controllers: { node: { hostEndpoint: { autoCreate: 'Enabled' } } } } },
    });
    const context = contextOf();
    const step = enableAutoHostEndpoints({ prior: 'Disabled', readyNodes: nodeNames }, cluster.tools, context);
    await waiting(context);
    assert.deepEqual(context.beats.at(-1), { missing: nodeNames });
    await cluster.controllers.start();
    assert.deepEqual(await step, enabled);
  });

  test('host endpoints alone are not enough either: Calico must run with what was asked', async () => {
    await cluster.controllers.stop();
    const labels = { 'projectcalico.org/created-by': 'calico-kube-controllers' };
    for (const name of nodeNames) {
      const spec = { node: name, interfaceName: '*' };
      await cluster.api.apply({
        apiVersion: 'projectcalico.org/v3',
        kind: 'HostEndpoint',
        metadata: { name: `${name}-auto-hep`, labels },
        spec,
      });
    }
    const context = contextOf();
    const step = enableAutoHostEndpoints({ prior: 'Disabled', readyNodes: nodeNames }, cluster.tools, context);
    await waiting(context);
    await cluster.controllers.start();
    assert.deepEqual(await step, enabled);
  });

  test('a ready node that a scale-down takes away meanwhile is not waited for', async () => {
    const { facts } = await retried(() =>
      enableAutoHostEndpoints(
        { prior: 'Disabled', readyNodes: [...nodeNames, 'gone-by-now'] },
        cluster.tools,
        contextOf(),
      ),
    );
    assert.deepEqual(facts, enabled.facts);
  });

  test('a cluster that has them enabled already gets no mark, is not changed and is not restored (W3)', async () => {
    await cluster.api.call('PATCH', controllersPath, autoCreate('Enabled'));
    const before = await shapeOf(cluster, controllersPath);
    const context = contextOf();
    assert.deepEqual(
      await retried(() => enableAutoHostEndpoints({ prior: 'Enabled', readyNodes: nodeNames }, cluster.tools, context)),
      { ...enabled, found: `${enabled.found}; was enabled already` },
    );
    assert.deepEqual(await shapeOf(cluster, controllersPath), before);
    assert.equal(
      (await retried(() => restoreAutoHostEndpoints({ prior: 'Enabled' }, cluster.tools, context))).outcome,
      'nothing',
    );
    assert.deepEqual(await shapeOf(cluster, controllersPath), before);
  });

  for (const [what, spec] of Object.entries({
    'an empty node controller, which means a controller that runs': { controllers: { node: {} } },
    'no controllers at all': {},
    'a hostEndpoint without autoCreate': {
      controllers: { node: { hostEndpoint: { createDefaultHostEndpoint: 'Enabled' } } },
    },
  })) {
    test(`${what}: absent before, absent after, and what held it as it was (W3)`, async () => {
      await cluster.api.call('PATCH', controllersPath, { spec: { controllers: null } });
      await cluster.api.call('PATCH', controllersPath, { spec });
      const before = await shapeOf(cluster, controllersPath);
      const context = contextOf();
      assert.deepEqual(
        await retried(() => enableAutoHostEndpoints({ prior: null, readyNodes: nodeNames }, cluster.tools, context)),
        enabled,
      );
      assert.equal(
        (await retried(() => restoreAutoHostEndpoints({ prior: null }, cluster.tools, context))).outcome,
        'done',
      );
      assert.deepEqual(await shapeOf(cluster, controllersPath), before);
    });
  }

  test('a value that is neither the prior one nor ours is left alone by step and undo (W3)', async () => {
    await cluster.api.call('PATCH', controllersPath, autoCreate('Enabled'));
    const before = await shapeOf(cluster, controllersPath);
    const context = contextOf();
    await assert.rejects(
      enableAutoHostEndpoints({ prior: 'Disabled', readyNodes: nodeNames }, cluster.tools, context),
      {
        code: 'ChangedMeanwhile',
        message: /was Disabled before the run and is Enabled now/,
      },
    );
    const undone = await retried(() => restoreAutoHostEndpoints({ prior: 'Disabled' }, cluster.tools, context));
    assert.deepEqual(
      [undone.outcome, /is Enabled, this run wrote Enabled \(before it: Disabled\); left alone/.test(undone.detail)],
      ['conflict', true],
    );
    assert.deepEqual(await shapeOf(cluster, controllersPath), before);
  });

  test('what another run has changed is not changed again', async () => {
    await enableAutoHostEndpoints({ prior: 'Disabled', readyNodes: nodeNames }, cluster.tools, contextOf('aaaaaaaa'));
    const second = contextOf('bbbbbbbb');
    await assert.rejects(enableAutoHostEndpoints({ prior: 'Enabled', readyNodes: nodeNames }, cluster.tools, second), {
      code: 'ChangedMeanwhile',
      message: /run aaaaaaaa has changed it/,
    });
    assert.equal((await restoreAutoHostEndpoints({ prior: 'Enabled' }, cluster.tools, second)).outcome, 'nothing');
    assert.deepEqual(readFieldMarkOf(await shapeOf(cluster, controllersPath)), { run: 'aaaaaaaa', prior: 'Disabled' });
  });

  test('an undo that dies while it waits for them to go finds the mark and waits again (W9)', async () => {
    const context = contextOf();
    await retried(() => enableAutoHostEndpoints({ prior: 'Disabled', readyNodes: nodeNames }, cluster.tools, context));
    await cluster.controllers.stop();
    const dying = new AbortController();
    const first = restoreAutoHostEndpoints({ prior: 'Disabled' }, cluster.tools, {
      ...context,
      signal: dying.signal,
      heartbeat: () => dying.abort(new Error('the worker died')),
    });
    await assert.rejects(first);
    assert.notEqual(readFieldMarkOf(await shapeOf(cluster, controllersPath)), null);
    await cluster.controllers.start();
    assert.equal(
      (await retried(() => restoreAutoHostEndpoints({ prior: 'Disabled' }, cluster.tools, context))).outcome,
      'done',
    );
    assert.deepEqual(await endpointsOf(cluster), []);
    assert.equal(readFieldMarkOf(await shapeOf(cluster, controllersPath)), null);
  });

  test("users' own host endpoints survive, and are not waited for", async () => {
    await cluster.api.apply({
      apiVersion: 'projectcalico.org/v3',
      kind: 'HostEndpoint',
      metadata: { name: 'mine' },
      spec: { node, interfaceName: 'eth0' },
    });
    const context = contextOf();
    assert.deepEqual(
      await retried(() =>
        enableAutoHostEndpoints({ prior: 'Disabled', readyNodes: nodeNames }, cluster.tools, context),
      ),
      enabled,
    );
    assert.equal(
      (await retried(() => restoreAutoHostEndpoints({ prior: 'Disabled' }, cluster.tools, context))).outcome,
      'done',
    );
    assert.deepEqual(await endpointsOf(cluster), ['mine']);
  });
});
