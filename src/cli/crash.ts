/** How the process ends when nothing else says how: never with 1, which is a FAIL of a run. */

// Nothing but constants is imported: this must work where other files cannot even be loaded.
import { exitCodes } from './exit-code.ts';

/** Whether this Node can load the program; says so, and ends the process, where it cannot. */
export function requireNode(version: string = process.versions.node): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 19)) return;
  process.stderr.write(`hepflow needs Node 22.19 or newer; this is ${version}. Remedy: https://nodejs.org\n`);
  process.exit(exitCodes.couldNotRun);
}

/** An error that nothing catches is told, and ends the process; a reader that goes away ends it without a word. */
export function endOnCrash(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(exitCodes.readerGone);
      throw error;
    });
  process.on('uncaughtException', (error: unknown) => {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    // Controls in others' words must not reach the terminal.
    process.stderr.write(`hepflow ended unexpectedly: ${told.replaceAll(/[^\P{Cc}\n\t]/gu, '?')}\n`);
    process.exit(exitCodes.couldNotRun);
  });
}
