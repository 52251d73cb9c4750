import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { CommandError } from '../exit-code.ts';

/** Adds `lab`, which hands everything to the lab's own program: the product knows nothing of the lab. */
export function addLabCommand(program: Command): void {
  program
    .command('lab')
    .description('a stand-in Azure and a real cluster on this machine: lab up|down|status|env (lab --help tells more)')
    .argument('[arguments...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: string[]) => {
      const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
      const labProgram = fileURLToPath(new URL(`../../../lab/main.${extension}`, import.meta.url));
      if (!existsSync(labProgram)) throw new CommandError('This installation of hepflow has no lab; use a checkout.');
      const child = spawn(process.execPath, [labProgram, ...args], { stdio: 'inherit' });
      const ignore = (): void => {}; // the lab hears Ctrl-C itself, and ends in its own time
      process.on('SIGINT', ignore);
      const [code] = (await once(child, 'exit')) as [number | null];
      process.off('SIGINT', ignore);
      process.exitCode = code ?? 3;
    });
}
