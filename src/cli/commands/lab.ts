import type { Command } from 'commander';
import { handOver } from '../hand-over.ts';

/** Adds `lab`, which hands everything to the lab's own program: the product knows nothing of the lab. */
export function addLabCommand(program: Command): void {
  program
    .command('lab')
    .description('a stand-in Azure and a real cluster on this machine: lab up|down|status|env (lab --help tells more)')
    .argument('[arguments...]')
    .allowUnknownOption()
    .helpOption(false)
    .action((args: string[]) => handOver('lab/main', args, 'This installation of hepflow has no lab; use a checkout.'));
}
