import type { Command } from 'commander';
import { type WorkerFlags, type WorkerOptionName, workerOptionRows } from '../config/worker-options.ts';
import { HepflowError } from '../contract/failures.ts';
import { CommandError } from './exit-code.ts';

/**
 * Adds `--config` and the named options of the worker, their help from the table; the function gives what was said of
 * them.
 */
export function addWorkerFlags(
  command: Command,
  names = Object.keys(workerOptionRows) as readonly WorkerOptionName[],
): (said: object) => WorkerFlags {
  command.option('--config <file>', 'YAML or JSON file with options (HEPFLOW_CONFIG)');
  const byFlag = new Map<string, WorkerOptionName | 'config'>([['config', 'config']]);
  for (const name of names) {
    const row = workerOptionRows[name];
    const fallback = 'fallback' in row ? `; default: ${row.fallback}` : '';
    command.option(`${row.flag} <value>`, `${row.help}${fallback} (${row.variable})`);
    byFlag.set(camelCase(row.flag), name);
  }
  return (said) =>
    Object.fromEntries(
      Object.entries(said).flatMap(([flag, value]) => (byFlag.has(flag) ? [[byFlag.get(flag), value]] : [])),
    );
}

/** Every problem of the options at once, below a sentence that says what they prevent. */
export function resolveOrRefuse<T>(what: string, resolve: () => T): T {
  try {
    return resolve();
  } catch (error) {
    if (!(error instanceof HepflowError)) throw error;
    const lines = error.message.split('\n');
    throw new CommandError(
      [
        `${what}: ${lines.length === 1 ? 'a problem' : `${lines.length} problems`}.`,
        ...lines.map((line) => `  ${line}`),
      ].join('\n'),
    );
  }
}

/** A flag as commander names it: `--key-secret-file` is `keySecretFile`. */
const camelCase = (flag: string): string =>
  flag.replace(/^--/, '').replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
