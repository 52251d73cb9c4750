/** The seal of a whole report. Workflows make it, so nothing here needs Node. */
import canonicalize from 'canonicalize';
import { mapTexts } from '../contract/printable.ts';
import type { Report } from '../contract/report.ts';
import { hashText } from './sha256.ts';

/**
 * The report as JSON gives it back, with its seal. Half surrogate pairs, which have no canonical form, are replaced.
 */
export function sealReport(report: Report): Report {
  const plain = mapTexts(JSON.parse(JSON.stringify(report)) as Report, (text) => text.toWellFormed());
  return { ...plain, seal: { sha256: digestReport(plain) } };
}

/**
 * Hexadecimal SHA-256 of the report without its `seal` as canonical JSON (RFC 8785) in UTF-8. Throws when it holds half
 * a surrogate pair.
 */
export function digestReport(report: Report): string {
  const { seal: _, ...sealed } = report;
  return hashText(canonicalize(sealed) ?? '');
}
