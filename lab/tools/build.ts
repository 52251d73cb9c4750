import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { formatLinkerFlags, type ProgramName, recipes, toolsFolder } from './catalogue.ts';

/** Go that the pinned modules ask for. */
const wantedGo = [1, 25] as const;

/**
 * Builds programs one after the other from the pinned modules, each installed by a rename. A second process waits for
 * the lock and then finds them built. The lock is held by a child process that ends with this one, so a killed build
 * leaves none behind.
 */
export async function buildPrograms(
  names: readonly ProgramName[],
  placeOf: (name: ProgramName) => string,
  onProgress: (line: string) => void,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  await demandGo(names, env);
  const lockFile = join(dirname(dirname(placeOf(names[0] ?? 'etcd'))), '.lock');
  mkdirSync(dirname(lockFile), { recursive: true });
  const unlock = await lock(lockFile, () =>
    onProgress('Another hepflow is building the lab programs; waiting for it.'),
  );
  try {
    const missing = names.filter((name) => !existsSync(placeOf(name)));
    const seconds = missing.reduce((sum, name) => sum + recipes[name].typicalSeconds, 0);
    if (missing.length > 0)
      onProgress(
        `Building ${missing.join(', ')} with Go, once for this machine: ` +
          `about ${formatMinutes(seconds)} on 2 cores, less when Go has built them before.`,
      );
    for (const [index, name] of missing.entries())
      await buildOne(name, placeOf(name), `${index + 1} of ${missing.length}`, onProgress, env);
  } finally {
    unlock();
  }
}

async function buildOne(
  name: ProgramName,
  place: string,
  which: string,
  onProgress: (line: string) => void,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const { module, package: path, typicalSeconds } = recipes[name];
  const temporary = join(dirname(place), `.${basename(place)}.${process.pid}`);
  mkdirSync(dirname(place), { recursive: true });
  const startedAt = Date.now();
  const elapsed = () => `${Math.round((Date.now() - startedAt) / 1000)} s`;
  onProgress(`  ${name} (${which}): building, typically ${formatMinutes(typicalSeconds)}`);
  const timer = setInterval(
    () => onProgress(`  ${name} (${which}): ${elapsed()} of typically ${formatMinutes(typicalSeconds)}`),
    20_000,
  );
  try {
    const args = ['build', '-trimpath', '-buildvcs=false', '-ldflags', formatLinkerFlags(name), '-o', temporary, path];
    await runGo(args, { ...env, CGO_ENABLED: '0' }, join(toolsFolder, module));
    renameSync(temporary, place);
    onProgress(`  ${name} (${which}): built in ${elapsed()}`);
  } catch (error) {
    throw new Error(
      `${name} could not be built: ${(error as Error).message}\nRemedy: make the Go module proxy reachable ` +
        `(go env GOPROXY), or put ${name} into a folder named by HEPFLOW_TOOLS.`,
    );
  } finally {
    clearInterval(timer);
    rmSync(temporary, { force: true });
  }
}

async function demandGo(names: readonly ProgramName[], env: NodeJS.ProcessEnv): Promise<void> {
  const remedy =
    `Install Go ${wantedGo.join('.')} or newer (https://go.dev/dl), ` +
    `or name a folder that holds ${names.join(', ')} in HEPFLOW_TOOLS.`;
  const version = await runGo(['version'], env).catch(() => '');
  const [, major, minor] = version.match(/go(\d+)\.(\d+)/) ?? [];
  if (major === undefined)
    throw new Error(`Go is needed to build ${names.join(', ')}, and there is none on PATH. ${remedy}`);
  const old = Number(major) < wantedGo[0] || (Number(major) === wantedGo[0] && Number(minor) < wantedGo[1]);
  if (old)
    throw new Error(
      `Go ${wantedGo.join('.')} or newer is needed to build ${names.join(', ')}; ` +
        `PATH has ${version.trim()}. ${remedy}`,
    );
}

function runGo(args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('go', args, { env, ...(cwd && { cwd }), maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.trim().split('\n').slice(-8).join('\n') || error.message));
      else resolve(stdout);
    });
  });
}

/** Takes a lock across the processes of this machine; the returned function releases it. */
async function lock(file: string, onWait: () => void): Promise<() => void> {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held && exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting = setTimeout(onWait, 1000);
  try {
    await Promise.race([
      once(holder.stdout, 'data'),
      once(holder, 'exit').then(() => Promise.reject(new Error(`${file} cannot be locked.`))),
    ]);
  } finally {
    clearTimeout(waiting);
  }
  return () => holder.stdin.end();
}

const formatMinutes = (seconds: number): string => (seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`);
