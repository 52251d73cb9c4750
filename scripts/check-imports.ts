/** The import rules of the house (ARCHITECTURE.md): which folder may import what. `violations` is pure but for reading the files below `root`. */
import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, posix, relative, sep } from 'node:path';

interface Rule {
  /** Paths that the rule is for; the first rule that matches a file counts. */
  readonly files: RegExp;
  /** Paths of the repository that these files may import, beside themselves. */
  readonly paths: RegExp;
  /** Packages that they may import. */
  readonly packages: RegExp;
  /** Whether they may import Node's own modules. */
  readonly node: boolean;
}

const none = /^$/;
const technologies = '@azure/|@kubernetes/|ssh2$';

const rules: readonly Rule[] = [
  { files: /^src\/contract\//, paths: /^src\/contract\//, packages: none, node: false },
  { files: /^src\/checks\//, paths: /^src\/(checks|contract)\//, packages: none, node: false },
  { files: /^src\/manifests\//, paths: /^src\/(manifests|contract)\//, packages: none, node: false },
  {
    files: /^src\/workflows\//,
    paths: /^src\/(workflows|contract|checks)\/|^src\/manifests\/names\.ts$/,
    packages: /^@temporalio\/(workflow|common)$/,
    node: false,
  },
  {
    files: /^src\/activities\//,
    paths: /^src\/(activities|contract|manifests|adapters|prober)\/|^src\/verify\/seal\.ts$/,
    packages: new RegExp(`^(?!${technologies})`),
    node: true,
  },
  { files: /^src\/verify\//, paths: /^src\/(verify|contract|checks)\//, packages: /^(canonicalize|zod)$/, node: true },
  { files: /^src\/prober\//, paths: /^src\/(prober|contract)\//, packages: /^zod$/, node: true },
  {
    files: /^src\/adapters\/azure\//,
    paths: /^src\/(adapters\/azure|contract)\//,
    packages: /^(@azure\/|ipaddr\.js$)/,
    node: true,
  },
  {
    files: /^src\/adapters\/kubernetes\//,
    paths: /^src\/(adapters\/kubernetes|contract)\//,
    packages: /^(?!@temporalio\/|@azure\/|ssh2$)/,
    node: true,
  },
  {
    files: /^src\/adapters\/ssh\//,
    paths: /^src\/(adapters\/ssh|contract)\//,
    packages: /^(?!@temporalio\/|@azure\/|@kubernetes\/)/,
    node: true,
  },
  {
    files: /^src\/adapters\/temporal\//,
    paths: /^src\/(adapters\/temporal|contract)\//,
    packages: /^@temporalio\/(client|common)$/,
    node: true,
  },
  {
    files: /^src\/(config|report)\//,
    paths: /^src\/(config|report|contract)\//,
    packages: new RegExp(`^(?!@temporalio/|${technologies})`),
    node: true,
  },
  {
    files: /^src\/codec\//,
    paths: /^src\/(codec|contract)\/|^src\/config\/payload-keys\.ts$/,
    packages: /^@temporalio\/(common|proto)$/,
    node: true,
  },
  {
    files: /^src\/cli\//,
    paths:
      /^src\/(cli|contract|config|report|codec|verify)\/|^src\/adapters\/ssh\/keys\.ts$|^src\/(worker|doctor)\.ts$/,
    packages: /^(?!@temporalio\/worker$|@azure\/|@kubernetes\/|ssh2$)/,
    node: true,
  },
  { files: /^src\/(worker(\.ts|\/)|doctor\.ts|tools\.ts)/, paths: /^src\/(?!cli\/)/, packages: /^/, node: true },
  { files: /^src\//, paths: none, packages: none, node: false },
  { files: /^lab\//, paths: /^(lab|deploy)\//, packages: /^(?!@azure\/)/, node: true },
];

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
  const rule = rules.find(({ files }) => files.test(file));
  if (rule === undefined) return undefined;
  const target = specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), specifier)) : specifier;
  if (specifier.startsWith('/')) return `${file} must not import ${relative(root, specifier)} by an absolute path.`;
  const allowed = specifier.startsWith('.')
    ? rule.paths.test(target)
    : isBuiltin(specifier)
      ? rule.node
      : rule.packages.test(packageOf(specifier));
  return allowed
    ? undefined
    : `${file} must not import ${target} (allowed: ${
        [rule.paths, rule.packages]
          .filter((r) => r !== none)
          .map(String)
          .join(' and ') || 'nothing'
      }${rule.node ? ', Node' : ''}).`;
}

/** `@scope/name` or `name`: what remains of a specifier without its subpath. */
const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Specifiers of all imports, type-only and dynamic ones too. Comments are left out first; strings that hold `//` do not look like imports. */
export function importsOf(source: string): string[] {
  const code = source.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/^\s*\/\/.*$/gm, '');
  const statement =
    /(?:^|[;\n])\s*(?:import|export)\b(?:[^'"`;]*?\bfrom)?\s*['"]([^'"]+)['"]|\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]/g;
  return [...code.matchAll(statement)].map((match) => match[1] ?? match[2] ?? '');
}

if (import.meta.main) {
  const found = violations(dirname(import.meta.dirname));
  for (const line of found) console.error(line);
  process.exitCode = found.length > 0 ? 1 : 0;
}
