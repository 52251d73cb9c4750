/**
 * What the worker's log may say: an allow-list, because what others put into a log entry may hold what a secret was in
 * (W7).
 */
import type { LogEntry } from '@temporalio/worker';
import { failures } from '../contract/failures.ts';
import { workflowType } from '../contract/messages.ts';
import { formJson } from '../contract/printable.ts';

/**
 * Keys of an entry that are printed, when their value is a text, a number or a truth value. Everything else is left
 * out.
 */
const printed: ReadonlySet<string> = new Set([
  // hepflow's own
  ...['hepflowRun', 'code', 'reason', 'outcome', 'pass', 'fail', 'inconclusive', 'leftovers', 'found', 'left'],
  // the Temporal SDK's, of workers, workflows and activities
  ...[
    'sdkComponent',
    'namespace',
    'taskQueue',
    'workflowId',
    'runId',
    'workflowType',
    'activityId',
    'activityType',
    'attempt',
    'isLocal',
  ],
  ...['state', 'status', 'durationMs', 'queryType', 'workflowExists'],
  // its native part's
  ...['run_id', 'workflow_id', 'task_queue', 'worker_task_queue', 'poller', 'grpc_code', 'call_name'],
]);

/** Keys under which the SDK gives errors. */
const errorKeys: ReadonlySet<string> = new Set(['error', 'err']);
const maxText = 1500;

/**
 * Whether a line of hepflow's own tells the same, with the run's id and the failure's code: of a step, "failed"; of a
 * run, "run over". A workflow task or activity that the SDK itself cannot carry out has other words.
 */
export const isToldAlready = ({ message, meta = {} }: Pick<LogEntry, 'message' | 'meta'>): boolean =>
  (message === 'Activity failed' && isOurFailure(meta['error'])) ||
  (message === 'Workflow failed' && meta['workflowType'] === workflowType);

/** Made by hepflow, and so logged by it: its failures have a code of the catalogue as type. */
const isOurFailure = (error: unknown): boolean =>
  error instanceof Error && 'type' in error && typeof error.type === 'string' && Object.hasOwn(failures, error.type);

/**
 * One JSON line, without its end. An error is told by class, message and the places in code that it came through;
 * neither its cause nor its fields are.
 */
export function logLine({
  level,
  message,
  timestampNanos,
  meta = {},
}: Pick<LogEntry, 'level' | 'message' | 'timestampNanos' | 'meta'>): string {
  const time = new Date(Number(timestampNanos / 1_000_000n)).toISOString();
  const fields = Object.entries(meta).flatMap(([key, value]): (readonly [string, unknown])[] => {
    if (errorKeys.has(key)) return [['error', errorOf(value)]];
    return printed.has(key) && isPlain(value) ? [[key, plain(value)]] : [];
  });
  return formJson({ time, level, message: message.slice(0, maxText), ...Object.fromEntries(fields) }, 0);
}

type Plain = string | number | boolean | bigint;
const isPlain = (value: unknown): value is Plain => ['string', 'number', 'boolean', 'bigint'].includes(typeof value);
const plain = (value: Plain): string | number | boolean =>
  typeof value === 'bigint' ? String(value) : typeof value === 'string' ? value.slice(0, maxText) : value;

function errorOf(error: unknown): object {
  if (!(error instanceof Error))
    return { type: typeof error, ...(typeof error === 'string' && { message: error.slice(0, maxText) }) };
  const { name, message, stack = '' } = error;
  const places = stack.split('\n').filter((line) => /^\s+at .*:\d+:\d+\)?$/.test(line));
  return { type: name, message: message.slice(0, maxText), places: places.slice(0, 12).map((line) => line.trim()) };
}
