import { existsSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * The folder of compiled code, kept for the next start. Code in it runs as this user, so nobody else may put any there:
 * undefined unless the folder, and each above it up to the user's cache, is a real one that only this user writes to.
 */
export function findCompileCache(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const given = env['XDG_CACHE_HOME'] ?? '';
  const home = isAbsolute(given) ? given : join(homedir(), '.cache');
  const own = join(home, 'hepflow');
  const folder = join(own, 'node');
  try {
    for (const each of [home, own, folder]) {
      if (!existsSync(each)) mkdirSync(each, { mode: 0o700 });
      if (!isOwnFolder(each === home ? statSync(each) : lstatSync(each))) return undefined;
    }
    return folder;
  } catch {
    return undefined; // no home, or a file in the way: it works without
  }
}

const isOwnFolder = (found: { isDirectory(): boolean; uid: number; mode: number }): boolean =>
  found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
