import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { FelixConfiguration } from '../../../src/adapters/kubernetes/resources.ts';
import { findApply, findUndo } from '../../support/changes.ts';
import {
  contextOf,
  group,
  openCluster,
  readFieldMarkOf,
  retried,
  shapeOf,
  type TestCluster,
} from '../../support/cluster.ts';
import { createAuthor, markField } from '../../support/signing.ts';

const enableFlowLogs = findApply('enableFlowLogs');
const restoreFlowLogs = findUndo('restoreFlowLogs');
const felixPath = `${group}/felixconfigurations/default`;
const enabled = { found: 'read back as true', facts: { hostEndpointFlowLogs: 'enabled' } };
const pruned = 'not supported by this Calico';
const unsupported = { found: pruned, facts: { hostEndpointFlowLogs: pruned } };

describe('flow logs of host endpoints, where the schema knows the field', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await openCluster('cloud');
  });
  after(() => cluster?.stop());
  beforeEach(() => cluster.reset());

  for (const prior of [null, false]) {
    test(`they are enabled, read back and ${prior ?? 'absent'} again, each twice (W3, W9)`, async () => {
      await cluster.api.call('PATCH', felixPath, { spec: { flowLogsEnableHostEndpoint: prior } });
      const before = await shapeOf(cluster, felixPath);
      const context = contextOf();
      for (const _ of [1, 2])
        assert.deepEqual(await retried(() => enableFlowLogs({ prior }, cluster.tools, context)), enabled);
      assert.deepEqual(readFieldMarkOf(await shapeOf(cluster, felixPath)), { run: context.run.runId, prior });
      assert.equal((await retried(() => restoreFlowLogs({ prior }, cluster.tools, context))).outcome, 'done');
      assert.deepEqual(await shapeOf(cluster, felixPath), before);
      assert.equal((await retried(() => restoreFlowLogs({ prior }, cluster.tools, context))).outcome, 'nothing');
    });
  }

  test('a field that is true already stays so, unmarked (W3)', async () => {
    await cluster.api.call('PATCH', felixPath, { spec: { flowLogsEnableHostEndpoint: true } });
    const before = await shapeOf(cluster, felixPath);
    const context = contextOf();
    assert.deepEqual(await retried(() => enableFlowLogs({ prior: true }, cluster.tools, context)), {
      ...enabled,
      found: `${enabled.found}; was true already`,
    });
    assert.equal((await retried(() => restoreFlowLogs({ prior: true }, cluster.tools, context))).outcome, 'nothing');
    assert.deepEqual(await shapeOf(cluster, felixPath), before);
  });

  test('a field that somebody else set to something else after us is a conflict and left alone (W3)', async () => {
    const context = contextOf();
    await retried(() => enableFlowLogs({ prior: null }, cluster.tools, context));
    await cluster.api.call('PATCH', felixPath, { spec: { flowLogsEnableHostEndpoint: false } });
    const before = await shapeOf(cluster, felixPath);
    const undone = await retried(() => restoreFlowLogs({ prior: null }, cluster.tools, context));
    assert.equal(undone.outcome, 'conflict');
    assert.match(undone.detail, /is false, this run wrote true \(before it: absent\)/);
    assert.deepEqual(await shapeOf(cluster, felixPath), before);
  });
});

describe('flow logs of host endpoints, where the schema does not know the field', () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await openCluster('oss');
  });
  after(() => cluster?.stop());
  beforeEach(() => cluster.reset());

  test('a Calico that prunes the field is told as unsupported, keeps no mark, and has nothing to undo', async () => {
    const before = await shapeOf(cluster, felixPath);
    const context = contextOf();
    for (const _ of [1, 2])
      assert.deepEqual(await retried(() => enableFlowLogs({ prior: null }, cluster.tools, context)), unsupported);
    assert.deepEqual(await shapeOf(cluster, felixPath), before);
    assert.equal((await retried(() => restoreFlowLogs({ prior: null }, cluster.tools, context))).outcome, 'nothing');
  });

  test('a worker that died after the pruned patch leaves a mark that the undo takes off', async () => {
    const before = await shapeOf(cluster, felixPath);
    const context = contextOf();
    const felix = await cluster.api.call<FelixConfiguration>('GET', felixPath);
    const field = { path: ['spec', 'flowLogsEnableHostEndpoint'], wanted: true, prior: null } as const;
    const author = createAuthor(context.run, { kind: 'felixconfigurations.projectcalico.org' });
    await cluster.api.call('PATCH', felixPath, { metadata: markField(felix, field, author).metadata });
    assert.equal((await retried(() => restoreFlowLogs({ prior: null }, cluster.tools, context))).outcome, 'done');
    assert.deepEqual(await shapeOf(cluster, felixPath), before);
  });
});
