import { setTimeout as sleep } from 'node:timers/promises';
import { type Progress, progressQuery } from '../contract/messages.ts';
import { readMemo } from './memo.ts';
import { addTroubles, type Pending } from './pending.ts';
import type { ProgressView } from './progress-view.ts';
import { explainError, isNotFound, type RunHandle } from './temporal.ts';

/** How long nothing is said of an answer that does not come, in milliseconds. */
const silenceMs = 5000;

export interface FollowOptions<T> {
  readonly view: ProgressView;
  readonly taskQueue: string;
  /** Aborted when the run is left: following ends, the run goes on. */
  readonly signal: AbortSignal;
  /** What the workflow gives, or throws where it is none. */
  readonly readResult: (value: unknown) => T;
  /** What else holds the result of a run that failed or was cancelled; undefined: nothing does. */
  readonly recover?: (error: unknown) => Promise<T | undefined>;
  /** What Temporal knows of the steps under way. */
  readonly readPending?: () => Promise<Pending | undefined>;
  /** Pause between two looks, in milliseconds. Default 400. */
  readonly pollMs?: number;
}

/** How following ended. Without a result, `message` reports what is known. */
export type Followed<T> =
  | { readonly kind: 'over'; readonly result: T }
  | { readonly kind: 'over-without-result'; readonly message: string; readonly status: string }
  | { readonly kind: 'detached' };

/**
 * Shows a run's progress until it is over or the signal is aborted. A server or worker that is away for a while is
 * waited for.
 */
export async function followWorkflow<T>(handle: RunHandle, options: FollowOptions<T>): Promise<Followed<T>> {
  const { view, signal } = options;
  const over = new AbortController();
  const ending = awaitEnd(handle, options, over.signal).finally(() => over.abort());
  void showProgress(handle, options, AbortSignal.any([signal, over.signal]));
  const detached = new Promise<'detached'>((resolve) => {
    if (signal.aborted) resolve('detached');
    signal.addEventListener('abort', () => resolve('detached'), { once: true });
  });
  try {
    const end = await Promise.race([ending, detached]);
    if (end === 'detached') return { kind: 'detached' };
    const last = await askQuery(handle, progressQuery);
    if (isProgress(last)) view.show(last);
    return end;
  } finally {
    over.abort();
    ending.catch(() => {}); // nobody waits for it after a detach
    view.end();
  }
}

async function showProgress(
  handle: RunHandle,
  { view, taskQueue, readPending, pollMs = 400 }: Omit<FollowOptions<unknown>, 'readResult' | 'recover'>,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    // A query without a worker ends only with the client's own deadline: what is missing is reported long before.
    let isSilent = true;
    const silence = setTimeout(async () => {
      const missing = await explainSilence(handle, taskQueue);
      if (!stop.aborted && isSilent) view.note(missing);
    }, silenceMs);
    try {
      const progress = await handle.query(progressQuery);
      if (!isProgress(progress)) throw new Error('the worker is of another version of hepflow');
      isSilent = false;
      const pending = await readPending?.().catch(() => undefined); // steps are shown without it too
      if (!stop.aborted) view.show(pending ? addTroubles(progress, pending) : progress, pending?.proof);
    } catch (error) {
      if (!stop.aborted && !isTooEarly(error)) view.note(`No answer yet: ${explainError(error)}`);
    } finally {
      isSilent = false;
      clearTimeout(silence);
    }
    await sleep(pollMs, undefined, { signal: stop }).catch(() => {});
  }
}

/** A worker of a version that did not know stages answers otherwise. */
const isProgress = (value: unknown): value is Progress =>
  typeof value === 'object' && value !== null && 'stage' in value && 'steps' in value && Array.isArray(value.steps);

/** Who does not answer: Temporal itself, which needs no worker to describe a run, or a worker. */
async function explainSilence(handle: RunHandle, taskQueue: string): Promise<string> {
  const over = new AbortController();
  const answered = handle.describe().then(
    () => true,
    () => false,
  );
  const late = sleep(silenceMs / 2, false, { signal: over.signal }).catch(() => false);
  const isTemporalThere = await Promise.race([answered, late]);
  over.abort();
  return isTemporalThere
    ? `No worker answers on task queue ${taskQueue}; start one: hepflow worker`
    : 'Temporal does not answer; the run goes on when it does.';
}

/** Before its first workflow task a run knows no queries. */
const isTooEarly = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'QueryNotRegisteredError' || /workflow task/i.test(error.message));

/** Waits for the end through interruptions of the connection; only a run that does not exist is given up. */
async function awaitEnd<T>(
  handle: RunHandle,
  { view, readResult, recover }: Pick<FollowOptions<T>, 'view' | 'readResult' | 'recover'>,
  stop: AbortSignal,
): Promise<Followed<T>> {
  while (!stop.aborted) {
    const end = await handle.result().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    if ('value' in end) return { kind: 'over', result: readResult(end.value) };
    if (isNotFound(end.error)) throw end.error;
    if (await hasBeenReset(handle, end.error)) view.note('The run was reset: it goes on from an earlier point.');
    else if (isWorkflowFailure(end.error)) {
      const result = await recover?.(end.error);
      return result === undefined ? describeEnd(handle, end.error) : { kind: 'over', result };
    }
    await sleep(1000, undefined, { signal: stop }).catch(() => {});
  }
  return { kind: 'detached' };
}

const isWorkflowFailure = (error: unknown): boolean =>
  error instanceof Error && ['WorkflowFailedError', 'WorkflowContinuedAsNewError'].includes(error.name);

/** The run that was followed is over, and another one of the same workflow goes on. */
const hasBeenReset = async (handle: RunHandle, error: unknown): Promise<boolean> =>
  isWorkflowFailure(error) && (await handle.describe()).status.name === 'RUNNING';

/** What the memo holds of a run without a result, else its status. */
async function describeEnd(handle: RunHandle, error: unknown): Promise<Followed<never>> {
  const { status, memo } = await handle.describe();
  const known = readMemo(memo);
  const message =
    known === undefined
      ? `The run ended as ${status.name} without a report: ${explainError(error)}`
      : `${known.outcome}: ${known.summary}`;
  return { kind: 'over-without-result', message, status: status.name };
}

/** A query's answer; undefined when there is none within 5 s. */
export async function askQuery(handle: Pick<RunHandle, 'query'>, name: string): Promise<unknown> {
  const late = new AbortController();
  const deadline = sleep(5000, undefined, { signal: late.signal }).catch(() => undefined);
  try {
    return await Promise.race([handle.query(name), deadline]);
  } catch {
    return undefined;
  } finally {
    late.abort();
  }
}
