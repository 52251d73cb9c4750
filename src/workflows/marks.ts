/** When the changes that lead to a phase were made, for the time line of the report. */

import type { Mark } from '../contract/report.ts';
import type { StepOutput } from '../contract/steps.ts';
import { undoMarks } from '../judge/undo-marks.ts';
import type { Run } from './run.ts';

export const labelMarks = ({ written, onHostEndpoint }: StepOutput<'labelNode'>): Mark[] => [
  ...(written ? [{ name: 'labelWritten', ...written } as const] : []),
  ...(onHostEndpoint ? [{ name: 'labelOnHostEndpoint', ...onHostEndpoint } as const] : []),
];

export const policyMarks = ({ accepted }: StepOutput<'applyPolicy'>): Mark[] =>
  accepted ? [{ name: 'policyAccepted', ...accepted }] : [];

/** What undo has taken off so far. */
export const undone = ({ ledger }: Run): Mark[] => undoMarks(ledger.steps);
