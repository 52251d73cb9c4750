/** Commands that start, follow, steer and list runs. */

import { type Client, WorkflowExecutionAlreadyStartedError, type WorkflowHandle } from '@temporalio/client';
import { type Command, Option } from 'commander';
import { finishSignal, labelNode2Signal, taskQueue, workflowType } from '../../contract/messages.ts';
import type { Mission } from '../../contract/mission.ts';
import { formJson, makeLine } from '../../contract/printable.ts';
import { formCommand } from '../../contract/shell.ts';
import { writeWhole } from '../../report/write.ts';
import { explainNoReport } from '../cut-short.ts';
import { type FollowFlags, followToEnd } from '../ending.ts';
import { CommandError, chooseExitCode } from '../exit-code.ts';
import { type ReportFormat, renderReport, reportFormats } from '../report-forms.ts';
import { fetchReport } from '../run-report.ts';
import { addSpecOptions, readSpec, type SpecChanges } from '../spec-file.ts';
import { createWorkflowId, findRun, readClusterAttribute, readKind, withTemporal } from '../temporal.ts';
import { say } from '../terminal.ts';
import { addListCommand } from './list.ts';
import { followSweepToEnd, reportSweep } from './sweep.ts';
import { addVerifyCommand } from './verify.ts';

const queueOption = (): Option =>
  new Option('--task-queue <name>', 'task queue of the workers').env('HEPFLOW_TASK_QUEUE').default(taskQueue);

interface RunFlags extends SpecChanges, FollowFlags {
  readonly file?: string;
  readonly detach?: boolean;
  readonly id?: string;
}

export function addRunCommands(program: Command): void {
  addRun(program);
  addWatch(program);
  addSteering(program);
  addReport(program);
  addListCommand(program);
}

function addRun(program: Command): void {
  addSpecOptions(program.command('run').description('start a run and follow it to its end'))
    .option('--id <workflow-id>', 'workflow id; default: hepflow-<cluster>-<6 random characters>')
    .option('--detach', 'start only, and print the workflow id')
    .option('--report <file>', 'write the report: .html, .xml (JUnit), .md, or else JSON')
    .option('--json', 'print the report (with --detach: the ids) as JSON on stdout, progress on stderr')
    .addOption(queueOption())
    .action(async (flags: RunFlags) => {
      process.exitCode = await startRun(flags);
    });
}

function addWatch(program: Command): void {
  program
    .command('watch <id>')
    .description('follow a run to its end')
    .option('--report <file>', 'write the report: .html, .xml (JUnit), .md, or else JSON')
    .option('--json', 'print the report as JSON on stdout, progress on stderr')
    .addOption(queueOption())
    .action(async (id: string, flags: FollowFlags) => {
      process.exitCode = await withTemporal(async (client) => {
        const handle = await findRun(client, id);
        return (await readKind(handle)) === 'run' ? followToEnd(handle, flags) : watchSweep(handle, flags);
      });
    });
}

function watchSweep(handle: WorkflowHandle, flags: FollowFlags): Promise<number> {
  if (flags.report !== undefined)
    throw new CommandError(`${JSON.stringify(handle.workflowId)} is a sweep, which has no report file; use --json.`);
  return followSweepToEnd(handle, flags);
}

function addSteering(program: Command): void {
  const signals = [
    [
      'label-node-2',
      labelNode2Signal,
      'go on with the second node of a run that waits for it',
      'Sent: the second node comes next.',
    ],
    [
      'finish',
      finishSignal,
      'end the wait of a run: for the second node, or before the cleanup',
      'Sent: the run ends its wait.',
    ],
  ] as const;
  for (const [name, signal, description, said] of signals) {
    program
      .command(`${name} <id>`)
      .description(description)
      .action((id: string) => steer(id, (client) => client.workflow.getHandle(id).signal(signal), said));
  }
  program
    .command('cancel <id>')
    .description('stop a run; everything is undone')
    .action((id: string) =>
      steer(
        id,
        (client) => client.workflow.getHandle(id).cancel(),
        `Asked: the run stops and undoes everything. ${formCommand('hepflow', 'watch', id)} follows it.`,
      ),
    );
}

function addReport(program: Command): void {
  const report = program
    .command('report <id>')
    .description('print the report of a run, under way or closed')
    .addOption(new Option('--format <format>', 'form of the report').choices(reportFormats).default('text'))
    .option('--json', 'the same as --format json')
    .option('--output <file>', 'write to a file instead of stdout')
    .action(async (id: string, { format, json, output }: { format: ReportFormat; json?: boolean; output?: string }) => {
      const { text, exitCode } = await withTemporal(async (client) => {
        const handle = await findRun(client, id);
        const form = json ? 'json' : format;
        return (await readKind(handle)) === 'run' ? reportRun(handle, form) : reportSweep(handle, form);
      });
      if (output === undefined) process.stdout.write(text);
      else await writeWhole(output, text);
      process.exitCode = exitCode;
    });
  addVerifyCommand(report);
}

async function reportRun(
  handle: WorkflowHandle,
  format: ReportFormat,
): Promise<{ readonly text: string; readonly exitCode: number }> {
  const report = await fetchReport(handle);
  if (report !== undefined) return { text: renderReport(report, format), exitCode: chooseExitCode(report) };
  const { status } = await handle.describe();
  const { workflowId: id } = handle;
  throw explainNoReport(id, status.name, `There is no report of ${id}: no worker answers. Start one: hepflow worker`);
}

async function startRun({ file, detach, id, ...flags }: RunFlags): Promise<number> {
  const { spec, mission } = readSpec(file, flags);
  return withTemporal(async (client) => {
    const workflowId = id ?? createWorkflowId(mission.cluster);
    const attributes = await readClusterAttribute(client, mission.cluster);
    const handle = await client.workflow
      .start(workflowType, {
        ...{ taskQueue: flags.taskQueue, workflowId, args: [spec] },
        ...{ ...describeRun(mission), ...attributes },
      })
      .catch((error: unknown) => {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        const watch = formCommand('hepflow', 'watch', workflowId);
        throw new CommandError(`A run ${workflowId} is under way already. To follow it: ${watch}`);
      });
    if (detach) {
      process.stdout.write(
        flags.json
          ? `${formJson({ workflowId: handle.workflowId, firstExecutionRunId: handle.firstExecutionRunId }, 0)}\n`
          : `${makeLine(handle.workflowId)}\n`,
      );
      return 0;
    }
    say(`Started ${handle.workflowId}`, process.stderr);
    return followToEnd(handle, flags);
  });
}

/** What the Web UI shows of a run before it says anything itself. */
function describeRun({ cluster, resourceGroup, subscriptionId, workload, secondNode, cleanup }: Mission): {
  staticSummary: string;
  staticDetails: string;
} {
  return {
    staticSummary: `Host endpoints of AKS cluster ${cluster}: does a deny on NodePort ${workload.nodePort} bite?`.slice(
      0,
      200,
    ),
    staticDetails: [
      `- cluster \`${cluster}\`, resource group \`${resourceGroup}\`, subscription \`${subscriptionId}\``,
      `- deployment \`${workload.namespace}/${workload.deployment}\` on NodePort ${workload.nodePort}`,
      `- second node: ${secondNode.when}; cleanup: ${cleanup.when}`,
    ].join('\n'),
  };
}

async function steer(id: string, act: (client: Client) => Promise<unknown>, said: string): Promise<void> {
  await withTemporal(async (client) => {
    const { status } = await (await findRun(client, id)).describe();
    if (status.name !== 'RUNNING') throw new CommandError(`The run ${id} is over (${status.name}).`);
    await act(client);
  });
  say(said);
}
