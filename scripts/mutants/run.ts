/**
 * Mutation testing of the pure rooms with Stryker: `npm run test:mutants [-- ROOM...] [-- --incremental]`.
 * Prints each survivor, the score of each room and that of all; exit code 1 when that of all is below the least.
 */
import { globSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { LogLevel, MutantResult, PartialStrykerOptions } from '@stryker-mutator/api/core';
import { Stryker } from '@stryker-mutator/core';

const leastScore = 90;

/**
 * Which tests have to notice a mutant of a room: its own, so that a survivor does not cost the slow ones of another.
 */
const testsOf: Readonly<Record<string, readonly string[]>> = {
  judge: ['judge/**/*.test.ts', 'scenario/*.test.ts'],
  evidence: ['evidence/*.test.ts', 'audit/*.test.ts'],
  audit: ['audit/*.test.ts'],
  model: ['model/*.test.ts', 'fuzz/selector.test.ts'],
  scenario: ['scenario/*.test.ts'],
};

const { values, positionals } = parseArgs({ options: { incremental: { type: 'boolean' } }, allowPositionals: true });
const unknown = positionals.filter((room) => !Object.hasOwn(testsOf, room));
if (unknown.length > 0) throw new Error(`No such room: ${unknown.join(', ')}. There are ${Object.keys(testsOf)}.`);
const rooms = positionals.length > 0 ? positionals : Object.keys(testsOf);

// Every mutant starts a Node of its own; most of its time would go into reading the same modules.
process.env['NODE_COMPILE_CACHE'] ??= resolve('.stryker/compile-cache');

const startedAt = Date.now();
const results: [room: string, mutants: MutantResult[]][] = [];
for (const room of rooms) results.push([room, await new Stryker(optionsFor(room)).runMutationTest()]);

for (const [room, mutants] of results) console.log(`${room.padEnd(10)}${described(mutants)}`);
const all = results.flatMap(([, mutants]) => mutants);
console.log(`${'all'.padEnd(10)}${described(all)}, in ${((Date.now() - startedAt) / 60_000).toFixed(1)} min`);
if (!(scoreOf(all) >= leastScore)) {
  console.error(`The score is below ${leastScore} %.`);
  process.exitCode = 1;
}

function optionsFor(room: string): PartialStrykerOptions {
  return {
    mutate: [`src/${room}/**/*.ts`],
    testRunner: 'tap',
    tap: {
      testFiles: testFilesFor(room),
      nodeArgs: [
        '--import=./scripts/mutants/test-setup.ts',
        '--test-reporter=tap',
        '--require={{hookFile}}',
        '{{testFile}}',
      ],
    },
    plugins: ['@stryker-mutator/tap-runner', './scripts/mutants/type-checker.ts'],
    checkers: ['types'],
    // Node strips the types of mutated sources as it does of all others.
    disableTypeChecks: false,
    // Stryker would rewrite tsconfig.json through the JavaScript API of TypeScript, which TypeScript 7 has not.
    ignorePatterns: ['/tsconfig*.json', '/.stryker', '/.hepflow', '/dist', '/docs', '/bench'],
    coverageAnalysis: 'perTest',
    concurrency: '100%',
    // Only this ends a mutant that loops; far above what a file takes, so that a busy machine does not pass for a kill.
    timeoutMS: 20_000,
    thresholds: { high: 95, low: leastScore, break: null },
    incremental: values.incremental === true,
    incrementalFile: `.stryker/incremental/${room}.json`,
    tempDirName: '.stryker/sandbox',
    logLevel: 'warn' as LogLevel,
    reporters: ['progress-append-only', 'clear-text', 'json'],
    clearTextReporter: { allowEmojis: false, logTests: false, reportTests: false },
    jsonReporter: { fileName: `.stryker/${room}.json` },
  };
}

/** Properties last: they take longest, and most mutants are killed before. */
function testFilesFor(room: string): string[] {
  const files = globSync((testsOf[room] ?? []).map((tests) => `test/${tests}`)).sort();
  const isSlow = (file: string): boolean => /\.property\.|\/fuzz\//.test(file);
  return [...files.filter((file) => !isSlow(file)), ...files.filter(isSlow)];
}

function described(mutants: readonly MutantResult[]): string {
  const { killed, survived, refused } = countsOf(mutants);
  return `${scoreOf(mutants).toFixed(1)} %: ${killed} killed, ${survived} survived, ${refused} refused by the compiler`;
}

/** Killed out of all that the compiler lets through; a mutant that no test runs has survived. */
function scoreOf(mutants: readonly MutantResult[]): number {
  const { killed, survived } = countsOf(mutants);
  return (100 * killed) / (killed + survived);
}

function countsOf(mutants: readonly MutantResult[]): { killed: number; survived: number; refused: number } {
  const count = (...statuses: MutantResult['status'][]): number =>
    mutants.filter(({ status }) => statuses.includes(status)).length;
  return {
    killed: count('Killed', 'Timeout'),
    survived: count('Survived', 'NoCoverage'),
    refused: count('CompileError'),
  };
}
