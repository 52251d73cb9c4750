import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { KubernetesObject } from '../../../lab/kubernetes/api.ts';
import { type Ssh, SshError } from '../../../src/adapters/ssh/index.ts';
import { deriveRunKeys } from '../../../src/adapters/ssh/keys.ts';
import { enableAutoHostEndpoints } from '../../../src/changes/field/auto-host-endpoints.ts';
import { enableFlowLogs } from '../../../src/changes/field/flow-logs.ts';
import { labelNode } from '../../../src/changes/label/apply.ts';
import { restoreAutoHostEndpoints, restoreFlowLogs, restoreLabel } from '../../../src/changes/undo-kubernetes.ts';
import { changedAnnotation } from '../../../src/ownership/names.ts';
import { untilGone } from '../../../src/step/until-gone.ts';
import { contextOf, group, nodeNames, openCluster, retried, type TestCluster, waiting } from './cluster.ts';

const controllersPath = `${group}/kubecontrollersconfigurations/default`;
const felixPath = `${group}/felixconfigurations/default`;
const node = nodeNames[0];
const nodePath = `/api/v1/nodes/${node}`;
const autoCreate = (value: string | null): object => ({
  spec: { controllers: { node: { hostEndpoint: { autoCreate: value } } } },
});
const hepNames = nodeNames.map((name) => `${name}-auto-hep`);

/** An object without what any write changes, and without what the controllers report. */
async function shapeOf({ api }: TestCluster, path: string): Promise<object> {
  const { status: _, metadata, ...rest } = await api.call<KubernetesObject>('GET', path);
  const { resourceVersion: _r, managedFields: _m, generation: _g, ...kept } = metadata;
  return { ...rest, metadata: kept };
}

/** Of the mark, whose it is and what undo restores. */
const markIn = (object: object): unknown => {
  const text = (object as { metadata: { annotations?: Record<string, string> } }).metadata.annotations?.[
    changedAnnotation
  ];
  if (text === undefined) return null;
  const { path: _path, wrote: _wrote, owner: _owner, at: _at, ...mark } = JSON.parse(text) as Record<string, unknown>;
  return mark;
};
const endpointsOf = async ({ api }: TestCluster): Promise<string[]> =>
  (await api.call<{ items: KubernetesObject[] }>('GET', `${group}/hostendpoints`)).items
    .map(({ metadata }) => metadata.name)
    .toSorted();

for (const flavour of ['cloud', 'oss'] as const) {
  describe(`fields of existing objects, on a real API server with the ${flavour} schema`, () => {
    let cluster: TestCluster;
    before(async () => {
      cluster = await openCluster(flavour);
    });
    after(() => cluster?.stop());
    beforeEach(() => cluster.reset());

    if (flavour === 'oss') flowLogsUnsupported(() => cluster);
    else {
      autoHostEndpoints(() => cluster);
      flowLogsSupported(() => cluster);
      labels(() => cluster);
    }
  });
}

function autoHostEndpoints(of: () => TestCluster): void {
  test('auto host endpoints are enabled for every ready node and disabled again, each step run twice with the same end (W3, W9)', async () => {
    const cluster = of();
    const before = await shapeOf(cluster, controllersPath);
    const context = contextOf();
    const input = { prior: 'Disabled', readyNodes: nodeNames };
    assert.deepEqual(await retried(() => enableAutoHostEndpoints(input, cluster.tools, context)), {
      changed: true,
      names: hepNames,
    });
    assert.deepEqual(markIn(await shapeOf(cluster, controllersPath)), { run: context.run.runId, prior: 'Disabled' });
    assert.deepEqual(await retried(() => enableAutoHostEndpoints(input, cluster.tools, context)), {
      changed: true,
      names: hepNames,
    });

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

  test('accepted by Calico is not enough: the step goes on heartbeating until every ready node has its host endpoint', async () => {
    const cluster = of();
    await cluster.controllers.stop();
    await cluster.api.call('PATCH', `${controllersPath}/status`, {
      status: { runningConfig: { controllers: { node: { hostEndpoint: { autoCreate: 'Enabled' } } } } },
    });
    const context = contextOf();
    const step = enableAutoHostEndpoints({ prior: 'Disabled', readyNodes: nodeNames }, cluster.tools, context);
    await waiting(context);
    assert.deepEqual(context.beats.at(-1), { missing: nodeNames });
    await cluster.controllers.start();
    assert.deepEqual((await step).names, hepNames);
  });

  test('host endpoints alone are not enough either: Calico must run with what was asked', async () => {
    const cluster = of();
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
    assert.deepEqual((await step).names, hepNames);
  });

  test('a ready node that a scale-down takes away meanwhile is not waited for', async () => {
    const cluster = of();
    const { names } = await retried(() =>
      enableAutoHostEndpoints(
        { prior: 'Disabled', readyNodes: [...nodeNames, 'gone-by-now'] },
        cluster.tools,
        contextOf(),
      ),
    );
    assert.deepEqual(names, hepNames);
  });

  test('a cluster that has them enabled already gets no mark, is not changed and is not restored (W3)', async () => {
    const cluster = of();
    await cluster.api.call('PATCH', controllersPath, autoCreate('Enabled'));
    const before = await shapeOf(cluster, controllersPath);
    const context = contextOf();
    assert.deepEqual(
      await retried(() => enableAutoHostEndpoints({ prior: 'Enabled', readyNodes: nodeNames }, cluster.tools, context)),
      {
        changed: false,
        names: hepNames,
      },
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
      const cluster = of();
      await cluster.api.call('PATCH', controllersPath, { spec: { controllers: null } });
      await cluster.api.call('PATCH', controllersPath, { spec });
      const before = await shapeOf(cluster, controllersPath);
      const context = contextOf();
      assert.equal(
        (await retried(() => enableAutoHostEndpoints({ prior: null, readyNodes: nodeNames }, cluster.tools, context)))
          .changed,
        true,
      );
      assert.equal(
        (await retried(() => restoreAutoHostEndpoints({ prior: null }, cluster.tools, context))).outcome,
        'done',
      );
      assert.deepEqual(await shapeOf(cluster, controllersPath), before);
    });
  }

  test('a value that is neither the prior one nor ours is left alone by the step, and by the undo of the step that refused (W3)', async () => {
    const cluster = of();
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
    const cluster = of();
    await enableAutoHostEndpoints({ prior: 'Disabled', readyNodes: nodeNames }, cluster.tools, contextOf('aaaaaaaa'));
    const second = contextOf('bbbbbbbb');
    await assert.rejects(enableAutoHostEndpoints({ prior: 'Enabled', readyNodes: nodeNames }, cluster.tools, second), {
      code: 'ChangedMeanwhile',
      message: /run aaaaaaaa has changed it/,
    });
    assert.equal((await restoreAutoHostEndpoints({ prior: 'Enabled' }, cluster.tools, second)).outcome, 'nothing');
    assert.deepEqual(markIn(await shapeOf(cluster, controllersPath)), { run: 'aaaaaaaa', prior: 'Disabled' });
  });

  test('an undo that dies while it waits for the host endpoints to go finds the mark and waits again (W9)', async () => {
    const cluster = of();
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
    assert.notEqual(markIn(await shapeOf(cluster, controllersPath)), null);
    await cluster.controllers.start();
    assert.equal(
      (await retried(() => restoreAutoHostEndpoints({ prior: 'Disabled' }, cluster.tools, context))).outcome,
      'done',
    );
    assert.deepEqual(await endpointsOf(cluster), []);
    assert.equal(markIn(await shapeOf(cluster, controllersPath)), null);
  });

  test("users' own host endpoints survive, and are not waited for", async () => {
    const cluster = of();
    await cluster.api.apply({
      apiVersion: 'projectcalico.org/v3',
      kind: 'HostEndpoint',
      metadata: { name: 'mine' },
      spec: { node, interfaceName: 'eth0' },
    });
    const context = contextOf();
    assert.deepEqual(
      (
        await retried(() =>
          enableAutoHostEndpoints({ prior: 'Disabled', readyNodes: nodeNames }, cluster.tools, context),
        )
      ).names,
      hepNames,
    );
    assert.equal(
      (await retried(() => restoreAutoHostEndpoints({ prior: 'Disabled' }, cluster.tools, context))).outcome,
      'done',
    );
    assert.deepEqual(await endpointsOf(cluster), ['mine']);
  });

  test('something that stays does not keep other undos waiting for ever (W5)', async () => {
    await assert.rejects(
      untilGone(contextOf(), 'The auto host endpoints', async () => false, 60),
      { code: 'TimedOut', message: /still there 0.06 s after/ },
    );
    const aborted = AbortSignal.abort(new Error('the worker shuts down'));
    await assert.rejects(
      untilGone(contextOf('aaaaaaaa', aborted), 'The auto host endpoints', async () => false, 60),
      /the worker shuts down/,
    );
  });
}

function flowLogsSupported(of: () => TestCluster): void {
  for (const prior of [null, false]) {
    test(`host endpoint flow logs are enabled, read back and ${prior === null ? 'removed' : 'false'} again, each twice (W3, W9)`, async () => {
      const cluster = of();
      await cluster.api.call('PATCH', felixPath, { spec: { flowLogsEnableHostEndpoint: prior } });
      const before = await shapeOf(cluster, felixPath);
      const context = contextOf();
      for (const _ of [1, 2])
        assert.deepEqual(await retried(() => enableFlowLogs({ prior }, cluster.tools, context)), {
          changed: true,
          supported: true,
        });
      assert.deepEqual(markIn(await shapeOf(cluster, felixPath)), { run: context.run.runId, prior });
      assert.equal((await retried(() => restoreFlowLogs({ prior }, cluster.tools, context))).outcome, 'done');
      assert.deepEqual(await shapeOf(cluster, felixPath), before);
      assert.equal((await retried(() => restoreFlowLogs({ prior }, cluster.tools, context))).outcome, 'nothing');
    });
  }

  test('a field that is true already stays so, unmarked (W3)', async () => {
    const cluster = of();
    await cluster.api.call('PATCH', felixPath, { spec: { flowLogsEnableHostEndpoint: true } });
    const before = await shapeOf(cluster, felixPath);
    const context = contextOf();
    assert.deepEqual(await retried(() => enableFlowLogs({ prior: true }, cluster.tools, context)), {
      changed: false,
      supported: true,
    });
    assert.equal((await retried(() => restoreFlowLogs({ prior: true }, cluster.tools, context))).outcome, 'nothing');
    assert.deepEqual(await shapeOf(cluster, felixPath), before);
  });

  test('a field that somebody else set to something else after us is a conflict and left alone (W3)', async () => {
    const cluster = of();
    const context = contextOf();
    await retried(() => enableFlowLogs({ prior: null }, cluster.tools, context));
    await cluster.api.call('PATCH', felixPath, { spec: { flowLogsEnableHostEndpoint: false } });
    const before = await shapeOf(cluster, felixPath);
    const undone = await retried(() => restoreFlowLogs({ prior: null }, cluster.tools, context));
    assert.equal(undone.outcome, 'conflict');
    assert.match(undone.detail, /is false, this run wrote true \(before it: absent\)/);
    assert.deepEqual(await shapeOf(cluster, felixPath), before);
  });
}

function flowLogsUnsupported(of: () => TestCluster): void {
  test('a Calico that prunes the field is told as unsupported, keeps no mark, and has nothing to undo', async () => {
    const cluster = of();
    const before = await shapeOf(cluster, felixPath);
    const context = contextOf();
    for (const _ of [1, 2])
      assert.deepEqual(await retried(() => enableFlowLogs({ prior: null }, cluster.tools, context)), {
        changed: false,
        supported: false,
      });
    assert.deepEqual(await shapeOf(cluster, felixPath), before);
    assert.equal((await retried(() => restoreFlowLogs({ prior: null }, cluster.tools, context))).outcome, 'nothing');
  });

  test('a worker that died between the pruned patch and taking the mark off leaves a mark that the undo takes off', async () => {
    const cluster = of();
    const before = await shapeOf(cluster, felixPath);
    const context = contextOf();
    await cluster.api.call('PATCH', felixPath, {
      metadata: { annotations: { [changedAnnotation]: JSON.stringify({ run: context.run.runId, prior: null }) } },
    });
    assert.equal((await retried(() => restoreFlowLogs({ prior: null }, cluster.tools, context))).outcome, 'done');
    assert.deepEqual(await shapeOf(cluster, felixPath), before);
  });
}

function labels(of: () => TestCluster): void {
  const key = 'host-end-point';
  const value = 'test';

  for (const prior of [null, 'other']) {
    test(`a node whose label was ${prior ?? 'absent'} is labelled, its host endpoint follows, and the label is ${prior ?? 'absent'} again, each twice (W3, W9)`, async () => {
      const cluster = of();
      await cluster.api.call('PATCH', controllersPath, autoCreate('Enabled'));
      await cluster.api.call('PATCH', nodePath, { metadata: { labels: { [key]: prior } } });
      const before = await shapeOf(cluster, nodePath);
      const context = contextOf();
      const begin = new Date().toISOString();
      const { written, onHostEndpoint, ...labelled } = await retried(() =>
        labelNode({ node, key, value, prior }, cluster.tools, context),
      );
      assert.deepEqual(labelled, { changed: true, hostEndpoint: `${node}-auto-hep` });
      assert.ok(written && onHostEndpoint, 'whoever wrote it knows when');
      const times = [begin, written.from, written.to, onHostEndpoint.to, new Date().toISOString()];
      assert.deepEqual(times, times.toSorted());
      assert.ok(written.from <= onHostEndpoint.from && onHostEndpoint.from <= onHostEndpoint.to);
      // A second try does not know when the first one did it.
      assert.deepEqual(await retried(() => labelNode({ node, key, value, prior }, cluster.tools, context)), labelled);
      const hep = await cluster.api.call<KubernetesObject>('GET', `${group}/hostendpoints/${node}-auto-hep`);
      assert.equal((hep.metadata['labels'] as Record<string, string>)[key], value);
      const undo = { node, key, written: value, prior };
      assert.equal((await retried(() => restoreLabel(undo, cluster.tools, context))).outcome, 'done');
      assert.deepEqual(await shapeOf(cluster, nodePath), before);
      assert.equal((await retried(() => restoreLabel(undo, cluster.tools, context))).outcome, 'nothing');
    });
  }

  test('a node that cannot be watched is not labelled yet', async () => {
    const cluster = of();
    const before = await shapeOf(cluster, nodePath);
    const ssh: Ssh = {
      run: async () => {
        throw new SshError('lost', 'the session broke');
      },
    };
    const tools = { ...cluster.tools, ssh, keysOf: (runId: string) => deriveRunKeys(Buffer.alloc(32), runId) };
    const observer = { phase: 'enforced', ssh: { address: '192.0.2.1', adminUser: 'azureuser' }, targets: [] } as const;
    await assert.rejects(labelNode({ node, key, value, prior: null, observer }, tools, contextOf()), SshError);
    assert.deepEqual(await shapeOf(cluster, nodePath), before);
  });

  test('a node that has the label already is neither changed nor restored (W3)', async () => {
    const cluster = of();
    await cluster.api.call('PATCH', controllersPath, autoCreate('Enabled'));
    await cluster.api.call('PATCH', nodePath, { metadata: { labels: { [key]: value } } });
    const before = await shapeOf(cluster, nodePath);
    const context = contextOf();
    assert.equal(
      (await retried(() => labelNode({ node, key, value, prior: value }, cluster.tools, context))).changed,
      false,
    );
    assert.equal(
      (await retried(() => restoreLabel({ node, key, written: value, prior: value }, cluster.tools, context))).outcome,
      'nothing',
    );
    assert.deepEqual(await shapeOf(cluster, nodePath), before);
  });

  test('a label that somebody removed after us is back already: only the mark goes; one that somebody changed is a conflict (W3)', async () => {
    const cluster = of();
    await cluster.api.call('PATCH', controllersPath, autoCreate('Enabled'));
    const undo = { node, key, written: value, prior: null };
    for (const [theirs, outcome] of [
      [null, 'done'],
      ['theirs', 'conflict'],
    ] as const) {
      const context = contextOf();
      await retried(() => labelNode({ node, key, value, prior: null }, cluster.tools, context));
      await cluster.api.call('PATCH', nodePath, { metadata: { labels: { [key]: theirs } } });
      assert.equal((await retried(() => restoreLabel(undo, cluster.tools, context))).outcome, outcome);
      const { metadata } = await cluster.api.call<KubernetesObject>('GET', nodePath);
      assert.equal((metadata['labels'] as Record<string, string>)[key] ?? null, theirs);
    }
  });

  test('annotations of others on the node survive, and a node that is gone has nothing to restore (W2)', async () => {
    const cluster = of();
    await cluster.api.call('PATCH', controllersPath, autoCreate('Enabled'));
    await cluster.api.call('PATCH', nodePath, { metadata: { annotations: { 'someone/else': 'kept' } } });
    const before = await shapeOf(cluster, nodePath);
    const context = contextOf();
    await retried(() => labelNode({ node, key, value, prior: null }, cluster.tools, context));
    const undo = { node, key, written: value, prior: null };
    await retried(() => restoreLabel(undo, cluster.tools, context));
    assert.deepEqual(await shapeOf(cluster, nodePath), before);
    await cluster.api.call('DELETE', nodePath);
    assert.equal((await retried(() => restoreLabel(undo, cluster.tools, context))).outcome, 'nothing');
  });
}
