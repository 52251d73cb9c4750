import { extname } from 'node:path';
import { formJson, makeLine } from '../contract/printable.ts';
import type { Report } from '../contract/report.ts';
import { renderHtml } from '../report/html.ts';
import { renderJson } from '../report/json.ts';
import { renderJunit } from '../report/junit.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { renderText } from '../report/text.ts';
import { CommandError } from './exit-code.ts';
import { type AnyReport, explainForeign, isCurrent } from './run-report.ts';
import { openTerminal, type Terminal } from './terminal.ts';

export const reportFormats = ['text', 'json', 'markdown', 'html', 'junit'] as const;
export type ReportFormat = (typeof reportFormats)[number];

const endings: Readonly<Record<string, ReportFormat>> = {
  '.html': 'html',
  '.htm': 'html',
  '.xml': 'junit',
  '.md': 'markdown',
};

/** The form that a file's name asks for: `.html`, `.xml` (JUnit), `.md`; JSON for any other. */
export const chooseFormat = (path: string): ReportFormat => endings[extname(path).toLowerCase()] ?? 'json';

type Forms = Readonly<Record<Exclude<ReportFormat, 'text'>, (report: Report) => string>>;
const forms: Forms = { json: renderJson, markdown: renderMarkdown, html: renderHtml, junit: renderJunit };

/** `text` is for the terminal. */
export function renderReport(
  report: AnyReport,
  format: ReportFormat,
  terminal: Terminal = openTerminal(process.stdout),
): string {
  if (!isCurrent(report)) return renderForeign(report, format);
  if (format !== 'text') return forms[format](report);
  return renderText(report, { paint: terminal.paint, columns: terminal.columns() });
}

/**
 * Of a report of another version: its JSON as it is, or how it ended. No other form is made of fields that may mean
 * something else.
 */
function renderForeign(report: AnyReport, format: ReportFormat): string {
  if (format === 'json') return `${formJson(report)}\n`;
  if (format === 'text')
    return `${makeLine(`${report.outcome}: ${report.summary}`)}\n${makeLine(explainForeign(report))}\n`;
  throw new CommandError(`There is no ${format} of this run. ${explainForeign(report)}`);
}
