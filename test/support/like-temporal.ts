/**
 * Runs the worker's real activities as Temporal would: attempts, heartbeat details, retryable or not, next delay; only
 * time runs faster.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities } from '../../src/activities/index.ts';
import type { Applied, UndoEntry, UndoOutcome } from '../../src/contract/change.ts';
import type { FailureDetail } from '../../src/contract/failures.ts';
import type { RunRef } from '../../src/contract/run.ts';
import type { ObserverInput, Result } from '../../src/contract/steps.ts';
import type { Tools } from '../../src/step/context.ts';

/** 1 s of Temporal's lasts this long. */
const secondMs = 4;
/** As in workflows/proxies.ts, but for the number of tries, which is bounded by time there. */
const policy = { firstMs: 1000, coefficient: 2, maximumMs: 30_000, tries: 15 };
const logger = new DefaultLogger('ERROR', () => {});

export interface Ending<T> {
  readonly output: T | undefined;
  /** One per failed attempt, in order. */
  readonly failures: readonly ApplicationFailure[];
  /** Before each further attempt, in Temporal's milliseconds. */
  readonly waitsMs: readonly number[];
}

type Activity = (call: { run: RunRef; input: unknown }) => Promise<Result<unknown>>;

export async function callStep(
  name: string,
  run: RunRef,
  change: object,
  tools: Tools,
  observers: readonly ObserverInput[] = [],
): Promise<Ending<Applied>> {
  const activity = createActivities(tools, { pollIntervalMs: 10 })[name] as Activity | undefined;
  if (activity === undefined) throw new Error(`no activity ${name}`);
  return (await attempts(activity, run, { change, observers })) as Ending<Applied>;
}

/**
 * Rounds over what is left, as workflows/cleanup.ts makes them; each entry's outcomes, one per round in which it was
 * tried.
 */
export async function callUndo(
  run: RunRef,
  entries: readonly UndoEntry[],
  tools: Tools,
): Promise<ReadonlyMap<UndoEntry, readonly UndoOutcome[]>> {
  const { undo } = createActivities(tools, { pollIntervalMs: 10 }) as unknown as { undo: Activity };
  const told = new Map<UndoEntry, UndoOutcome[]>(entries.map((entry) => [entry, []]));
  let left = entries;
  for (let round = 0; left.length > 0 && round < policy.tries; round += 1) {
    const { output } = (await attempts(undo, run, { entries: left, observers: [] })) as Ending<readonly UndoOutcome[]>;
    if (output === undefined) throw new Error('the undo activity itself failed');
    for (const [n, entry] of left.entries()) told.get(entry)?.push(output[n] as UndoOutcome);
    left = left.filter((_, n) => output[n]?.outcome === 'failed' && output[n].retryable);
    await sleep(2 ** Math.min(round, 5) * secondMs);
  }
  return told;
}

async function attempts(activity: Activity, run: RunRef, input: unknown): Promise<Ending<unknown>> {
  const failures: ApplicationFailure[] = [];
  const waitsMs: number[] = [];
  let heartbeatDetails: unknown;
  for (let attempt = 1; ; attempt += 1) {
    const environment = new MockActivityEnvironment(
      { attempt, heartbeatDetails: structuredClone(heartbeatDetails) },
      { logger },
    );
    environment.on('heartbeat', (details: unknown) => {
      heartbeatDetails = JSON.parse(JSON.stringify(details ?? null));
    });
    try {
      const { output } = (await environment.run(activity, { run, input })) as Result<unknown>;
      return { output, failures, waitsMs };
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      failures.push(error);
      if (error.nonRetryable || attempt >= policy.tries) return { output: undefined, failures, waitsMs };
      const backoffMs = Math.min(policy.firstMs * policy.coefficient ** (attempt - 1), policy.maximumMs);
      waitsMs.push(typeof error.nextRetryDelay === 'number' ? error.nextRetryDelay : backoffMs);
      await sleep((waitsMs.at(-1) ?? 0) * (secondMs / 1000));
    }
  }
}

export const codeOf = ({ details }: ApplicationFailure): string =>
  (details?.[0] as FailureDetail | undefined)?.code ?? '';
