import type { Command } from 'commander';
import { resolveWorkerOptions, type WorkerFlags, type WorkerOptionName, workerOptionRows } from '../../config/worker-options.ts';
import { HepflowError } from '../../contract/failures.ts';
import { CommandError } from '../exit-code.ts';

/** Adds `worker`: its flags and their help come from the table of options. */
export function addWorkerCommand(program: Command): void {
  const command = program
    .command('worker')
    .description('run a worker: it carries out the steps of runs until TERM or INT')
    .option('--config <file>', 'YAML or JSON file with options (HEPFLOW_CONFIG)');
  const names = new Map<string, WorkerOptionName>();
  for (const [name, row] of Object.entries(workerOptionRows)) {
    const fallback = 'fallback' in row ? `; default: ${row.fallback}` : '';
    command.option(`${row.flag} <value>`, `${row.help}${fallback} (${row.variable})`);
    names.set(camelCase(row.flag), name as WorkerOptionName);
  }
  command.addHelpText('after', '\nTemporal: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_PROFILE and the other variables of its environment configuration.');
  command.action(async (flags: Record<string, string>) => {
    const byName = Object.fromEntries(Object.entries(flags).map(([key, value]) => [names.get(key) ?? key, value])) as WorkerFlags;
    const options = resolved(byName);
    const { runWorker } = await import('../../worker.ts'); // loads the SDK's native part, which no other command needs
    await runWorker(options);
  });
}

function resolved(flags: WorkerFlags): ReturnType<typeof resolveWorkerOptions> {
  try {
    return resolveWorkerOptions(flags);
  } catch (error) {
    if (!(error instanceof HepflowError)) throw error;
    const lines = error.message.split('\n');
    throw new CommandError(
      [`The worker cannot start: ${lines.length === 1 ? 'a problem' : `${lines.length} problems`}.`, ...lines.map((line) => `  ${line}`)].join('\n'),
    );
  }
}

/** A flag as commander names it: `--key-secret-file` is `keySecretFile`. */
const camelCase = (flag: string): string => flag.replace(/^--/, '').replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
