/**
 * A checker of Stryker's that sorts out the mutants that no compiler would let through, such as `kind === ''` where no kind is empty.
 * Stryker's own needs the JavaScript API of TypeScript, which TypeScript 7 has not.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type Checker, type CheckResult, CheckStatus } from '@stryker-mutator/api/check';
import type { Mutant } from '@stryker-mutator/api/core';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';

/** Lies in the project, so that packages are found. */
const folder = resolve('.stryker/types');

/** As in tsconfig.json, but a mutant may leave a name unused or a line out of reach. */
const configuration = {
  extends: relative(folder, resolve('tsconfig.json')),
  compilerOptions: { noUnusedLocals: false, noUnusedParameters: false, allowUnreachableCode: true },
  include: ['**/*.mutant-*.ts'],
};

/** A mutant that the compiler must refuse: it looks at no types at all when it cannot parse one of the files. */
const canary = 'canary';

/** Errors of the text alone, which the mutant's syntax tree has not: an empty statement after `if`, `??` beside `&&` without parentheses. */
const textual = ['TS1313', 'TS5076'];

/** Each mutant is a file beside a copy of its original, so one run of the compiler judges all of them. */
class TypeChecker implements Checker {
  async init(): Promise<void> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await cp('src', join(folder, 'src'), { recursive: true });
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(configuration));
    await writeFile(join(folder, `src/a.mutant-${canary}.ts`), "export const wrong: number = '';");
  }

  async group(mutants: Mutant[]): Promise<string[][]> {
    return mutants.length === 0 ? [] : [mutants.map(({ id }) => id)];
  }

  async check(mutants: Mutant[]): Promise<Record<string, CheckResult>> {
    await Promise.all(mutants.map(writeMutant));
    const errors = errorsIn(await compiled());
    if (!errors.has(canary)) throw new Error(`No types were checked: ${[...errors.values()].join('; ')}`);
    return Object.fromEntries(
      mutants.map(({ id }) => {
        const reason = errors.get(id);
        return [id, reason === undefined ? passed : { status: CheckStatus.CompileError, reason }];
      }),
    );
  }
}

const passed = { status: CheckStatus.Passed } as const;

async function writeMutant({ id, fileName, location, replacement }: Mutant): Promise<void> {
  const lines = (await readFile(fileName, 'utf8')).split('\n');
  const { start, end } = location;
  const before = [...lines.slice(0, start.line), lines[start.line]?.slice(0, start.column)].join('\n');
  const after = [lines[end.line]?.slice(end.column), ...lines.slice(end.line + 1)].join('\n');
  const copy = join(folder, relative('.', fileName)).replace(/\.ts$/, `.mutant-${id}.ts`);
  await writeFile(copy, `${before}${replacement}${after}`);
}

/** What the compiler prints; it fails in the ordinary case. */
function compiled(): Promise<string> {
  return new Promise((done) => {
    execFile('tsc', ['--project', folder, '--pretty', 'false'], { maxBuffer: 256 << 20 }, (_, stdout) => done(stdout));
  });
}

/** The first error of each mutant. Throws on any other: then nothing can be said of mutants. */
function errorsIn(output: string): Map<string, string> {
  const errors = new Map<string, string>();
  for (const line of output.split('\n').filter((line) => /^\S.*: error|^error/.test(line))) {
    const [, id, text, code] = /\.mutant-(\w+)\.ts\(.*?\): (error (TS\d+): .*)/.exec(line) ?? [];
    if (id === undefined || text === undefined || code === undefined)
      throw new Error(`The sources do not compile without mutants: ${line}`);
    if (!textual.includes(code) && !errors.has(id)) errors.set(id, text);
  }
  return errors;
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Checker, 'types', TypeChecker)];
