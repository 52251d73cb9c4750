import type { Report } from '../contract/report.ts';
import { toJson } from '../report/json.ts';
import { toMarkdown } from '../report/markdown.ts';
import { toText } from '../report/text.ts';
import { writeWhole } from '../report/write.ts';
import { CommandError, exitCodeOf, exitCodes } from './exit-code.ts';
import { follow, type RunHandle } from './follow.ts';
import { progressView } from './progress-view.ts';
import { terminalOn } from './terminal.ts';

export interface FollowFlags {
  readonly taskQueue: string;
  /** File that receives the JSON report. */
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
  if (file !== undefined) await writeWhole(file, toJson(report));
  terminal.stream.write(`\n${toText(report, { paint: terminal.paint, columns: terminal.columns() })}`);
  if (file !== undefined) terminal.stream.write(`\nReport: ${file}\n`);
  if (json) process.stdout.write(toJson(report));
  return exitCodeOf(report);
}

export const reportFormats = ['text', 'json', 'markdown'] as const;
export type ReportFormat = (typeof reportFormats)[number];

export function render(report: Report, format: ReportFormat): string {
  if (format === 'json') return toJson(report);
  if (format === 'markdown') return toMarkdown(report);
  const terminal = terminalOn(process.stdout);
  return toText(report, { paint: terminal.paint, columns: terminal.columns() });
}
