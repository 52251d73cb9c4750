import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { buildPrograms } from './build.ts';
import { hashModule, type ProgramName, readPinnedVersion, recipes } from './catalogue.ts';

export { type ProgramName, programNames } from './catalogue.ts';

export type Programs<Name extends ProgramName = ProgramName> = Record<Name, string>;

/**
 * Resolves to the absolute paths of the lab's programs. Each is searched in this order: the folder HEPFLOW_TOOLS
 * (trusted as it is), what was built before (`$XDG_CACHE_HOME/hepflow/tools`, default `~/.cache`), KUBEBUILDER_ASSETS
 * and PATH (both only with the pinned version); else it is built with Go. Throws with the remedy in the message when a
 * program is missing and cannot be built.
 */
export async function providePrograms<const Names extends readonly ProgramName[]>(
  names: Names,
  onProgress: (line: string) => void = () => {},
  env: NodeJS.ProcessEnv = process.env,
): Promise<Programs<Names[number]>> {
  const found = await findPrograms(names, env);
  const missing = names.filter((name) => found[name] === undefined);
  if (missing.length > 0) await buildPrograms(missing, (name) => locateCachedProgram(name, env), onProgress, env);
  return Object.fromEntries(names.map((name) => [name, found[name] ?? locateCachedProgram(name, env)])) as Programs<
    Names[number]
  >;
}

/** What `programs` would find without building anything. */
export async function findPrograms(
  names: readonly ProgramName[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<Partial<Programs>> {
  const entries = await Promise.all(names.map(async (name) => [name, await findProgram(name, env)] as const));
  return Object.fromEntries(entries.filter(([, path]) => path !== undefined));
}

/** Where a built program is kept; shared by every checkout of the same user that pins the same modules. */
export function locateCachedProgram(name: ProgramName, env: NodeJS.ProcessEnv = process.env): string {
  const { module } = recipes[name];
  return join(locateCache(env), `${module}-${hashModule(module)}`, name);
}

export const locateCache = (env: NodeJS.ProcessEnv): string =>
  join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'hepflow', 'tools');

async function findProgram(name: ProgramName, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const trusted = [
    ...splitFolders(env['HEPFLOW_TOOLS']).map((folder) => join(folder, name)),
    locateCachedProgram(name, env),
  ].find(isExecutable);
  if (trusted !== undefined) return trusted;
  for (const folder of [...splitFolders(env['KUBEBUILDER_ASSETS']), ...splitFolders(env['PATH'])]) {
    const path = join(folder, name);
    if (isExecutable(path) && (await hasPinnedVersion(name, path))) return path;
  }
  return undefined;
}

const splitFolders = (list: string | undefined): string[] =>
  (list ?? '').split(delimiter).filter((folder) => folder.startsWith('/'));

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function hasPinnedVersion(name: ProgramName, path: string): Promise<boolean> {
  const output = await new Promise<string>((resolve) => {
    execFile(path, recipes[name].versionArguments, { timeout: 10_000 }, (_, stdout) => resolve(stdout));
  });
  return output.match(/\bv?(\d+\.\d+\.\d+\S*)/)?.[1] === readPinnedVersion(name);
}
