import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, relative } from 'node:path';
import type { TestResult } from './test-reporter.ts';

export interface Tally {
  passed: number;
  /** Names of what failed, with their file. */
  failed: string[];
  skipped: { name: string; reason: string }[];
}

export interface RunnerOptions {
  /** Test files at once, each in its own process. */
  readonly concurrency: number;
  /** A file that has not ended by then is killed, and has failed. */
  readonly fileTimeoutMs: number;
  /** File names are told relative to its folder `test`. */
  readonly root: string;
  readonly print: (line: string) => void;
}

const reporter = join(import.meta.dirname, 'test-reporter.ts');

/**
 * Runs test files and adds to the tally: a line for each test as it ends, each failure in full, and what a failed file
 * wrote.
 */
export async function runFiles(files: readonly string[], options: RunnerOptions, tally: Tally): Promise<void> {
  const waiting = [...files];
  const lane = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await runFile(file, options, tally);
  };
  await Promise.all(Array.from({ length: Math.min(options.concurrency, files.length) }, lane));
}

async function runFile(file: string, { fileTimeoutMs, root, print }: RunnerOptions, tally: Tally): Promise<void> {
  const place = relative(join(root, 'test'), file).replace(/\.test\.ts$/, '');
  const failedBefore = tally.failed.length;
  const startedAt = Date.now();
  const child = spawn(process.execPath, [`--test-reporter=${reporter}`, '--test-reporter-destination=stdout', file], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const output: string[] = [];
  let [results, timedOut] = [0, false];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => output.push(text));
  child.on('message', (message) => {
    results += 1;
    tell(message as TestResult, place, tally, print);
  });
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, fileTimeoutMs);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);

  const fault = timedOut
    ? `had not ended after ${fileTimeoutMs / 1000} s: a test hangs, or left something open`
    : code !== 0 && tally.failed.length === failedBefore
      ? `ended with ${signal ?? `exit code ${code}`}`
      : results === 0
        ? 'holds no test'
        : '';
  if (fault)
    tell(
      { name: `the file ${fault}`, outcome: 'failed', durationMs: Date.now() - startedAt, detail: '' },
      place,
      tally,
      print,
    );
  const said = output.join('').trim();
  if ((fault || code !== 0) && said) print(`--- ${place} wrote:\n${said.split('\n').slice(-200).join('\n')}\n---`);
}

function tell(
  { name, outcome, durationMs, detail }: TestResult,
  place: string,
  tally: Tally,
  print: (line: string) => void,
): void {
  const full = `${place}: ${name.replaceAll(/\s+/g, ' ')}`;
  const word = { passed: 'ok  ', failed: 'FAIL', skipped: 'skip', todo: 'todo' }[outcome];
  print(`${word} ${full} (${Math.round(durationMs)} ms)`);
  if (outcome === 'passed') tally.passed += 1;
  if (outcome === 'skipped' || outcome === 'todo')
    tally.skipped.push({ name: full, reason: detail || (outcome === 'todo' ? 'to do' : '') });
  if (outcome !== 'failed') return;
  tally.failed.push(full);
  if (detail) print(detail.replace(/^/gm, '     '));
}
