import type { Command } from 'commander';
import { resolveReaderOptions } from '../../config/worker-options.ts';
import type { Checkup } from '../../contract/diagnosis.ts';
import { formJson } from '../../contract/printable.ts';
import { formatCheckup } from '../checkup-text.ts';
import { CommandError } from '../exit-code.ts';
import { addSpecOptions, readSpec, type SpecChanges } from '../spec-file.ts';
import { openTerminal } from '../terminal.ts';
import { addWorkerFlags, resolveOrRefuse } from '../worker-flags.ts';

interface DoctorFlags extends SpecChanges {
  readonly file?: string;
  readonly json?: boolean;
}

/** Adds `doctor`: preflight told in full, read only, without Temporal or a worker. */
export function addDoctorCommand(program: Command): void {
  const command = addSpecOptions(
    program.command('doctor').description('look at everything that a run would depend on, and change nothing'),
  );
  const flagsIn = addWorkerFlags(command, [
    'azureCloud',
    'armEndpoint',
    'armScope',
    'authorityHost',
    'kubeconfig',
    'allow',
  ]);
  command
    .option('--json', 'as JSON on stdout, progress on stderr')
    .addHelpText(
      'after',
      '\nIt needs the credentials and endpoints of a worker, but neither a worker nor Temporal: whether the run that ' +
        'holds a cluster is over is not asked.\n' +
        'Exit codes: 0 no problem, 1 a problem, 3 could not look. docs/doctor.md tells what is looked at.',
    )
    .action(async (flags: DoctorFlags) => {
      const [{ mission }, options] = both(
        () => readSpec(flags.file, flags),
        () => resolveOrRefuse('The doctor cannot look', () => resolveReaderOptions(flagsIn(flags))),
      );
      const { checkUp } = await import('../../worker/doctor.ts'); // loads SDKs, which no other command needs
      const checkup = await patiently(checkUp(options, mission));
      await present(checkup, flags.json === true);
      // At once: Azure's SDK leaves the time limit of a request that failed running, and the process with it.
      process.exit(checkup.counts.problem > 0 ? 1 : 0);
    });
}

/** What is wrong with either is told at once. */
function both<A, B>(one: () => A, other: () => B): [A, B] {
  const refusals: string[] = [];
  const attempt = <T>(resolve: () => T): T | undefined => {
    try {
      return resolve();
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      refusals.push(error.message);
      return undefined;
    }
  };
  const [a, b] = [attempt(one), attempt(other)];
  if (refusals.length > 0 || a === undefined || b === undefined) throw new CommandError(refusals.join('\n'));
  return [a, b];
}

/** Resolves when everything is written. */
function present(checkup: Checkup, json: boolean): Promise<void> {
  const { paint, columns } = openTerminal(process.stdout);
  const text = json ? `${formJson(checkup)}\n` : formatCheckup(checkup, { paint, columns: columns() });
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

/** Says on stderr that it goes on, when it takes longer than a second. */
async function patiently<T>(work: Promise<T>): Promise<T> {
  const started = Date.now();
  const say = (): void =>
    void process.stderr.write(`Asking Azure and the cluster, for ${Math.round((Date.now() - started) / 1000)} s now\n`);
  const first = setTimeout(say, 1000);
  const more = setInterval(say, 10_000);
  try {
    return await work;
  } finally {
    clearTimeout(first);
    clearInterval(more);
  }
}
