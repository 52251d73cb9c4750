/** The history of a run in Temporal, as far as a report can be compared with it. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { z } from 'zod';
import type { HistoryEnd, RunHistory } from '../audit/history.ts';
import { loadPayloadCodec } from './payload-codec.ts';
import { findRun, isNotFound } from './temporal.ts';

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];
type Payloads = readonly Payload[] | null | undefined;

/**
 * Of the last workflow of that id when it is the wanted one; else of the wanted one, if Temporal has it: an id can be
 * used again.
 */
export async function readRunHistory(
  client: Client,
  { workflowId, firstExecutionRunId }: Pick<RunHistory, 'workflowId' | 'firstExecutionRunId'>,
): Promise<RunHistory> {
  const last = await readHistory(await findRun(client, workflowId));
  if (last.firstExecutionRunId === firstExecutionRunId) return last;
  const wanted = client.workflow.getHandle(workflowId, firstExecutionRunId);
  try {
    await wanted.describe();
  } catch (error) {
    if (isNotFound(error)) return last;
    throw error;
  }
  return await readHistory(wanted);
}

async function readHistory(handle: WorkflowHandle): Promise<RunHistory> {
  const events = (await handle.fetchHistory()).events ?? [];
  const codec = loadPayloadCodec();
  const started = events[0]?.workflowExecutionStartedEventAttributes;
  return {
    workflowId: handle.workflowId,
    workflowType: started?.workflowType?.name ?? '',
    taskQueue: started?.taskQueue?.name ?? '',
    firstExecutionRunId: started?.firstExecutionRunId ?? '',
    end: await readEnd(events.at(-1), codec),
    memo: await readMemoSeal(events, codec),
    probes: await readProbes(events, codec),
  };
}

/** How an event closes a workflow, and what it may hold. */
const ends: readonly (readonly [
  name: string,
  attributes: keyof HistoryEvent,
  list: (event: HistoryEvent) => Payloads,
])[] = [
  [
    ...(['WorkflowExecutionCompleted', 'workflowExecutionCompletedEventAttributes'] as const),
    (event) => event.workflowExecutionCompletedEventAttributes?.result?.payloads,
  ],
  [
    ...(['WorkflowExecutionFailed', 'workflowExecutionFailedEventAttributes'] as const),
    (event) => event.workflowExecutionFailedEventAttributes?.failure?.applicationFailureInfo?.details?.payloads,
  ],
  ['WorkflowExecutionCanceled', 'workflowExecutionCanceledEventAttributes', () => null],
  ['WorkflowExecutionTerminated', 'workflowExecutionTerminatedEventAttributes', () => null],
  ['WorkflowExecutionTimedOut', 'workflowExecutionTimedOutEventAttributes', () => null],
  ['WorkflowExecutionContinuedAsNew', 'workflowExecutionContinuedAsNewEventAttributes', () => null],
];

async function readEnd(event: HistoryEvent | undefined, codec: PayloadCodec): Promise<HistoryEnd | null> {
  const [name, , list] = ends.find(([, attributes]) => event?.[attributes]) ?? [];
  if (event === undefined || name === undefined || list === undefined) return null;
  return { event: nameEvent(event, name), left: await decodeFirst(list(event), codec) };
}

const memo = z.object({ reportSeal: z.string() });

async function readMemoSeal(events: readonly HistoryEvent[], codec: PayloadCodec): Promise<RunHistory['memo']> {
  for (const event of events.toReversed()) {
    const written = event.workflowPropertiesModifiedEventAttributes?.upsertedMemo?.fields?.['hepflow'];
    const { data } = memo.safeParse(written && (await decodeFirst([written], codec)));
    if (data !== undefined) return { event: nameEvent(event, 'WorkflowPropertiesModified'), ...data };
  }
  return null;
}

const probeResult = z.object({ output: z.unknown() });

async function readProbes(events: readonly HistoryEvent[], codec: PayloadCodec): Promise<RunHistory['probes']> {
  const scheduled = new Set(
    events
      .filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'probe')
      .map(({ eventId }) => String(eventId)),
  );
  const completed = events.filter((event) =>
    scheduled.has(String(event.activityTaskCompletedEventAttributes?.scheduledEventId)),
  );
  return Promise.all(
    completed.map(async (event) => {
      const result = await decodeFirst(event.activityTaskCompletedEventAttributes?.result?.payloads, codec);
      const { data } = probeResult.safeParse(result);
      return { event: nameEvent(event, 'ActivityTaskCompleted'), evidence: data?.output };
    }),
  );
}

async function decodeFirst(payloads: Payloads, codec: PayloadCodec): Promise<unknown> {
  const [decoded] = await codec.decode(payloads?.slice(0, 1) ?? []);
  return decoded && defaultPayloadConverter.fromPayload(decoded);
}

const nameEvent = ({ eventId }: HistoryEvent, name: string): string => `event ${eventId} (${name})`;
