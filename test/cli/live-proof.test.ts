import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { readLiveProof } from '../../src/cli/live-proof.ts';
import { createPayloadCodec } from '../../src/codec/payload-codec.ts';
import type { LiveProof } from '../../src/contract/messages.ts';

const proof: LiveProof = {
  phase: 'enforced',
  stage: 'proof',
  targets: { 'node-a:30080': { seen: ['DROP'], syns: 7, synsWanted: 9 } },
};
const key = { id: 'k1', key: randomBytes(32) };

/** A run whose pending activity of that name told this by heartbeat. */
async function runOf(
  name: string,
  details: unknown,
  codec: PayloadCodec,
): Promise<Pick<WorkflowHandle, 'describe' | 'client' | 'workflowId'>> {
  const payloads = await codec.encode([defaultPayloadConverter.toPayload(details) as Payload]);
  const pendingActivities = [
    { activityType: { name: 'undo' } },
    { activityType: { name }, heartbeatDetails: { payloads } },
  ];
  const client = {
    options: {
      namespace: 'default',
      loadedDataConverter: { payloadConverter: defaultPayloadConverter, payloadCodecs: [codec] },
    },
  };
  return { workflowId: 'w', describe: async () => ({ raw: { pendingActivities } }), client } as unknown as Pick<
    WorkflowHandle,
    'describe' | 'client' | 'workflowId'
  >;
}

test('the proof under way is read from the heartbeat of the pending probe, encrypted or not', async () => {
  for (const codec of [createPayloadCodec(), createPayloadCodec(() => [key])])
    assert.deepEqual(await readLiveProof(await runOf('probe', proof, codec)), proof);
});

test('no probe pending, or one that tells something else, is no proof and no error', async () => {
  assert.equal(await readLiveProof(await runOf('createVm', proof, createPayloadCodec())), undefined);
  assert.equal(
    await readLiveProof(await runOf('probe', { phase: 'enforced', lines: 3 }, createPayloadCodec())),
    undefined,
  );
});
