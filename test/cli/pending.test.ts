import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { WorkflowHandle } from '@temporalio/client';
import {
  ApplicationFailure,
  DefaultFailureConverter,
  defaultPayloadConverter,
  type LoadedDataConverter,
  type Payload,
  type PayloadCodec,
} from '@temporalio/common';
import { encodeErrorToFailure } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { addTroubles, readPending } from '../../src/cli/pending.ts';
import { createPayloadCodec } from '../../src/codec/payload-codec.ts';
import type { LiveProof } from '../../src/contract/messages.ts';
import type { StepRecord } from '../../src/contract/report.ts';

const proof: LiveProof = {
  phase: 'enforced',
  stage: 'proof',
  targets: { 'node-a:30080': { seen: ['DROP'], syns: 7, synsWanted: 9 } },
};
const key = { id: 'k1', key: randomBytes(32) };

/** A run with a pending activity of that name, which told this by heartbeat and whose last try failed so. */
async function runOf(
  name: string,
  details: unknown,
  codec: PayloadCodec,
  failure?: Error,
): Promise<Pick<WorkflowHandle, 'describe' | 'client' | 'workflowId'>> {
  const loadedDataConverter = {
    payloadConverter: defaultPayloadConverter,
    payloadCodecs: [codec],
    failureConverter: new DefaultFailureConverter({ encodeCommonAttributes: true }),
  } as unknown as LoadedDataConverter;
  const payloads = await codec.encode([defaultPayloadConverter.toPayload(details) as Payload]);
  const lastFailure = failure && (await encodeErrorToFailure(loadedDataConverter, failure));
  const pendingActivities = [
    { activityType: { name: 'undo' } },
    { activityType: { name }, heartbeatDetails: { payloads }, attempt: failure ? 3 : 1, lastFailure },
  ];
  const handle = {
    describe: async () => ({ raw: { pendingActivities } }),
    client: { options: { loadedDataConverter, namespace: 'default' } },
    workflowId: 'hepflow-x',
  };
  return handle as unknown as Pick<WorkflowHandle, 'describe' | 'client' | 'workflowId'>;
}

const codecs = [createPayloadCodec(), createPayloadCodec(() => [key])];

test('the proof under way is read from the heartbeat of the pending probe, encrypted or not', async () => {
  for (const codec of codecs) assert.deepEqual((await readPending(await runOf('probe', proof, codec))).proof, proof);
});

test('no probe pending, or one that tells something else, is no proof and no error', async () => {
  const plain = createPayloadCodec();
  assert.equal((await readPending(await runOf('createVm', proof, plain))).proof, undefined);
  assert.equal((await readPending(await runOf('probe', { phase: 'enforced', lines: 3 }, plain))).proof, undefined);
});

test('a failed try and what a step waits for are told while they last, encrypted or not', async () => {
  const refused = ApplicationFailure.create({ type: 'AzureBusy', message: 'Another operation is in progress.' });
  for (const codec of codecs) {
    const failing = await readPending(await runOf('createVm', {}, codec, refused));
    const trouble = 'the last try failed: AzureBusy: Another operation is in progress.';
    assert.deepEqual(failing.steps[1], { name: 'createVm', attempt: 3, trouble });
    const waiting = await readPending(await runOf('awaitSsh', { waitingFor: 'port 22 is shut' }, codec));
    assert.deepEqual(waiting.steps[1], { name: 'awaitSsh', attempt: 1, trouble: 'waiting: port 22 is shut' });
  }
});

test('a trouble is told of the one running step of that name, and of none when two run', () => {
  const base = { subject: '', startedAt: null, endedAt: null, attempts: 1, detail: '' } as const;
  const running = { ...base, name: 'createVm', outcome: 'running' } as const;
  const over = { ...running, outcome: 'done', detail: 'made' } as const;
  const pending = { steps: [{ name: 'createVm', attempt: 2, trouble: 'busy' }] };
  const show = (...steps: StepRecord[]) =>
    addTroubles({ runId: 'x', stage: 'provisioning', waitingFor: '', steps }, pending).steps;
  assert.deepEqual(show(over, running), [over, { ...running, attempts: 2, detail: 'busy' }]);
  assert.deepEqual(show(running, running), [running, running]);
});
