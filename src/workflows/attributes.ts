import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import { type RunMemo, type Stage, searchAttributes } from '../contract/messages.ts';
import type { Report } from '../contract/report.ts';
import type { Run } from './run.ts';

const cluster = defineSearchAttributeKey(searchAttributes.cluster, 'KEYWORD');
const phase = defineSearchAttributeKey(searchAttributes.phase, 'KEYWORD');
const outcome = defineSearchAttributeKey(searchAttributes.outcome, 'KEYWORD');

/** Stages worth an event of history: those that people search for. */
const published: readonly Stage[] = ['provisioning', 'waiting', 'undoing'];

/**
 * Keeps the search attributes true. A namespace that does not know them would refuse every workflow task, so they are
 * set only where it does.
 */
export function publishStage({ preflighted, ledger: { stage } }: Run): void {
  if (!preflighted?.site.searchAttributes || !published.includes(stage)) return;
  upsertSearchAttributes([
    { key: cluster, value: preflighted.mission.cluster },
    { key: phase, value: stage },
  ]);
}

/**
 * The last word: outcome as search attribute, and a memo that can be read without a worker, which current details and
 * queries cannot.
 */
export function publishOutcome({ preflighted }: Run, report: Report): void {
  const { runId, outcome: judged, summary, leftovers } = report;
  const evidenceHead = report.evidence.at(-1)?.seal?.sha256;
  const memo: RunMemo = {
    ...{ runId, outcome: judged, summary, leftovers: leftovers.length },
    ...(evidenceHead !== undefined && { evidenceHead }),
    ...(report.seal && { reportSeal: report.seal.sha256 }),
  };
  upsertMemo({ hepflow: memo });
  if (!preflighted?.site.searchAttributes) return;
  upsertSearchAttributes([
    { key: phase, value: 'over' },
    { key: outcome, value: report.outcome },
  ]);
}
