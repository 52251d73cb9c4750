import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommandError } from './exit-code.ts';

/**
 * Runs a program of the checkout that the product knows nothing of, with these arguments, and ends with its exit code.
 * `path` is relative to the repository and has no extension; `missing` is said where there is no such program, as in an
 * installed package.
 */
export async function handOver(path: string, args: readonly string[], missing: string): Promise<void> {
  const program = findProgram(path);
  if (program === undefined) throw new CommandError(missing);
  const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' });
  const ignore = (): void => {}; // the program hears Ctrl-C itself, and ends in its own time
  process.on('SIGINT', ignore);
  const [code] = (await once(child, 'exit')) as [number | null];
  process.off('SIGINT', ignore);
  process.exitCode = code ?? 3;
}

/** Beside this file's room; of a built checkout, what was not built with it stands in the checkout itself. */
export function findProgram(path: string, from: string = import.meta.url): string | undefined {
  const places = from.endsWith('.ts') ? [`../../${path}.ts`] : [`../../${path}.js`, `../../../${path}.ts`];
  return places.map((place) => fileURLToPath(new URL(place, from))).find((file) => existsSync(file));
}
