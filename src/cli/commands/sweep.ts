/** Commands that find and remove what dead runs left: now, or on a schedule. */
import { readFileSync } from 'node:fs';
import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import { parse } from 'yaml';
import { durationIn, resolveSweep } from '../../config/sweep-spec.ts';
import { HepflowError } from '../../contract/failures.ts';
import { sweepWorkflowType, taskQueue } from '../../contract/messages.ts';
import { isLeft, type SweepResult, type SweepSpec } from '../../contract/sweep.ts';
import { CommandError, exitCodes } from '../exit-code.ts';
import { follow } from '../follow.ts';
import { progressView } from '../progress-view.ts';
import { abortable, withTemporal } from '../temporal.ts';
import { terminalOn } from '../terminal.ts';
import { workflowIdOf } from './runs.ts';

interface PlaceFlags {
  readonly file?: string;
  readonly subscription?: string;
  readonly resourceGroup?: string;
  readonly cluster?: string;
  readonly vmResourceGroup?: string;
  readonly olderThan: string;
  readonly dryRun?: boolean;
  readonly taskQueue: string;
}

export function addSweepCommands(program: Command): void {
  withPlace(
    program
      .command('sweep')
      .description('find what dead runs left behind, and remove it; what a living run needs stays'),
  )
    .option('--dry-run', 'only show what would be removed')
    .option('--json', 'print the result as JSON on stdout, progress on stderr')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing is left (a living run removes its own things), 3 could not sweep, 4 something is left.',
    )
    .action(async (flags: PlaceFlags & { readonly json?: boolean }) => {
      process.exitCode = await sweepNow(flags, flags.json === true);
    });

  // Its own commands inherit that a wrong command line throws, and so ends as every other one.
  const schedule = program
    .command('schedule')
    .description('what Temporal starts by itself, again and again')
    .exitOverride();
  withPlace(
    schedule
      .command('sweep')
      .description('sweep at an interval; one sweep at a time, and a failed one stops none of the next'),
  )
    .option('--every <duration>', 'interval: 30m, 6h, 1d', '6h')
    .action(scheduleSweep);
  schedule
    .command('list')
    .description('list the schedules of sweeps')
    .option('--json', 'as JSON')
    .action(listSchedules);
  schedule.command('delete <id>').description('delete a schedule; a sweep under way goes on').action(deleteSchedule);
}

const withPlace = (command: Command): Command =>
  command
    .option(
      '-f, --file <path>',
      'run spec, YAML or JSON, of which subscription, cluster and resource groups are taken; - is stdin',
    )
    .option('--subscription <id>', "Azure subscription; overrides the file's")
    .option('-g, --resource-group <name>', "resource group of the cluster; overrides the file's")
    .option('-c, --cluster <name>', "managed cluster; overrides the file's")
    .option(
      '--vm-resource-group <name>',
      "resource group of the runs' VMs; default: the file's vm.resourceGroup, else the cluster's",
    )
    .option(
      '--older-than <duration>',
      'keep what a run made that began less than so long ago: 90s, 30m, 2h, 1d, 0',
      '2h',
    )
    .addOption(
      new Option('--task-queue <name>', 'task queue of the workers').env('HEPFLOW_TASK_QUEUE').default(taskQueue),
    );

/** Flag, else file; refused with every problem before anything is started. */
function specOf(flags: PlaceFlags): SweepSpec {
  const file = flags.file === undefined ? {} : partsOf(flags.file);
  const olderThanMs = msOf('--older-than', flags.olderThan);
  const given = {
    subscriptionId: flags.subscription ?? file.subscriptionId,
    resourceGroup: flags.resourceGroup ?? file.resourceGroup,
    cluster: flags.cluster ?? file.cluster,
    vmResourceGroup: flags.vmResourceGroup ?? file.vm?.resourceGroup,
    olderThanMs,
    dryRun: flags.dryRun === true,
  };
  try {
    return resolveSweep(given);
  } catch (error) {
    if (!(error instanceof HepflowError)) throw error;
    const lines = error.problems.map(({ field, message, remedy }) => `  ${field} ${message} ${remedy}`);
    throw new CommandError(['The sweep cannot start:', ...lines].join('\n'));
  }
}

interface FileParts {
  readonly subscriptionId?: string;
  readonly resourceGroup?: string;
  readonly cluster?: string;
  readonly vm?: { readonly resourceGroup?: string };
}

function partsOf(path: string): FileParts {
  try {
    const content: unknown = parse(readFileSync(path === '-' ? 0 : path, 'utf8'));
    if (typeof content !== 'object' || content === null) throw new Error('it holds no fields');
    return content;
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function msOf(flag: string, text: string): number {
  const ms = durationIn(text);
  if (ms === undefined)
    throw new CommandError(
      `${flag} must be a whole number with s, m, h or d, such as 90s, 30m, 2h or 1d, or 0; got ${text}`,
    );
  return ms;
}

async function sweepNow(flags: PlaceFlags, json: boolean): Promise<number> {
  const spec = specOf(flags);
  const terminal = terminalOn(json ? process.stderr : process.stdout);
  return withTemporal(async (client) => {
    const handle = await client.workflow.start(sweepWorkflowType, {
      taskQueue: flags.taskQueue,
      workflowId: workflowIdOf(`sweep-${spec.cluster}`),
      args: [spec],
      ...described(spec),
    });
    process.stderr.write(`Started ${handle.workflowId}\n`);
    const interrupt = new AbortController();
    const onInterrupt = (): void => interrupt.abort();
    process.once('SIGINT', onInterrupt);
    const over = new AbortController();
    const watched = abortable(handle, over.signal);
    const end = await follow(watched, {
      view: progressView(terminal),
      taskQueue: flags.taskQueue,
      signal: interrupt.signal,
    }).finally(() => {
      over.abort();
      process.off('SIGINT', onInterrupt);
    });
    if (end.kind === 'detached') {
      terminal.stream.write(`\nDetached: the sweep goes on. To stop it: hepflow cancel ${handle.workflowId}\n`);
      return exitCodes.detached;
    }
    if (end.kind === 'over-without-report') throw new CommandError(end.message);
    const result = end.report as unknown as SweepResult; // what this workflow type gives
    terminal.stream.write(textOf(result));
    if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return result.left === 0 ? exitCodes.pass : exitCodes.leftBehind;
  });
}

const described = ({ cluster, olderThanMs, dryRun }: SweepSpec): { staticSummary: string } => ({
  staticSummary:
    `${dryRun ? 'Show' : 'Remove'} what dead runs on AKS cluster ${cluster} left more than ${(olderThanMs ?? 0) / 60_000} min ago`.slice(
      0,
      200,
    ),
});

/** The table, and below it the commands for what is left. */
function textOf({ found, left, dryRun, warnings }: SweepResult): string {
  const lines = warnings.map((warning) => `Note: ${warning}`);
  if (found.length === 0) return [...lines, 'Nothing carries the marks of a run.', ''].join('\n');
  const table = new Table({
    head: ['What', 'Run', 'Begun', 'Decision', 'Why'],
    style: { head: [], border: [] },
    colWidths: [null, null, null, null, 60],
    wordWrap: true,
  });
  for (const { what, runId, createdAt, decision, why } of found)
    table.push([what, runId, createdAt?.slice(0, 19) ?? '', decision, why]);
  const commands = found.filter((each) => isLeft(each) && each.command !== '').map(({ command }) => `  ${command}`);
  const last =
    left === 0
      ? 'Nothing is left.'
      : `${left} left.${dryRun ? ' Without --dry-run, sweep removes what would be removed.' : ''}`;
  return [
    ...lines,
    table.toString(),
    last,
    ...(commands.length === 0 ? [] : ['By hand:', ...new Set(commands)]),
    '',
  ].join('\n');
}

const scheduleIdOf = (cluster: string): string => `hepflow-sweep-${cluster}`;

async function scheduleSweep(flags: PlaceFlags & { readonly every: string }): Promise<void> {
  const spec = specOf(flags);
  const every = msOf('--every', flags.every);
  if (every < 60_000) throw new CommandError('--every must be at least 1m');
  const scheduleId = scheduleIdOf(spec.cluster);
  await withTemporal(async (client) => {
    try {
      await client.schedule.create({
        scheduleId,
        spec: { intervals: [{ every }] },
        // What was missed while the server was away is not made up for: the next sweep finds it all.
        policies: { overlap: ScheduleOverlapPolicy.SKIP, pauseOnFailure: false, catchupWindow: '1 minute' },
        action: {
          type: 'startWorkflow',
          workflowType: sweepWorkflowType,
          workflowId: scheduleId,
          taskQueue: flags.taskQueue,
          args: [spec],
          ...described(spec),
        },
      });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      throw new CommandError(
        `There is a schedule ${scheduleId} already. To replace it: hepflow schedule delete ${scheduleId}`,
      );
    }
  });
  process.stdout.write(`Scheduled ${scheduleId}: every ${flags.every}.\n`);
}

async function listSchedules({ json }: { readonly json?: boolean }): Promise<void> {
  const rows = await withTemporal(async (client) => {
    const all = [];
    for await (const { scheduleId, action, state, info } of client.schedule.list()) {
      if (action?.type !== 'startWorkflow' || action.workflowType !== sweepWorkflowType) continue;
      all.push({
        id: scheduleId,
        paused: state.paused,
        next: info.nextActionTimes[0]?.toISOString() ?? '',
        last: info.recentActions.at(-1)?.takenAt.toISOString() ?? '',
      });
    }
    return all;
  });
  if (json) return void process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  if (rows.length === 0) return void process.stdout.write('No schedules.\n');
  const table = new Table({ head: ['Schedule', 'Paused', 'Last', 'Next'], style: { head: [], border: [] } });
  for (const { id, paused, last, next } of rows) table.push([id, paused ? 'yes' : 'no', last, next]);
  process.stdout.write(`${table.toString()}\n`);
}

async function deleteSchedule(id: string): Promise<void> {
  await withTemporal(async (client) => {
    try {
      await client.schedule.getHandle(id).delete();
    } catch (error) {
      if (error instanceof ScheduleNotFoundError)
        throw new CommandError(`There is no schedule ${id}. hepflow schedule list shows them.`);
      throw error;
    }
  });
  process.stdout.write(`Deleted ${id}.\n`);
}
