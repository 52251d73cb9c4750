/** Whether every probe dialled what the plan has, from where the plan has it. */
import type { Evidence } from '../contract/evidence.ts';
import type { Report } from '../contract/report.ts';
import { type AuditCheck, createCheck } from './check.ts';
import { findDifferences } from './compare.ts';

export const checkProbes = (report: Report): AuditCheck =>
  createCheck(
    'Every probe dialled the targets of the plan, from a vantage of the plan.',
    report.evidence.flatMap((evidence) => findWrongProbe(evidence, report)),
  );

function findWrongProbe({ phase, vantage: from, kernel, targets }: Evidence, report: Report): string[] {
  const probe = `The probe of phase ${phase} from ${from}`;
  const vantage = report.vantages.find(({ id }) => id === from);
  if (vantage === undefined) return [`${probe} ran on a vantage that the report does not have.`];
  return [
    ...findDifferences(targets, report.targets, 'targets').map(
      (difference) => `${probe} dialled other targets: ${difference}`,
    ),
    ...findDifferences(kernel, vantage.kernel ?? kernel, 'kernel').map(
      (difference) => `${probe} ran on another kernel than the report has for its vantage: ${difference}`,
    ),
  ];
}
