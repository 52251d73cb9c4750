/** `hepflow schedule`: sweeps that Temporal starts by itself. */

import { type Client, ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy } from '@temporalio/client';
import Table from 'cli-table3';
import type { Command } from 'commander';
import { sweepWorkflowType } from '../../contract/messages.ts';
import { formJson, makeLine, mapTexts } from '../../contract/printable.ts';
import { formCommand } from '../../contract/shell.ts';
import { CommandError } from '../exit-code.ts';
import { addSweepFlags, describeSweep, parseDuration, readSweepSpec, type SweepFlags } from '../sweep-flags.ts';
import { withTemporal } from '../temporal.ts';
import { say } from '../terminal.ts';

interface ScheduleFlags extends SweepFlags {
  readonly every: string;
}

export function addScheduleCommands(program: Command): void {
  // A command inherits from its parent that a wrong command line throws: so it ends as every other one.
  const schedule = program
    .command('schedule')
    .description('what Temporal starts by itself, again and again')
    .exitOverride();
  const sweep = schedule
    .command('sweep')
    .description('sweep at an interval; one sweep at a time, and a failed one stops none of the next');
  addSweepFlags(sweep).option('--every <duration>', 'interval: 30m, 6h, 1d', '6h').action(scheduleSweep);
  schedule
    .command('list')
    .description('list the schedules of sweeps')
    .option('--json', 'as JSON')
    .action(printSchedules);
  schedule.command('delete <id>').description('delete a schedule; a sweep under way goes on').action(deleteSchedule);
}

const nameSchedule = (cluster: string): string => `hepflow-sweep-${cluster}`;

async function scheduleSweep(flags: ScheduleFlags): Promise<void> {
  const spec = readSweepSpec(flags);
  const everyMs = parseDuration('--every', flags.every);
  if (everyMs < 60_000) throw new CommandError('--every must be at least 1m');
  const scheduleId = nameSchedule(spec.cluster);
  await withTemporal(async (client) => {
    try {
      await client.schedule.create({
        scheduleId,
        spec: { intervals: [{ every: everyMs }] },
        // What was missed while the server was away is not made up for: the next sweep finds it all.
        policies: { overlap: ScheduleOverlapPolicy.SKIP, pauseOnFailure: false, catchupWindow: '1 minute' },
        action: {
          type: 'startWorkflow',
          workflowType: sweepWorkflowType,
          workflowId: scheduleId,
          taskQueue: flags.taskQueue,
          args: [spec],
          ...describeSweep(spec),
        },
      });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      throw new CommandError(
        `There is a schedule ${scheduleId} already. To replace it: ` +
          formCommand('hepflow', 'schedule', 'delete', scheduleId),
      );
    }
  });
  say(`Scheduled ${scheduleId}: every ${flags.every}.`);
}

async function printSchedules({ json }: { readonly json?: boolean }): Promise<void> {
  const rows = await withTemporal(listSchedules);
  if (json) return void process.stdout.write(`${formJson(rows)}\n`);
  if (rows.length === 0) return void say('No schedules.');
  const table = new Table({ head: ['Schedule', 'Paused', 'Last', 'Next'], style: { head: [], border: [] } });
  for (const { id, paused, last, next } of mapTexts(rows, makeLine))
    table.push([id, paused ? 'yes' : 'no', last, next]);
  process.stdout.write(`${table.toString()}\n`);
}

interface ScheduleRow {
  readonly id: string;
  readonly paused: boolean;
  readonly next: string;
  readonly last: string;
}

async function listSchedules(client: Client): Promise<ScheduleRow[]> {
  const rows: ScheduleRow[] = [];
  for await (const { scheduleId, action, state, info } of client.schedule.list()) {
    if (action?.type !== 'startWorkflow' || action.workflowType !== sweepWorkflowType) continue;
    rows.push({
      id: scheduleId,
      paused: state.paused,
      next: info.nextActionTimes[0]?.toISOString() ?? '',
      last: info.recentActions.at(-1)?.takenAt.toISOString() ?? '',
    });
  }
  return rows;
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
  say(`Deleted ${id}.`);
}
