/**
 * The import rules of the house (ARCHITECTURE.md): which folder may import what. `violations` is pure but for reading
 * the files below `root`.
 */
import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, posix, relative, sep } from 'node:path';
import { type Room, rooms } from './import-rules.ts';

/** One sentence for each forbidden import. */
export function violations(root: string): string[] {
  return globSync('{src,lab}/**/*.ts', { cwd: root, exclude: ['**/node_modules/**'] })
    .map((path) => path.split(sep).join('/'))
    .sort()
    .flatMap((file) =>
      importsOf(readFileSync(join(root, file), 'utf8')).flatMap((specifier) => refusal(file, specifier, root) ?? []),
    );
}

function refusal(file: string, specifier: string, root: string): string | undefined {
  const room = roomOf(file);
  if (room === undefined) return undefined;
  if (specifier.startsWith('/')) return `${file} must not import ${relative(root, specifier)} by an absolute path.`;
  const target = specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), specifier)) : specifier;
  const isAllowed = specifier.startsWith('.')
    ? roomOf(target) === room || room.imports.some((path) => isIn(target, path))
    : isBuiltin(specifier)
      ? room.node
      : allowsPackage(room, packageOf(specifier));
  return isAllowed
    ? undefined
    : `${file} must not import ${target} (${room.path} may import ${describeAllowed(room)}).`;
}

const roomOf = (file: string): Room | undefined => rooms.find(({ path }) => isIn(file, path));
const isIn = (file: string, path: string): boolean => file === path || file.startsWith(`${path}/`);

function allowsPackage({ packages }: Room, name: string): boolean {
  const isListed = (listed: readonly string[]): boolean =>
    listed.some((each) => (each.endsWith('/') ? name.startsWith(each) : name === each));
  return 'anyBut' in packages ? !isListed(packages.anyBut) : isListed(packages);
}

/** What a room may import, for people. */
export function describeAllowed({ imports, packages, node }: Room): string {
  const named = 'anyBut' in packages ? [`any package but ${packages.anyBut.join(', ')}`] : packages;
  return [...imports, ...named, ...(node ? ['Node'] : [])].join(', ') || 'nothing';
}

/** `@scope/name` or `name`: what remains of a specifier without its subpath. */
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/**
 * Specifiers of all imports, type-only and dynamic ones too. Comments are left out first; strings that hold `//` do not
 * look like imports.
 */
export function importsOf(source: string): string[] {
  const code = source.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/^\s*\/\/.*$/gm, '');
  const statement = /(?:^|[;\n])\s*(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"]+)['"]/;
  const call = /\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]/;
  const either = new RegExp(`${statement.source}|${call.source}`, 'g');
  return [...code.matchAll(either)].map((match) => match[1] ?? match[2] ?? '');
}

if (import.meta.main) {
  const found = violations(dirname(import.meta.dirname));
  for (const line of found) console.error(line);
  process.exitCode = found.length > 0 ? 1 : 0;
}
