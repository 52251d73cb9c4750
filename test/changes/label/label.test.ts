import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { KubernetesObject } from '../../../lab/kubernetes/api.ts';
import { type Ssh, SshError } from '../../../src/adapters/ssh/index.ts';
import { findApply, findUndo } from '../../support/changes.ts';
import {
  autoCreate,
  contextOf,
  controllersPath,
  group,
  nodeNames,
  openCluster,
  retried,
  shapeOf,
  type TestCluster,
} from '../../support/cluster.ts';
import { deriveKeysOf } from '../../support/keys.ts';
import { callStep } from '../../support/like-temporal.ts';

const labelNode = findApply('labelNode');
const restoreLabel = findUndo('restoreLabel');
const [node] = nodeNames;
const nodePath = `/api/v1/nodes/${node}`;
const key = 'host-end-point';
const value = 'test';
/** Of the change and of its undo, without the prior value. */
const input = { node, key, written: value };

describe('a label on a node, on a real API server', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await openCluster('cloud');
  });
  after(() => cluster?.stop());
  beforeEach(() => cluster.reset());

  for (const prior of [null, 'other']) {
    test(`the host endpoint of a labelled node follows; then it is ${prior ?? 'absent'} again, each twice (W3, W9)`, async () => {
      await cluster.api.call('PATCH', controllersPath, autoCreate('Enabled'));
      await cluster.api.call('PATCH', nodePath, { metadata: { labels: { [key]: prior } } });
      const before = await shapeOf(cluster, nodePath);
      const context = contextOf();
      const begin = new Date().toISOString();
      const { found, moments = [] } = await retried(() => labelNode({ ...input, prior }, cluster.tools, context));
      assert.equal(found, `on ${node}-auto-hep too`);
      assert.deepEqual(
        moments.map(({ from: _from, to: _to, ...words }) => words),
        [
          {
            ...{ name: 'labelWritten', role: 'asked', node },
            ...{ title: 'label sent and written', words: 'the label was sent' },
          },
          {
            ...{ name: 'labelOnHostEndpoint', role: 'reached', node },
            ...{ title: 'label seen on the host endpoint', words: '' },
          },
        ],
      );
      const [written, onHostEndpoint] = moments;
      assert.ok(written && onHostEndpoint, 'whoever wrote it knows when');
      const times = [begin, written.from, written.to, onHostEndpoint.to, new Date().toISOString()];
      assert.deepEqual(times, times.toSorted());
      assert.ok(written.from <= onHostEndpoint.from && onHostEndpoint.from <= onHostEndpoint.to);
      // A second try does not know when the first one did it.
      const again = await retried(() => labelNode({ ...input, prior }, cluster.tools, context));
      assert.deepEqual(again, { found, moments: [] });
      const hep = await cluster.api.call<KubernetesObject>('GET', `${group}/hostendpoints/${node}-auto-hep`);
      assert.equal((hep.metadata['labels'] as Record<string, string>)[key], value);
      const undo = { ...input, prior };
      assert.equal((await retried(() => restoreLabel(undo, cluster.tools, context))).outcome, 'done');
      assert.deepEqual(await shapeOf(cluster, nodePath), before);
      assert.equal((await retried(() => restoreLabel(undo, cluster.tools, context))).outcome, 'nothing');
    });
  }

  test('a node that cannot be watched is not labelled yet', async () => {
    const before = await shapeOf(cluster, nodePath);
    const ssh: Ssh = {
      run: async () => {
        throw new SshError('lost', 'the session broke');
      },
    };
    const tools = { ...cluster.tools, ssh, keysOf: () => deriveKeysOf(Buffer.alloc(32), 'x') };
    const observer = { phase: 'enforced', session: { address: '192.0.2.1', adminUser: 'azureuser' }, targets: [] };
    const ending = await callStep('labelNode', contextOf().run, { ...input, prior: null }, tools, [observer]);
    assert.equal(ending.output, undefined);
    assert.match(ending.failures[0]?.message ?? '', /the session broke/);
    assert.deepEqual(await shapeOf(cluster, nodePath), before);
  });

  test('a node that has the label already is neither changed nor restored (W3)', async () => {
    await cluster.api.call('PATCH', controllersPath, autoCreate('Enabled'));
    await cluster.api.call('PATCH', nodePath, { metadata: { labels: { [key]: value } } });
    const before = await shapeOf(cluster, nodePath);
    const context = contextOf();
    assert.deepEqual(await retried(() => labelNode({ ...input, prior: value }, cluster.tools, context)), {
      found: `on ${node}-auto-hep too; was there already`,
      moments: [],
    });
    assert.equal(
      (await retried(() => restoreLabel({ ...input, prior: value }, cluster.tools, context))).outcome,
      'nothing',
    );
    assert.deepEqual(await shapeOf(cluster, nodePath), before);
  });

  test('a label that somebody removed loses its mark; one that somebody changed is a conflict (W3)', async () => {
    await cluster.api.call('PATCH', controllersPath, autoCreate('Enabled'));
    const undo = { ...input, prior: null };
    for (const [theirs, outcome] of [
      [null, 'done'],
      ['theirs', 'conflict'],
    ] as const) {
      const context = contextOf();
      await retried(() => labelNode({ ...input, prior: null }, cluster.tools, context));
      await cluster.api.call('PATCH', nodePath, { metadata: { labels: { [key]: theirs } } });
      assert.equal((await retried(() => restoreLabel(undo, cluster.tools, context))).outcome, outcome);
      const { metadata } = await cluster.api.call<KubernetesObject>('GET', nodePath);
      assert.equal((metadata['labels'] as Record<string, string>)[key] ?? null, theirs);
    }
  });

  test('annotations of others on the node survive, and a node that is gone has nothing to restore (W2)', async () => {
    await cluster.api.call('PATCH', controllersPath, autoCreate('Enabled'));
    await cluster.api.call('PATCH', nodePath, { metadata: { annotations: { 'someone/else': 'kept' } } });
    const before = await shapeOf(cluster, nodePath);
    const context = contextOf();
    await retried(() => labelNode({ ...input, prior: null }, cluster.tools, context));
    const undo = { ...input, prior: null };
    await retried(() => restoreLabel(undo, cluster.tools, context));
    assert.deepEqual(await shapeOf(cluster, nodePath), before);
    await cluster.api.call('DELETE', nodePath);
    assert.equal((await retried(() => restoreLabel(undo, cluster.tools, context))).outcome, 'nothing');
  });
});
