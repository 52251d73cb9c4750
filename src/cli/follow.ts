import { setTimeout as sleep } from 'node:timers/promises';
import { type LiveProof, type Progress, progressQuery, type RunMemo, reportQuery } from '../contract/messages.ts';
import type { Report } from '../contract/report.ts';
import type { ProgressView } from './progress-view.ts';
import { isNotFound, messageOf } from './temporal.ts';

/** The part of a Temporal workflow handle that is used. */
export interface RunHandle {
  readonly workflowId: string;
  query(name: string): Promise<unknown>;
  result(): Promise<unknown>;
  describe(): Promise<{
    readonly status: { readonly name: string };
    readonly memo?: Record<string, unknown> | undefined;
  }>;
}

export interface FollowOptions {
  readonly view: ProgressView;
  readonly taskQueue: string;
  /** Aborted when the run is left: following ends, the run goes on. */
  readonly signal: AbortSignal;
  /** How far the proof under way is; asked for while a probe runs. */
  readonly liveProof?: () => Promise<LiveProof | undefined>;
  /** Pause between two looks, in milliseconds. Default 400. */
  readonly pollMs?: number;
}

/** How following ended. Without a report, `message` says what is known. */
export type Followed =
  | { readonly kind: 'over'; readonly report: Report }
  | { readonly kind: 'over-without-report'; readonly message: string }
  | { readonly kind: 'detached' };

/** Shows the run's progress until it is over or the signal is aborted. A server or worker that is away for a while is waited for. */
export async function follow(handle: RunHandle, options: FollowOptions): Promise<Followed> {
  const { view, signal } = options;
  const over = new AbortController();
  const ending = endOf(handle, over.signal).finally(() => over.abort());
  void look(handle, options, AbortSignal.any([signal, over.signal]));
  const detached = new Promise<'detached'>((resolve) => {
    if (signal.aborted) resolve('detached');
    signal.addEventListener('abort', () => resolve('detached'), { once: true });
  });
  try {
    const end = await Promise.race([ending, detached]);
    if (end === 'detached') return { kind: 'detached' };
    const last = await ask<Progress>(handle, progressQuery);
    if (last !== undefined) view.show(last);
    return end;
  } finally {
    over.abort();
    ending.catch(() => {}); // nobody waits for it after a detach
    view.end();
  }
}

async function look(
  handle: RunHandle,
  { view, taskQueue, liveProof, pollMs = 400 }: FollowOptions,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    // A query without a worker ends only with the client's own deadline: what is missing is said long before.
    const silence = setTimeout(
      () => stop.aborted || view.note(`No worker answers on task queue ${taskQueue}; start one: hepflow worker`),
      5000,
    );
    try {
      const progress = (await handle.query(progressQuery)) as Progress;
      const probing = progress.steps.some(({ name, outcome }) => name === 'probe' && outcome === 'running');
      const proof = probing ? await liveProof?.().catch(() => undefined) : undefined; // steps are shown without it too
      if (!stop.aborted) view.show(progress, proof);
    } catch (error) {
      if (!stop.aborted && !isTooEarly(error)) view.note(`No answer yet: ${messageOf(error)}`);
    } finally {
      clearTimeout(silence);
    }
    await sleep(pollMs, undefined, { signal: stop }).catch(() => {});
  }
}

/** Before its first workflow task a run knows no queries. */
const isTooEarly = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'QueryNotRegisteredError' || /workflow task/i.test(error.message));

/** Waits for the end through interruptions of the connection; only a run that does not exist is given up. */
async function endOf(handle: RunHandle, stop: AbortSignal): Promise<Followed> {
  while (!stop.aborted) {
    try {
      return { kind: 'over', report: whole(await handle.result()) };
    } catch (error) {
      if (isNotFound(error)) throw error;
      if (isWorkflowFailure(error)) return reportOfClosed(handle, error);
      await sleep(1000, undefined, { signal: stop }).catch(() => {});
    }
  }
  return { kind: 'detached' };
}

const isWorkflowFailure = (error: unknown): boolean =>
  error instanceof Error && ['WorkflowFailedError', 'WorkflowContinuedAsNewError'].includes(error.name);

/** The report of a run that did not end with a result: from the query, which a worker answers for closed runs too, else from the failure's first detail, else what the memo holds. */
async function reportOfClosed(handle: RunHandle, error: unknown): Promise<Followed> {
  const report = detailOf(error) ?? (await ask<Report>(handle, reportQuery));
  if (report !== undefined && report.outcome !== 'RUNNING') return { kind: 'over', report: whole(report) };
  const { status, memo } = await handle.describe();
  const known = memo?.['hepflow'] as RunMemo | undefined;
  const why = messageOf(error);
  return {
    kind: 'over-without-report',
    message:
      known === undefined
        ? `The run ended as ${status.name} without a report: ${why}`
        : `${known.outcome}: ${known.summary}`,
  };
}

/** The report of a run, under way or closed; undefined when no worker answers and nothing else holds it. */
export async function reportOf(handle: RunHandle): Promise<Report | undefined> {
  const { status } = await handle.describe();
  if (status.name === 'RUNNING') {
    const report = await ask<Report>(handle, reportQuery);
    return report && whole(report);
  }
  try {
    return whole(await handle.result());
  } catch (error) {
    const end = await reportOfClosed(handle, error);
    return end.kind === 'over' ? end.report : undefined;
  }
}

/** A report as this version knows it: one of an older worker has no evidence, and nothing that came with it. */
const whole = (result: unknown): Report => ({
  ...('verdicts' in (result as object) ? { transitions: [], findings: [], evidence: [] } : {}),
  ...(result as Report),
});

/** A query's answer; undefined when there is none within 5 s. */
async function ask<T>(handle: RunHandle, name: string): Promise<T | undefined> {
  const late = new AbortController();
  const deadline = sleep(5000, undefined, { signal: late.signal }).catch(() => undefined);
  try {
    return (await Promise.race([handle.query(name), deadline])) as T | undefined;
  } catch {
    return undefined;
  } finally {
    late.abort();
  }
}

function detailOf(error: unknown): Report | undefined {
  const failure = error instanceof Error ? (error.cause as { details?: unknown[] } | undefined) : undefined;
  const [first] = failure?.details ?? [];
  return typeof first === 'object' && first !== null && 'schemaVersion' in first ? (first as Report) : undefined;
}
