import type { WorkflowHandle } from '@temporalio/client';
import { z } from 'zod';
import { outcomes } from '../contract/evidence.ts';
import { type LiveProof, proofStages } from '../contract/messages.ts';

const count = z.int().nonnegative();
const schema = z.object({
  phase: z.string(),
  stage: z.enum(proofStages),
  targets: z.record(z.string(), z.object({ seen: z.array(z.enum(outcomes)), syns: count, synsWanted: count })),
}) satisfies z.ZodType<LiveProof>;

/**
 * How far the proof under way is: the last heartbeat of the pending step `probe`, decoded as the client decodes
 * everything, so encrypted ones too. Undefined when none is pending, it has not reported anything yet, or its worker
 * reports otherwise.
 */
export async function readLiveProof(
  handle: Pick<WorkflowHandle, 'describe' | 'client' | 'workflowId'>,
): Promise<LiveProof | undefined> {
  const { raw } = await handle.describe();
  const probing = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'probe');
  const { payloadCodecs, payloadConverter } = handle.client.options.loadedDataConverter;
  let payloads = probing?.heartbeatDetails?.payloads ?? [];
  const { workflowId, client } = handle;
  const context = { type: 'workflow', namespace: client.options.namespace, workflowId } as const;
  for (const codec of payloadCodecs.toReversed()) payloads = await codec.decode(payloads, context);
  const [details] = payloads;
  return details === undefined ? undefined : schema.safeParse(payloadConverter.fromPayload(details)).data;
}
