/** Mutations as tests, on a lab of their own. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type SelfTest, startSelfTest } from './harness.ts';
import type { Mutation } from './mutation.ts';

/** A subtest for each mutation; killed is passed. To be called within `describe`. */
export function testEach(mutations: readonly Mutation[]): void {
  let selfTest: SelfTest | undefined;
  before(async () => {
    selfTest = await startSelfTest();
  });
  after(() => selfTest?.stop());

  for (const mutation of mutations) {
    test(`${mutation.name}: ${mutation.breaks}`, { timeout: 240_000 }, async (t) => {
      selfTest ??= await startSelfTest();
      const { got, sentence, problems, seconds, labIsClean } = await selfTest.run(mutation);
      t.diagnostic(`${got}: ${sentence} (${seconds} s)`);
      if (!labIsClean) {
        const spoilt = selfTest;
        selfTest = undefined;
        await spoilt.stop();
      }
      assert.deepEqual(problems, []);
    });
  }
}
