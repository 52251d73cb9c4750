/** What Temporal knows of steps that are not done, beside what the run itself tells. */

import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { decodeOptionalFailureToOptionalError } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { z } from 'zod';
import { outcomes } from '../contract/evidence.ts';
import { type LiveProof, type Progress, proofStages } from '../contract/messages.ts';
import type { StepRecord } from '../contract/report.ts';

export interface Pending {
  /** How far the proof under way is; undefined: none is, or its worker tells otherwise. */
  readonly proof: LiveProof | undefined;
  readonly steps: readonly PendingStep[];
}

/** A step that was tried in vain, or that waits for something. */
export interface PendingStep {
  readonly name: string;
  /** The try under way, or the next one. */
  readonly attempt: number;
  /** How the last try failed, or what is waited for; empty: neither is known. */
  readonly trouble: string;
}

const count = z.int().nonnegative();
const proofSchema = z.object({
  phase: z.string(),
  stage: z.enum(proofStages),
  targets: z.record(z.string(), z.object({ seen: z.array(z.enum(outcomes)), syns: count, synsWanted: count })),
}) satisfies z.ZodType<LiveProof>;
const waitSchema = z.object({ waitingFor: z.string() });

type Handle = Pick<WorkflowHandle, 'describe' | 'client' | 'workflowId'>;
type PendingActivity = NonNullable<Awaited<ReturnType<WorkflowHandle['describe']>>['raw']['pendingActivities']>[number];

/** Decoded as the client decodes everything, so encrypted ones too. */
export async function readPending(handle: Handle): Promise<Pending> {
  const { raw } = await handle.describe();
  const pending = raw.pendingActivities ?? [];
  const probing = pending.find(({ activityType }) => activityType?.name === 'probe');
  return {
    proof: probing && proofSchema.safeParse(await readHeartbeat(probing, handle)).data,
    steps: await Promise.all(pending.map((activity) => describePending(activity, handle))),
  };
}

async function describePending(activity: PendingActivity, handle: Handle): Promise<PendingStep> {
  const wait = waitSchema.safeParse(await readHeartbeat(activity, handle)).data?.waitingFor ?? '';
  const failure = await decodeOptionalFailureToOptionalError(
    handle.client.options.loadedDataConverter,
    activity.lastFailure,
    contextOf(handle),
  );
  const code = failure instanceof ApplicationFailure && failure.type ? `${failure.type}: ` : '';
  const trouble = failure === undefined ? '' : `the last try failed: ${code}${failure.message}`;
  return {
    name: activity.activityType?.name ?? '',
    attempt: Math.max(1, activity.attempt ?? 1),
    trouble: wait === '' ? trouble : `waiting: ${wait}`,
  };
}

/** What a step told last; undefined: nothing. */
async function readHeartbeat({ heartbeatDetails }: PendingActivity, handle: Handle): Promise<unknown> {
  const { payloadCodecs, payloadConverter } = handle.client.options.loadedDataConverter;
  let payloads = heartbeatDetails?.payloads ?? [];
  for (const codec of payloadCodecs.toReversed()) payloads = await codec.decode(payloads, contextOf(handle));
  const [details] = payloads;
  return details === undefined ? undefined : payloadConverter.fromPayload(details);
}

/** Of the workflow that the payloads belong to. */
const contextOf = ({ client, workflowId }: Handle) =>
  ({ type: 'workflow', namespace: client.options.namespace, workflowId }) as const;

/**
 * The steps that run, with tries and troubles: a run learns of them only once a step is done. A pending step does not
 * tell its subject, so one that runs twice is left as it is.
 */
export function addTroubles(progress: Progress, { steps: pending }: Pick<Pending, 'steps'>): Progress {
  const isRunning = ({ outcome }: StepRecord): boolean => outcome === 'running';
  const steps = progress.steps.map((step): StepRecord => {
    const sameName = progress.steps.filter((each) => isRunning(each) && each.name === step.name);
    const found = pending.find(({ name }) => name === step.name);
    if (!isRunning(step) || sameName.length > 1 || found === undefined) return step;
    return { ...step, attempts: found.attempt, detail: found.trouble || step.detail };
  });
  return { ...progress, steps };
}
