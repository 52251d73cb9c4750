/** `hepflow sweep`: finds and removes what dead runs left. */

import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Command } from 'commander';
import { sweepWorkflowType } from '../../contract/messages.ts';
import { formJson } from '../../contract/printable.ts';
import { formCommand } from '../../contract/shell.ts';
import type { SweepResult, SweepSpec } from '../../contract/sweep.ts';
import { CommandError, exitCodes } from '../exit-code.ts';
import { type Followed, followWorkflow } from '../follow.ts';
import { listenForInterrupts } from '../interrupt.ts';
import { createProgressView } from '../progress-view.ts';
import type { ReportFormat } from '../report-forms.ts';
import { addSweepFlags, describeSweep, readSweepSpec, type SweepFlags } from '../sweep-flags.ts';
import { formatSweep, readSweepResult } from '../sweep-result.ts';
import { createWorkflowId, makeAbortable, withTemporal } from '../temporal.ts';
import { openTerminal, say, type Terminal } from '../terminal.ts';

interface SweepCommandFlags extends SweepFlags {
  readonly json?: boolean;
}

export function addSweepCommand(program: Command): void {
  const command = program
    .command('sweep')
    .description('find what dead runs left behind, and remove it; what a living run needs stays');
  addSweepFlags(command)
    .option('--dry-run', 'only show what would be removed')
    .option('--json', 'print the result as JSON on stdout, progress on stderr')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing is left (a living run removes its own things), 3 could not sweep, 4 something ' +
        'is left, a run ' +
        'that cannot go on among it.',
    )
    .action(async (flags: SweepCommandFlags) => {
      process.exitCode = await sweep(flags);
    });
}

async function sweep(flags: SweepCommandFlags): Promise<number> {
  const spec = readSweepSpec(flags);
  return withTemporal(async (client) => {
    const handle = await startSweep(client, spec, flags);
    say(`Started ${handle.workflowId}`, process.stderr);
    return followSweepToEnd(handle, flags);
  });
}

type PresentFlags = Pick<SweepCommandFlags, 'json' | 'taskQueue'>;

/** Follows a sweep to its end, shows what it found and did, and gives the exit code. */
export async function followSweepToEnd(handle: WorkflowHandle, flags: PresentFlags): Promise<number> {
  const terminal = openTerminal(flags.json ? process.stderr : process.stdout);
  const end = await followSweep(handle, flags, terminal);
  if (end.kind === 'over-without-result') throw new CommandError(end.message);
  if (end.kind === 'over') return present(end.result, flags, terminal);
  const stop = formCommand('hepflow', 'cancel', handle.workflowId);
  say(`\nDetached: the sweep goes on. To stop it: ${stop}`, terminal.stream);
  return exitCodes.detached;
}

const startSweep = (client: Client, spec: SweepSpec, { taskQueue }: SweepCommandFlags): Promise<WorkflowHandle> =>
  client.workflow.start(sweepWorkflowType, {
    taskQueue,
    workflowId: createWorkflowId(`sweep-${spec.cluster}`),
    args: [spec],
    ...describeSweep(spec),
  });

/** Ctrl-C leaves the sweep running. */
async function followSweep(
  handle: WorkflowHandle,
  { taskQueue }: PresentFlags,
  terminal: Terminal,
): Promise<Followed<SweepResult>> {
  const interrupts = listenForInterrupts(null);
  const over = new AbortController();
  try {
    return await followWorkflow(makeAbortable(handle, over.signal), {
      view: createProgressView(terminal),
      taskQueue,
      signal: interrupts.leave,
      readResult: readSweepResult,
    });
  } finally {
    over.abort();
    interrupts.end();
  }
}

function present(result: SweepResult, { json }: PresentFlags, { stream }: Terminal): number {
  stream.write(formatSweep(result));
  if (json) process.stdout.write(`${formJson(result)}\n`);
  return chooseSweepCode(result);
}

const chooseSweepCode = ({ left }: SweepResult): number => (left === 0 ? exitCodes.pass : exitCodes.leftBehind);

/** What a sweep that is over found and did, as text and exit code. */
export async function reportSweep(
  handle: WorkflowHandle,
  format: ReportFormat,
): Promise<{ readonly text: string; readonly exitCode: number }> {
  if ((await handle.describe()).status.name === 'RUNNING')
    throw new CommandError(
      `The sweep ${handle.workflowId} is under way; ` +
        `to follow it: ${formCommand('hepflow', 'watch', handle.workflowId)}`,
      exitCodes.underWay,
    );
  if (format !== 'text' && format !== 'json') throw new CommandError(`There is no ${format} of a sweep.`);
  const result = readSweepResult(await handle.result());
  const text = format === 'json' ? `${formJson(result)}\n` : formatSweep(result);
  return { text, exitCode: chooseSweepCode(result) };
}
