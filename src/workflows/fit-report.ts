import { listNames } from '../contract/brief.ts';
import type { Evidence } from '../contract/evidence.ts';
import type { Report } from '../contract/report.ts';

/**
 * Bytes of JSON that a report may have. Temporal refuses a payload of more than 2 MB, and the run would end without a
 * report. A seal and a signature come on top.
 */
export const maxReportBytes = 990_000;

/**
 * The report, without the details of its oldest evidence where it would be too big; a warning names what is gone.
 * Throws
 * RangeError when it does not fit even so.
 */
export function fitReport(report: Report, maxBytes = maxReportBytes): Report {
  for (let count = 0; count <= report.evidence.length; count += 1) {
    const fitted = count === 0 ? report : dropOldest(report, count);
    if (measureJson(fitted) <= maxBytes) return fitted;
  }
  throw new RangeError(`it is bigger than ${maxBytes} bytes without any evidence.`);
}

/** A report of a run that cannot be told in full, cut to its end where even that is too big. */
export const fitBareReport = (report: Report, maxBytes = maxReportBytes): Report =>
  measureJson(report) <= maxBytes ? report : { ...report, verdicts: [], changes: [], steps: [] };

const measureJson = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).byteLength;

function dropOldest(report: Report, count: number): Report {
  const { evidence, warnings } = report;
  const links = evidence.slice(0, count).map(({ phase, vantage }) => `${phase} from ${vantage}`);
  const warning =
    `The report would be too big with all evidence: the details of ${listNames(links)} are left out. ` +
    "The results of these probes in the run's history have them.";
  return {
    ...report,
    warnings: [...warnings, warning],
    evidence: evidence.map((link, index) => (index < count ? dropDetails(link) : link)),
  };
}

function dropDetails({ answers: _, witnesses: __, observation, ...frame }: Evidence): Evidence {
  return {
    ...frame,
    ...{ connections: [], backends: {}, dropped: true },
    ...(observation && { observation: { missing: 'The report would have been too big.' } }),
  };
}
