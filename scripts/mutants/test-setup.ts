/** Imported before each test file of a mutation run. */
import { afterEach, beforeEach } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';

// The properties try the same cases every time, so a score can be repeated.
fc.configureGlobal({ seed: 1, endOnFailure: true });

let hasFailed = false;
afterEach((t) => {
  hasFailed ||= 'passed' in t && !t.passed;
});
// Stryker ends a test file at its first failure, but no signal arrives during a synchronous property: the next test waits for it.
beforeEach(async () => {
  if (hasFailed) await setTimeout(60_000);
});
