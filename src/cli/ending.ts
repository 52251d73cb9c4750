import { extname } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import type { Report } from '../contract/report.ts';
import { toHtml } from '../report/html.ts';
import { toJson } from '../report/json.ts';
import { toJunit } from '../report/junit.ts';
import { toMarkdown } from '../report/markdown.ts';
import { toText } from '../report/text.ts';
import { writeWhole } from '../report/write.ts';
import { CommandError, exitCodeOf, exitCodes } from './exit-code.ts';
import { follow } from './follow.ts';
import { onInterrupt } from './interrupt.ts';
import { liveProofOf } from './live-proof.ts';
import { type ProgressView, progressView } from './progress-view.ts';
import { abortable, messageOf } from './temporal.ts';
import { terminalOn } from './terminal.ts';

export interface FollowFlags {
  readonly taskQueue: string;
  /** File that receives the report; its ending chooses the form. */
  readonly report?: string;
  /** The JSON report on stdout, everything for people on stderr. */
  readonly json?: boolean;
}

/** Follows a run to its end, shows its report, and gives the exit code. Ctrl-C asks whether to leave the run or to cancel it. */
export async function followToEnd(handle: WorkflowHandle, flags: FollowFlags): Promise<number> {
  const terminal = terminalOn(flags.json ? process.stderr : process.stdout);
  const view = progressView(terminal);
  const interrupts = onInterrupt({
    keyboard: process.stdin.isTTY && terminal.stream.isTTY ? process.stdin : undefined,
    prompt: view.prompt,
    cancel: () => cancel(handle, view),
  });
  const over = new AbortController();
  try {
    const end = await follow(abortable(handle, over.signal), {
      view,
      taskQueue: flags.taskQueue,
      signal: interrupts.leave,
      liveProof: () => liveProofOf(handle),
    });
    if (end.kind === 'detached') {
      terminal.stream.write(detachedLines(handle.workflowId, interrupts.cancelled()));
      return exitCodes.detached;
    }
    if (end.kind === 'over-without-report') throw new CommandError(end.message);
    return await present(end.report, flags, terminal);
  } finally {
    over.abort();
    interrupts.end();
  }
}

async function cancel(handle: WorkflowHandle, view: ProgressView): Promise<void> {
  try {
    await handle.cancel();
  } catch (error) {
    view.note(`The run could not be asked to stop: ${messageOf(error)}`);
    throw error;
  }
}

const detachedLines = (id: string, cancelled: boolean): string =>
  [
    '',
    cancelled ? 'Detached: the run stops and undoes everything.' : 'Detached: the run goes on.',
    `  hepflow watch ${id}    come back`,
    ...(cancelled ? [] : [`  hepflow cancel ${id}   stop it; everything is undone`]),
    '',
  ].join('\n');

async function present(
  report: Report,
  { report: file, json }: FollowFlags,
  terminal: ReturnType<typeof terminalOn>,
): Promise<number> {
  if (file !== undefined) await writeWhole(file, render(report, formatOfFile(file)));
  terminal.stream.write(`\n${toText(report, { paint: terminal.paint, columns: terminal.columns() })}`);
  if (file !== undefined) terminal.stream.write(`\nReport: ${file}\n`);
  if (json) process.stdout.write(toJson(report));
  return exitCodeOf(report);
}

export const reportFormats = ['text', 'json', 'markdown', 'html', 'junit'] as const;
export type ReportFormat = (typeof reportFormats)[number];

const endings: Readonly<Record<string, ReportFormat>> = {
  '.html': 'html',
  '.htm': 'html',
  '.xml': 'junit',
  '.md': 'markdown',
};

/** The form that a file's name asks for: `.html`, `.xml` (JUnit), `.md`; JSON for any other. */
export const formatOfFile = (path: string): ReportFormat => endings[extname(path).toLowerCase()] ?? 'json';

export function render(report: Report, format: ReportFormat): string {
  if (format !== 'text') return { json: toJson, markdown: toMarkdown, html: toHtml, junit: toJunit }[format](report);
  const terminal = terminalOn(process.stdout);
  return toText(report, { paint: terminal.paint, columns: terminal.columns() });
}
