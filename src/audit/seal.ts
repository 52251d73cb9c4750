/** Whether nothing of a report was changed since its run sealed it. */
import type { Report } from '../contract/report.ts';
import { digestReport } from '../evidence/report-seal.ts';
import { type AuditCheck, createCheck } from './check.ts';

export function checkSeal(report: Report): AuditCheck {
  const { outcome, seal } = report;
  if (outcome === 'RUNNING')
    return createCheck(
      'The run is under way, so its report is not sealed yet.',
      seal === null ? [] : ['The report is sealed, though the run is under way.'],
    );
  if (seal === null) return createCheck('The report is sealed.', ['The report is not sealed, though the run is over.']);
  return createCheck(`The whole report is as it was sealed: ${seal.sha256}.`, findChange(report, seal.sha256));
}

function findChange(report: Report, sealed: string): string[] {
  try {
    const digest = digestReport(report);
    return digest === sealed
      ? []
      : [`The report was changed after it was sealed with ${sealed}; its content gives ${digest}.`];
  } catch (error) {
    return [`The report cannot be what was sealed with ${sealed}: ${(error as Error).message}.`];
  }
}
