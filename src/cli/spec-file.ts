import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { parse } from 'yaml';
import { resolveMission } from '../config/run-spec.ts';
import { HepflowError } from '../contract/failures.ts';
import { gateRules, type Mission, type RunSpec } from '../contract/mission.ts';
import { CommandError } from './exit-code.ts';

/** Adds the options that name a run spec and override it: `SpecChanges`, and `file`. */
export function addSpecOptions(command: Command): Command {
  return command
    .option('-f, --file <path>', 'run spec, YAML or JSON; - is stdin (examples/run.yaml documents every field)')
    .option('--subscription <id>', "Azure subscription; overrides the file's")
    .option('-g, --resource-group <name>', "resource group of the cluster; overrides the file's")
    .option('-c, --cluster <name>', "managed cluster; overrides the file's")
    .addOption(
      new Option('--second-node <when>', "whether to go on with the second node; overrides the file's").choices(
        gateRules,
      ),
    );
}

/** What `run` may override of its file. */
export interface SpecChanges {
  readonly subscription?: string;
  readonly resourceGroup?: string;
  readonly cluster?: string;
  readonly secondNode?: string;
}

/**
 * A run spec as it is sent (without defaults: the worker fills them in), and the mission that it means. Refused with
 * every problem before anything is started.
 */
export function readSpec(path: string | undefined, changes: SpecChanges): { spec: RunSpec; mission: Mission } {
  const given = path === undefined ? {} : parseFile(path);
  const spec = changed(given, changes);
  try {
    return { spec: spec as RunSpec, mission: resolveMission(spec) };
  } catch (error) {
    if (!(error instanceof HepflowError)) throw error;
    const lines = error.problems.map(
      ({ field, message, remedy }) => `  ${[field, message, remedy].filter(Boolean).join(' ')}`,
    );
    const count = lines.length === 1 ? 'a problem' : `${lines.length} problems`;
    const head = `${path ?? 'The run spec'}: ${count}; nothing was started.`;
    throw new CommandError([head, ...lines].join('\n'));
  }
}

/** YAML, of which JSON is a part; `-` is stdin. */
function parseFile(path: string): unknown {
  try {
    return parse(readFileSync(path === '-' ? 0 : path, 'utf8'));
  } catch (error) {
    throw new CommandError(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function changed(spec: unknown, { subscription, resourceGroup, cluster, secondNode }: SpecChanges): unknown {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) return spec;
  const before = (spec as { secondNode?: unknown }).secondNode;
  return {
    ...spec,
    ...(subscription !== undefined && { subscriptionId: subscription }),
    ...(resourceGroup !== undefined && { resourceGroup }),
    ...(cluster !== undefined && { cluster }),
    ...(secondNode !== undefined && {
      secondNode: typeof before === 'object' ? { ...before, when: secondNode } : { when: secondNode },
    }),
  };
}
