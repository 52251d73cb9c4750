/**
 * Runs inside a test file's process: sends each result to scripts/test-runner.ts as it comes. Writes nothing itself.
 */
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

/** One ended test. */
export interface TestResult {
  /** The suites that it stands in and its own name: one sentence. */
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'todo';
  readonly durationMs: number;
  /** The failure in full, or the reason why the test was skipped. */
  readonly detail: string;
}

// biome-ignore lint/correctness/useYield: what it gives would be printed; everything goes to the parent instead
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<never> {
  /** Names of the suites and tests that are open, by their depth: these events come in the order of the file. */
  const open: string[] = [];
  for await (const event of events) {
    if (event.type === 'test:start') {
      open.length = event.data.nesting;
      open.push(event.data.name);
    }
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { nesting, details, skip, todo } = event.data;
    const hasPassed = event.type === 'test:pass';
    const error: unknown = (details as { error?: unknown }).error;
    const isSkipped = isSet(skip);
    // A suite passes or fails with its tests, which are told each; it counts when it was skipped, or broke by itself.
    if (details.type === 'suite' && !isSkipped && (hasPassed || isOfSubtests(error))) continue;
    const outcome = isSkipped ? 'skipped' : hasPassed ? 'passed' : isSet(todo) ? 'todo' : 'failed';
    const detail =
      outcome === 'failed'
        ? inspect((error as Error | undefined)?.cause ?? error, { depth: 8, breakLength: 150 })
        : typeof skip === 'string'
          ? skip
          : '';
    const name = open.slice(0, nesting + 1).join(' ');
    process.send?.({ name, outcome, durationMs: details.duration_ms, detail } satisfies TestResult);
  }
}

const isSet = (mark: string | boolean | undefined): boolean => mark !== undefined && mark !== false;
const isOfSubtests = (error: unknown): boolean =>
  (error as { failureType?: string } | undefined)?.failureType === 'subtestsFailed';
