/** When the changes that lead to a phase were made, for the time line of the report. */
import type { Mark, MarkName, StepRecord } from '../contract/report.ts';
import type { StepOutput } from '../contract/steps.ts';
import type { Run } from './run.ts';

export const labelMarks = ({ written, onHostEndpoint }: StepOutput<'labelNode'>): Mark[] => [
  ...(written ? [{ name: 'labelWritten', ...written } as const] : []),
  ...(onHostEndpoint ? [{ name: 'labelOnHostEndpoint', ...onHostEndpoint } as const] : []),
];

export const policyMarks = ({ accepted }: StepOutput<'applyPolicy'>): Mark[] => (accepted ? [{ name: 'policyAccepted', ...accepted }] : []);

const undoNames: Partial<Record<StepRecord['name'], MarkName>> = { deletePolicy: 'policyDeleted', restoreLabel: 'labelRestored' };

/** What undo has taken off so far. */
export function undone({ ledger }: Run): Mark[] {
  return ledger.steps.flatMap(({ name, subject, outcome, startedAt: from, endedAt: to }) => {
    const mark = undoNames[name];
    if (mark === undefined || outcome !== 'done' || from === null || to === null) return [];
    return [{ name: mark, from, to, ...(mark === 'labelRestored' ? { node: subject } : {}) }];
  });
}
