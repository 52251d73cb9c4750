import type { Command } from 'commander';
import { handOver } from '../hand-over.ts';

/**
 * Adds `self-test`, which hands everything to a program of the checkout: it needs the lab, which the product knows
 * nothing of.
 */
export function addSelfTestCommand(program: Command): void {
  program
    .command('self-test')
    .description('breaks a lab in every known way and checks that the report says so (self-test --help tells more)')
    .argument('[arguments...]')
    .allowUnknownOption()
    .helpOption(false)
    .action((args: string[]) =>
      handOver(
        'test/self-test/main',
        args,
        'This installation of hepflow has no self-test: it needs the lab. Use a checkout.',
      ),
    );
}
