/** Runs inside a test file's process: sends each result to scripts/test-runner.ts as it comes. Writes nothing itself. */
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

/** One ended test. */
export interface TestResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'todo';
  readonly durationMs: number;
  /** The failure in full, or the reason why the test was skipped. */
  readonly detail: string;
}

// biome-ignore lint/correctness/useYield: what it gives would be printed; everything goes to the parent instead
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<never> {
  for await (const event of events) {
    if (event.type !== 'test:complete') continue;
    const { name, details, skip, todo } = event.data;
    const error: unknown = (details as { error?: unknown }).error;
    // A suite passes or fails with its tests, which are told each; it counts only when it broke by itself.
    if (details.type === 'suite' && (details.passed || isOfSubtests(error))) continue;
    const outcome = isSet(skip) ? 'skipped' : details.passed ? 'passed' : isSet(todo) ? 'todo' : 'failed';
    const detail =
      outcome === 'failed'
        ? inspect((error as Error | undefined)?.cause ?? error, { depth: 8, breakLength: 150 })
        : typeof skip === 'string'
          ? skip
          : '';
    process.send?.({ name, outcome, durationMs: details.duration_ms, detail } satisfies TestResult);
  }
}

const isSet = (mark: string | boolean | undefined): boolean => mark !== undefined && mark !== false;
const isOfSubtests = (error: unknown): boolean =>
  (error as { failureType?: string } | undefined)?.failureType === 'subtestsFailed';
