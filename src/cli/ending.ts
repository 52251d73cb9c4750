import { extname } from 'node:path';
import type { Report } from '../contract/report.ts';
import { toHtml } from '../report/html.ts';
import { toJson } from '../report/json.ts';
import { toJunit } from '../report/junit.ts';
import { toMarkdown } from '../report/markdown.ts';
import { toText } from '../report/text.ts';
import { writeWhole } from '../report/write.ts';
import { CommandError, exitCodeOf, exitCodes } from './exit-code.ts';
import { follow, type RunHandle } from './follow.ts';
import { progressView } from './progress-view.ts';
import { terminalOn } from './terminal.ts';

export interface FollowFlags {
  readonly taskQueue: string;
  /** File that receives the report; its ending chooses the form. */
  readonly report?: string;
  /** The JSON report on stdout, everything for people on stderr. */
  readonly json?: boolean;
}

/** Follows a run to its end, shows its report, and gives the exit code. Ctrl-C detaches. */
export async function followToEnd(handle: RunHandle, flags: FollowFlags): Promise<number> {
  const terminal = terminalOn(flags.json ? process.stderr : process.stdout);
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort();
  process.once('SIGINT', onInterrupt);
  try {
    const end = await follow(handle, { view: progressView(terminal), taskQueue: flags.taskQueue, signal: interrupt.signal });
    if (end.kind === 'detached') {
      const id = handle.workflowId;
      terminal.stream.write(`\nDetached: the run goes on.\n  hepflow watch ${id}    come back\n  hepflow cancel ${id}   stop it; everything is undone\n`);
      return exitCodes.detached;
    }
    if (end.kind === 'over-without-report') throw new CommandError(end.message);
    return await present(end.report, flags, terminal);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

async function present(report: Report, { report: file, json }: FollowFlags, terminal: ReturnType<typeof terminalOn>): Promise<number> {
  if (file !== undefined) await writeWhole(file, render(report, formatOfFile(file)));
  terminal.stream.write(`\n${toText(report, { paint: terminal.paint, columns: terminal.columns() })}`);
  if (file !== undefined) terminal.stream.write(`\nReport: ${file}\n`);
  if (json) process.stdout.write(toJson(report));
  return exitCodeOf(report);
}

export const reportFormats = ['text', 'json', 'markdown', 'html', 'junit'] as const;
export type ReportFormat = (typeof reportFormats)[number];

const endings: Readonly<Record<string, ReportFormat>> = { '.html': 'html', '.htm': 'html', '.xml': 'junit', '.md': 'markdown' };

/** The form that a file's name asks for: `.html`, `.xml` (JUnit), `.md`; JSON for any other. */
export const formatOfFile = (path: string): ReportFormat => endings[extname(path).toLowerCase()] ?? 'json';

export function render(report: Report, format: ReportFormat): string {
  if (format !== 'text') return { json: toJson, markdown: toMarkdown, html: toHtml, junit: toJunit }[format](report);
  const terminal = terminalOn(process.stdout);
  return toText(report, { paint: terminal.paint, columns: terminal.columns() });
}
