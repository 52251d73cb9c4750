/** Evidence that a report does not hold in full, because it would have been too big. */
import { listNames } from '../contract/brief.ts';
import type { Evidence } from '../contract/evidence.ts';
import type { Report } from '../contract/report.ts';
import { type AuditCheck, createCheck } from './check.ts';

type EvidencePlace = Pick<Evidence, 'phase' | 'vantage'>;

/** Whether something is of the same phase and vantage. */
export const isAt =
  ({ phase, vantage }: EvidencePlace) =>
  (one: EvidencePlace): boolean =>
    one.phase === phase && one.vantage === vantage;

const listDropped = ({ evidence }: Pick<Report, 'evidence'>): readonly Evidence[] =>
  evidence.filter(({ dropped }) => dropped);

/** Whether something was said of evidence that was dropped. */
export const isOfDropped =
  (report: Pick<Report, 'evidence'>) =>
  (place: EvidencePlace): boolean =>
    listDropped(report).some(isAt(place));

/**
 * What follows from dropped evidence cannot be shown. `isTied`: the report is compared with what its run or its worker
 * vouches for, which covers it. No check where nothing was dropped.
 */
export function checkDropped(report: Report, isTied: boolean): AuditCheck[] {
  const dropped = listDropped(report);
  const named = listNames(dropped.map(({ phase, vantage }) => `${phase} from ${vantage}`));
  const gap = `verdicts, transitions and findings of ${named} cannot be checked, because their evidence was dropped`;
  if (dropped.length === 0) return [];
  return [
    createCheck(
      `The ${gap}; they are taken as the run reported them.`,
      isTied ? [] : [`The ${gap}. --against-temporal or --key shows whether the run reported them so.`],
    ),
  ];
}
