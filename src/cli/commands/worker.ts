import type { Command } from 'commander';
import { resolveWorkerOptions } from '../../config/worker-options.ts';
import { addWorkerFlags, resolveOrRefuse } from '../worker-flags.ts';

/** Adds `worker`: its flags and their help come from the table of options. */
export function addWorkerCommand(program: Command): void {
  const command = program
    .command('worker')
    .description('run a worker: it carries out the steps of runs until TERM or INT');
  const flagsIn = addWorkerFlags(command);
  command.addHelpText(
    'after',
    '\nTemporal: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_PROFILE and the other variables of its environment ' +
      'configuration.',
  );
  command.action(async (said: object) => {
    const options = resolveOrRefuse('The worker cannot start', () => resolveWorkerOptions(flagsIn(said)));
    const { runWorker } = await import('../../worker.ts'); // loads the SDK's native part, which no other command needs
    await runWorker(options);
  });
}
