/** Checks that read the sources and run nothing of them. Each gives what is wrong, or nothing. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { bundle } from './bundle.ts';
import { violations } from './check-imports.ts';
import { findForbiddenLicences, listLicences } from './licences.ts';

export const root = dirname(import.meta.dirname);

export interface StaticCheck {
  readonly name: string;
  /** The empty string: all is well. */
  run(): Promise<string> | string;
}

export const staticChecks: readonly StaticCheck[] = [
  { name: 'the types hold (tsc)', run: () => command('tsc', '-p', '.', '--pretty', 'false') },
  {
    name: 'the sources are formatted and clean (biome)',
    run: () => command('biome', 'check', '--colors=off', '--max-diagnostics=40', '.'),
  },
  { name: 'no line of code is longer than 120 characters', run: longLines },
  { name: 'no type of src has the name of another', run: twiceNamedTypes },
  { name: 'every folder imports only what it may', run: () => violations(root).join('\n') },
  {
    name: 'every package that hepflow runs with has a permissive licence',
    run: () => findForbiddenLicences(listLicences(root)).join('\n'),
  },
  { name: 'all of @temporalio shares one protobufjs', run: oneProtobuf },
  {
    name: 'the workflows can be bundled, so they need nothing of Node',
    run: () =>
      bundle().then(
        () => '',
        (error: Error) => error.message,
      ),
  },
];

/** One word for one thing: whoever reads a type's name need not look where it comes from. */
function twiceNamedTypes(): string {
  const declared = globSync('src/**/*.ts', { cwd: root }).flatMap((file) =>
    [
      ...readFileSync(join(root, file), 'utf8').matchAll(
        /^(?:export )?(?:abstract )?(?:interface|class|enum|type) (\w+)/gm,
      ),
    ].map(([, name = '']) => ({ name, file })),
  );
  return [...Map.groupBy(declared, ({ name }) => name)]
    .filter(([, places]) => places.length > 1)
    .map(([name, places]) => `${name}: ${places.map(({ file }) => file).join(', ')}`)
    .join('\n');
}

/** Comments and texts too, which the formatter leaves as they are. Tests may quote longer sentences of others. */
function longLines(): string {
  const folders = ['src', 'lab', 'scripts', 'bench'];
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root, exclude: ['**/node_modules'] }));
  return files
    .flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => (line.length > 120 ? [`${file}:${index + 1}: ${line.length} characters`] : [])),
    )
    .join('\n');
}

function command(name: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(join(root, 'node_modules', '.bin', name), args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  return status === 0 ? '' : `${stdout}${stderr}`.trim() || `${name} ended with exit code ${status}.`;
}

/**
 * Two copies break the reading of JSON histories with `TypeError: type must be a Type`; a plain install of the SDK
 * gives three.
 */
function oneProtobuf(): string {
  const packages = ['@temporalio/common', '@temporalio/proto', '@temporalio/worker', '@temporalio/client'];
  const found = packages.map((name) => {
    const from = createRequire(join(root, 'node_modules', name, 'package.json'));
    return [name, realpathSync(from.resolve('protobufjs'))] as const;
  });
  return new Set(found.map(([, path]) => path)).size === 1 ? '' : found.map((pair) => pair.join(' uses ')).join('\n');
}
