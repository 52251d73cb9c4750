import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import { type FailureCode, type FailureDetail, type FailureSummary, failures } from '../contract/failures.ts';

/** Any error as the report tells it. */
export function summaryOf(error: unknown, step: string): FailureSummary {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure) {
    const code = codeOf(cause.type);
    const detail = detailOf(cause);
    return { code, step, message: cause.message, remedy: failures[code].remedy, problems: detail?.problems ?? [] };
  }
  if (cause instanceof TimeoutFailure) {
    const inner = cause.cause instanceof ApplicationFailure ? ` The last try failed: ${cause.cause.message}` : '';
    return {
      code: 'TimedOut',
      step,
      message: `${step} did not end within its time (${cause.timeoutType}).${inner}`,
      remedy: failures.TimedOut.remedy,
      problems: [],
    };
  }
  const message = isCancellation(error)
    ? 'The run was cancelled.'
    : cause instanceof Error
      ? cause.message
      : String(cause);
  return { code: 'Unexpected', step, message, remedy: failures.Unexpected.remedy, problems: [] };
}

/** Tries that a failed activity made, as far as it said so. */
export function attemptsOf(error: unknown): number {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  return (cause instanceof ApplicationFailure && detailOf(cause)?.attempts) || 1;
}

export const isCancelled = (error: unknown): boolean => isCancellation(error) || error instanceof CancelledFailure;

const codeOf = (type: string | undefined | null): FailureCode =>
  type && Object.hasOwn(failures, type) ? (type as FailureCode) : 'Unexpected';
const detailOf = (failure: ApplicationFailure): FailureDetail | undefined =>
  failure.details?.[0] as FailureDetail | undefined;
