/** A thing in Azure whose deletion is accepted and that stays all the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { undoEach } from '../../src/activities/undo.ts';
import { createTags } from '../../src/ownership/marks.ts';
import { createIds } from '../../src/ownership/names.ts';
import { startFakeArm } from '../adapters/azure/fake-arm.ts';
import { clusterVnetId, contextOf, runRef, toolsOf } from '../support/azure.ts';
import { listAzureChanges } from '../support/azure-steps.ts';
import { planUndo } from '../support/changes.ts';
import { signer } from '../support/signing.ts';

test('One thing that stays is a failed undo to try again, and the others of its batch have their turn (W5).', async () => {
  await using arm = await startFakeArm();
  const run = runRef();
  const { publicIp, network } = createIds(run);
  const none = { status: 404, body: { error: { code: 'ResourceNotFound', message: 'none' } } };
  const deleted = new Set<string>();
  arm.answer(({ method, path }) => {
    if (method === 'DELETE') deleted.add(path);
    if (method === 'DELETE') return { status: 204 };
    if (path !== publicIp && deleted.has(path)) return none;
    const tags = createTags(run, path, signer);
    return { status: 200, body: { id: path, tags, properties: { provisioningState: 'Succeeded' } } };
  });
  const changes = listAzureChanges(run);
  const entries = [changes.createPublicIp, changes.createNetwork].map((change) =>
    planUndo(change, run, { clusterVnetId }),
  );
  const tools = toolsOf(arm.azure({ goneWithinMs: 200 }));
  const [stays, goes] = await undoEach({ entries, observers: [] }, tools, contextOf(run));
  assert.deepEqual([stays?.outcome, stays?.retryable], ['failed', true]);
  assert.match(stays?.detail ?? '', /it is still there 0.2 s after its deletion/);
  assert.equal(goes?.outcome, 'done', goes?.detail);
  assert.ok(deleted.has(network));
});
