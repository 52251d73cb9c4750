import type { Mark, MarkName, StepRecord } from '../contract/report.ts';

const names: Partial<Record<StepRecord['name'], MarkName>> = {
  deletePolicy: 'policyDeleted',
  restoreLabel: 'labelRestored',
};

/** When undo took off what the run had put on, by the step table. Of one that took several tries nobody knows which of them did it. */
export function undoMarks(steps: readonly StepRecord[]): Mark[] {
  return steps.flatMap(({ name, subject, outcome, attempts, startedAt: from, endedAt: to }) => {
    const mark = names[name];
    if (mark === undefined || outcome !== 'done' || attempts > 1 || from === null || to === null) return [];
    return [{ name: mark, from, to, ...(mark === 'labelRestored' ? { node: subject } : {}) }];
  });
}
