import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Applied, Limits, PlannedChange, UndoOutcome } from '../contract/change.ts';
import type { Evidence } from '../contract/evidence.ts';
import type { Report } from '../contract/report.ts';
import type { RunIdentity, RunRef } from '../contract/run.ts';
import type {
  Activities,
  ApplyChange,
  ChangeInput,
  Preflight,
  PreflightInput,
  ProbeInput,
  Result,
  Signing,
  SigningActivities,
  UndoInput,
} from '../contract/steps.ts';
import type { SweepActivities, SweepFindings } from '../contract/sweep.ts';

// Numbers, never strings such as '5 minutes': the SDK's types let any string pass, and a bad one would fail every
// workflow task.
const second = 1000;
const minute = 60 * second;

/**
 * Time limits of the activities that workflows know by name; a change brings its own. The reason stands beside each.
 */
const limits = {
  preflight: { tryMs: 2 * minute, totalMs: 5 * minute }, // reads only; a person waits for the answer
  // convergence, seconds of proof, then the soak; tried again only when it could not run (W10)
  probe: { tryMs: 20 * minute, totalMs: 40 * minute },
  undo: { tryMs: 30 * minute, totalMs: 2 * 60 * minute }, // worth waiting for: nobody else will do it
  findLeftovers: { tryMs: 5 * minute, totalMs: 15 * minute }, // a few reads for each run that left something
} as const satisfies Record<string, Limits>;

const createOptions = ({ tryMs, totalMs }: Limits, summary: string) => ({
  // Every activity heartbeats by itself (activities/index.ts), so a dead worker is noticed this soon.
  heartbeatTimeout: 10 * second,
  // The SDK's default is TRY_CANCEL: an undo would start while the create still runs (W5).
  cancellationType: 'WAIT_CANCELLATION_COMPLETED' as const,
  retry: { initialInterval: second, backoffCoefficient: 2, maximumInterval: 30 * second },
  startToCloseTimeout: tryMs,
  scheduleToCloseTimeout: totalMs,
  summary,
});

/** `summary`: what stands beside the activity in the Web UI. */
const proxy = <T>(each: Limits, summary: string): T => proxyActivities<T>(createOptions(each, summary)) as T;

export const callPreflight = (run: RunIdentity, input: PreflightInput): Promise<Result<Preflight>> =>
  proxy<Activities>(limits.preflight, 'preflight').preflight({ run, input });

export const callProbe = (run: RunRef, input: ProbeInput): Promise<Result<Evidence>> =>
  proxy<Activities>(limits.probe, `probe ${input.phase}`).probe({ run, input });

export function callChange(
  run: RunRef,
  { step, subject, limits: own }: PlannedChange,
  input: ChangeInput,
): Promise<Result<Applied>> {
  const activities = proxy<Readonly<Record<string, ApplyChange>>>(own, subject ? `${step} ${subject}` : step);
  return (activities[step] as ApplyChange)({ run, input });
}

/** Tries every entry once, in the given order. */
export const callUndo = (run: RunRef, input: UndoInput): Promise<Result<readonly UndoOutcome[]>> =>
  proxy<Activities>(limits.undo, input.entries.map((entry) => entry.undo).join(', ')).undo({ run, input });

/** Within the worker that carries the run out: no other may sign for it, and it costs one event. */
export const callSignReport = (report: Report): Promise<Signing> =>
  proxyLocalActivities<SigningActivities>({
    startToCloseTimeout: 10 * second,
    retry: { initialInterval: second, maximumInterval: second, maximumAttempts: 3 },
  }).signReport(report);

/** Reads everything that a sweep may concern. */
export async function callFindLeftovers(run: RunIdentity, spec: unknown): Promise<SweepFindings> {
  const { findLeftovers } = proxy<SweepActivities>(limits.findLeftovers, 'findLeftovers');
  return (await findLeftovers({ run, input: { spec } })).output;
}
