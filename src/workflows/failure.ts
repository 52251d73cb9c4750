import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import { describeError } from '../contract/brief.ts';
import { type FailureCode, type FailureDetail, type FailureSummary, failures } from '../contract/failures.ts';

/** Any error as the report tells it. */
export function summarizeFailure(error: unknown, step: string): FailureSummary {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const code = readCode(cause.type);
    const problems = readDetail(cause)?.problems ?? [];
    return { code, step, message: cause.message, remedy: failures[code].remedy, problems };
  }
  if (cause instanceof TimeoutFailure) {
    const inner = cause.cause instanceof ApplicationFailure ? ` The last try failed: ${cause.cause.message}` : '';
    const message = `${step} did not end within its time (${cause.timeoutType}).${inner}`;
    return { code: 'TimedOut', step, message, remedy: failures.TimedOut.remedy, problems: [] };
  }
  const message = isCancellation(error) ? 'The run was cancelled.' : describeError(cause);
  return { code: 'Unexpected', step, message, remedy: failures.Unexpected.remedy, problems: [] };
}

/** Tries that a failed activity made, as far as it said so. */
export function countAttempts(error: unknown): number {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return (cause instanceof ApplicationFailure && readDetail(cause)?.attempts) || 1;
}

export const isCancelled = (error: unknown): boolean => isCancellation(error) || error instanceof CancelledFailure;

const readCode = (type: string | undefined | null): FailureCode =>
  type && Object.hasOwn(failures, type) ? (type as FailureCode) : 'Unexpected';
const readDetail = (failure: ApplicationFailure): FailureDetail | undefined =>
  failure.details?.[0] as FailureDetail | undefined;
