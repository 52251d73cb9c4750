import type { WorkflowHandle } from '@temporalio/client';
import { formCommand } from '../contract/shell.ts';
import { writeWhole } from '../report/write.ts';
import { explainNoReport } from './cut-short.ts';
import { chooseExitCode, exitCodes } from './exit-code.ts';
import { followWorkflow } from './follow.ts';
import { listenForInterrupts } from './interrupt.ts';
import { readPending } from './pending.ts';
import { createProgressView, type ProgressView } from './progress-view.ts';
import { chooseFormat, renderReport } from './report-forms.ts';
import { type AnyReport, readReport, recoverReport } from './run-report.ts';
import { explainError, makeAbortable } from './temporal.ts';
import { openTerminal, say, type Terminal } from './terminal.ts';

export interface FollowFlags {
  readonly taskQueue: string;
  /** File that receives the report; its ending chooses the form. */
  readonly report?: string;
  /** The JSON report on stdout, everything for people on stderr. */
  readonly json?: boolean;
}

/**
 * Follows a run to its end, shows its report, and gives the exit code. Ctrl-C asks whether to leave the run or to
 * cancel it.
 */
export async function followToEnd(handle: WorkflowHandle, flags: FollowFlags): Promise<number> {
  const terminal = openTerminal(flags.json ? process.stderr : process.stdout);
  const view = createProgressView(terminal);
  const canAsk = process.stdin.isTTY && terminal.stream.isTTY;
  const interrupts = listenForInterrupts(
    canAsk ? { keyboard: process.stdin, prompt: view.prompt, cancel: () => cancel(handle, view) } : null,
  );
  const over = new AbortController();
  const run = makeAbortable(handle, over.signal);
  try {
    const end = await followWorkflow(run, {
      view,
      taskQueue: flags.taskQueue,
      signal: interrupts.leave,
      readResult: readReport,
      recover: (error) => recoverReport(run, error),
      readPending: () => readPending(handle.client.getHandle(handle.workflowId)),
    });
    if (end.kind === 'detached') {
      say(explainDetached(handle.workflowId, interrupts.isCancelled()), terminal.stream);
      return exitCodes.detached;
    }
    if (end.kind === 'over-without-result') throw explainNoReport(handle.workflowId, end.status, end.message);
    return await present(end.result, flags, terminal);
  } finally {
    over.abort();
    interrupts.end();
  }
}

async function cancel(handle: WorkflowHandle, view: ProgressView): Promise<void> {
  try {
    await handle.cancel();
  } catch (error) {
    view.note(`The run could not be asked to stop: ${explainError(error)}`);
    throw error;
  }
}

const explainDetached = (id: string, isCancelled: boolean): string =>
  [
    '',
    isCancelled ? 'Detached: the run stops and undoes everything.' : 'Detached: the run goes on.',
    `  ${formCommand('hepflow', 'watch', id)}    come back`,
    ...(isCancelled ? [] : [`  ${formCommand('hepflow', 'cancel', id)}   stop it; everything is undone`]),
  ].join('\n');

async function present(report: AnyReport, { report: file, json }: FollowFlags, terminal: Terminal): Promise<number> {
  if (file !== undefined) await writeWhole(file, renderReport(report, chooseFormat(file)));
  terminal.stream.write(`\n${renderReport(report, 'text', terminal)}`);
  if (file !== undefined) say(`\nReport: ${file}`, terminal.stream);
  if (json) process.stdout.write(renderReport(report, 'json'));
  return chooseExitCode(report);
}
