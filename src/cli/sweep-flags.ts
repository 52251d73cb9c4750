/** What `hepflow sweep` and `hepflow schedule sweep` are told: where, and how old. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { parse } from 'yaml';
import { parseDurationMs, resolveSweep } from '../config/sweep-spec.ts';
import { HepflowError } from '../contract/failures.ts';
import { taskQueue } from '../contract/messages.ts';
import type { SweepSpec } from '../contract/sweep.ts';
import { CommandError } from './exit-code.ts';

export interface SweepFlags {
  readonly file?: string;
  readonly subscription?: string;
  readonly resourceGroup?: string;
  readonly cluster?: string;
  readonly vmResourceGroup?: string;
  readonly olderThan: string;
  readonly dryRun?: boolean;
  readonly taskQueue: string;
}

export const addSweepFlags = (command: Command): Command =>
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
export function readSweepSpec(flags: SweepFlags): SweepSpec {
  const file = flags.file === undefined ? {} : readFile(flags.file);
  const given = {
    subscriptionId: flags.subscription ?? file.subscriptionId,
    resourceGroup: flags.resourceGroup ?? file.resourceGroup,
    cluster: flags.cluster ?? file.cluster,
    vmResourceGroup: flags.vmResourceGroup ?? file.vm?.resourceGroup,
    olderThanMs: parseDuration('--older-than', flags.olderThan),
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

function readFile(path: string): FileParts {
  try {
    const content: unknown = parse(readFileSync(path === '-' ? 0 : path, 'utf8'));
    if (typeof content !== 'object' || content === null) throw new Error('it holds no fields');
    return content;
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

/** In milliseconds. */
export function parseDuration(flag: string, text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined) return ms;
  const form = 'a whole number with s, m, h or d, such as 90s, 30m, 2h or 1d, or 0';
  throw new CommandError(`${flag} must be ${form}; got ${text}`);
}

/** What the Web UI shows of a sweep before it reports anything itself. */
export function describeSweep({ cluster, olderThanMs = 0, dryRun }: SweepSpec): { staticSummary: string } {
  const does = dryRun ? 'Show' : 'Remove';
  const what = `${does} what dead runs on AKS cluster ${cluster} left more than ${olderThanMs / 60_000} min ago`;
  return { staticSummary: what.slice(0, 200) };
}
