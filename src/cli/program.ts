import { Command } from 'commander';
import { addCodecServerCommand } from './commands/codec-server.ts';
import { addDoctorCommand } from './commands/doctor.ts';
import { addLabCommand } from './commands/lab.ts';
import { addRunCommands } from './commands/runs.ts';
import { addScheduleCommands } from './commands/schedule.ts';
import { addSelfTestCommand } from './commands/self-test.ts';
import { addSshCommand } from './commands/ssh.ts';
import { addSweepCommand } from './commands/sweep.ts';
import { addWorkerCommand } from './commands/worker.ts';

/** The command line `hepflow`, not yet run. */
export function createProgram(version: string): Command {
  const program = new Command('hepflow');
  program
    .description(
      "Proves on a live AKS cluster that Calico automatic host endpoints protect the nodes' ports, " +
        'then undoes everything.',
    )
    .version(version)
    .enablePositionalOptions()
    .showHelpAfterError('(hepflow --help tells more)')
    .addHelpText(
      'after',
      '\nExit codes of run, watch and report: 0 all PASS, 1 a FAIL, 2 INCONCLUSIVE, 3 could not run, ' +
        '4 something is left behind, 5 (report only) still under way, 130 detached by Ctrl-C.\n' +
        'Temporal is found by its environment configuration: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, ' +
        'TEMPORAL_PROFILE, ...',
    );
  addRunCommands(program);
  addDoctorCommand(program);
  addSshCommand(program);
  addSweepCommand(program);
  addScheduleCommands(program);
  addWorkerCommand(program);
  addCodecServerCommand(program);
  addLabCommand(program);
  addSelfTestCommand(program);
  return program;
}
