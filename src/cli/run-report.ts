/** The report of a run, wherever it is held, and of whichever version of hepflow it is. */

import { z } from 'zod';
import { reportQuery } from '../contract/messages.ts';
import { type Report, reportSchemaVersion, runOutcomes } from '../contract/report.ts';
import { formCommand } from '../contract/shell.ts';
import { closeReport, isCutShort } from './cut-short.ts';
import { CommandError } from './exit-code.ts';
import { askQuery } from './follow.ts';
import type { RunHandle } from './temporal.ts';

/** What every version of the report has, and means by it. */
export interface AnyReport extends Pick<Report, 'workflowId' | 'outcome' | 'summary'> {
  readonly schemaVersion: number;
  readonly leftovers: readonly unknown[];
}

const schema = z.looseObject({
  schemaVersion: z.int(),
  workflowId: z.string(),
  outcome: z.enum(runOutcomes),
  summary: z.string(),
  leftovers: z.array(z.unknown()),
});

const isReport = (value: unknown): value is AnyReport => schema.safeParse(value).success;

export function readReport(value: unknown): AnyReport {
  if (isReport(value)) return value;
  throw new CommandError('What the run gave is no report of hepflow.');
}

/** Whether this version can show it. */
export const isCurrent = (report: AnyReport): report is Report => report.schemaVersion === reportSchemaVersion;

/** What is said instead of a report of another version. */
export const explainForeign = ({ schemaVersion, workflowId }: AnyReport): string =>
  `Its report is of schema ${schemaVersion}; this version of hepflow reads schema ${reportSchemaVersion}. ` +
  `As it is, it can be had by: ${formCommand('hepflow', 'report', workflowId, '--format', 'json')}`;

/** The report of a run, under way or closed; undefined when no worker answers and nothing else holds it. */
export async function fetchReport(handle: RunHandle): Promise<AnyReport | undefined> {
  const { status } = await handle.describe();
  if (status.name === 'RUNNING') {
    const report = await askQuery(handle, reportQuery);
    return report === undefined ? undefined : readReport(report);
  }
  const end = await handle.result().then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  return 'value' in end ? readReport(end.value) : recoverReport(handle, end.error);
}

/**
 * The report of a run that ended without a result: the failure's first detail, else what a worker answers, which it
 * does for closed runs too. One that still runs by its own account was ended from outside.
 */
export async function recoverReport(handle: RunHandle, error: unknown): Promise<AnyReport | undefined> {
  const found = readDetail(error) ?? (await askQuery(handle, reportQuery));
  if (found === undefined) return undefined;
  const report = readReport(found);
  if (report.outcome !== 'RUNNING') return report;
  const { status, closeTime = new Date() } = await handle.describe();
  if (!isCutShort(status.name) || !isCurrent(report)) return undefined;
  return closeReport(report, status.name, closeTime.toISOString());
}

function readDetail(error: unknown): AnyReport | undefined {
  const cause = error instanceof Error ? error.cause : undefined;
  const details = typeof cause === 'object' && cause !== null && 'details' in cause ? cause.details : undefined;
  const [first]: unknown[] = Array.isArray(details) ? details : [];
  return isReport(first) ? first : undefined;
}
