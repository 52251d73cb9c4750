/** Runs the command line. */
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { type Command, CommanderError } from 'commander';
import { findCompileCache } from './compile-cache.ts';
import { CommandError, exitCodes } from './exit-code.ts';
import { createProgram } from './program.ts';
import { explainError } from './temporal.ts';
import { say } from './terminal.ts';

/** package.json lies above src/ in a checkout, and above dist/src/ in the package. */
function version(): string {
  const depth = import.meta.url.endsWith('.ts') ? '../..' : '../../..';
  return (JSON.parse(readFileSync(new URL(`${depth}/package.json`, import.meta.url), 'utf8')) as { version: string })
    .version;
}

/** Commander would end the process itself; main decides the exit code. */
function exitsHere(command: Command): void {
  command.exitOverride();
  command.commands.forEach(exitsHere);
}

const cache = findCompileCache();
if (cache !== undefined) enableCompileCache(cache); // what a worker loads later is large

try {
  const program = createProgram(version());
  exitsHere(program);
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCodes.couldNotRun;
  else {
    say(explainError(error), process.stderr);
    process.exitCode = error instanceof CommandError ? error.exitCode : exitCodes.couldNotRun;
  }
}
// What was written is read, then the process ends: gRPC would go on with calls that nobody waits for any more.
await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
process.exit();
