/** Whether a report is the one that its run left in Temporal: by the run's history, which only its worker can write. */
import type { Report } from '../contract/report.ts';
import { type AuditCheck, createCheck } from './check.ts';
import { findDifferences } from './compare.ts';

/** What of a workflow's history a report is compared with, decoded. */
export interface RunHistory {
  readonly workflowId: string;
  readonly workflowType: string;
  readonly taskQueue: string;
  readonly firstExecutionRunId: string;
  /** The event that closed it; null while it is open. */
  readonly end: HistoryEnd | null;
  /**
   * Seal that the workflow wrote into its memo while it ran; null: none. What a start request says is no part of it.
   */
  readonly memo: { readonly event: string; readonly reportSeal: string } | null;
  /** What the step `probe` gave, in order. */
  readonly probes: readonly { readonly event: string; readonly evidence: unknown }[];
}

export interface HistoryEnd {
  /** Such as `event 131 (WorkflowExecutionCompleted)`. */
  readonly event: string;
  /** The result, or the failure's first detail; undefined: the end holds nothing. */
  readonly left: unknown;
}

/** `workflowType`: that of runs. */
export function compareHistory(report: Report, history: RunHistory, workflowType: string): AuditCheck {
  const { workflowId, taskQueue } = history;
  const foreign = findForeign(report, history, workflowType);
  const { where, problems } =
    foreign.length > 0 ? { where: 'Its history', problems: foreign } : compareEnd(report, history);
  return createCheck(
    `${where} of ${workflowId} in Temporal, served on task queue ${taskQueue}, holds this report.`,
    problems,
  );
}

function findForeign({ firstExecutionRunId }: Report, history: RunHistory, workflowType: string): string[] {
  const named = `The workflow ${history.workflowId} in Temporal`;
  if (history.workflowType !== workflowType)
    return [`${named} is of type ${history.workflowType}, so it is no run of hepflow.`];
  if (history.firstExecutionRunId !== firstExecutionRunId)
    return [`${named} began as run ${history.firstExecutionRunId}; the report is of run ${firstExecutionRunId}.`];
  return history.end === null ? [`${named} is still open: it has not left a report yet.`] : [];
}

interface Compared {
  /** The events that were looked at, as the beginning of a sentence. */
  readonly where: string;
  readonly problems: readonly string[];
}

function compareEnd(report: Report, { end, memo, probes }: RunHistory): Compared {
  const event = end?.event ?? '';
  if (end?.left !== undefined) return { where: capitalize(event), problems: listDifferences(report, end.left, event) };
  // The end of a run that was cancelled or terminated holds no report.
  const seen = compareProbes(report, probes);
  if (memo !== null)
    return {
      where: `The memo of ${memo.event} before ${event}`,
      problems: [
        ...(memo.reportSeal === report.seal?.sha256
          ? []
          : [
              `The memo of ${memo.event} names the seal ${memo.reportSeal}, the report has ` +
                `${report.seal?.sha256 ?? 'none'}.`,
            ]),
        ...seen.problems,
      ],
    };
  const unsealed =
    report.outcome === 'RUNNING' ? [] : [`The run left no report: ${event} ended it before it sealed one.`];
  return { where: seen.where, problems: [...unsealed, ...seen.problems] };
}

/** Each link is what a probe gave, and none between them is left out. */
function compareProbes({ evidence }: Report, probes: RunHistory['probes']): Compared {
  return {
    where: capitalize(
      probes
        .slice(0, evidence.length)
        .map(({ event }) => event)
        .join(', ') || 'no probe',
    ),
    problems: evidence.flatMap((link, index) => {
      const probe = probes[index];
      return probe === undefined
        ? [`No probe in Temporal gave the evidence of phase ${link.phase} from ${link.vantage}.`]
        : listDifferences(
            link.dropped ? link.seal : link,
            link.dropped ? readSeal(probe) : probe.evidence,
            probe.event,
          );
    }),
  };
}

const readSeal = ({ evidence }: RunHistory['probes'][number]): unknown =>
  typeof evidence === 'object' && evidence !== null && 'seal' in evidence ? evidence.seal : undefined;

const maxTold = 10;

function listDifferences(given: unknown, left: unknown, event: string): string[] {
  const differences = findDifferences(given, left);
  const more = differences.length - maxTold;
  return [
    ...differences.slice(0, maxTold).map((difference) => `It is not what ${event} holds: ${difference}`),
    ...(more > 0 ? [`There are ${more} more differences from ${event}.`] : []),
  ];
}

const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
