/** Mutations as tests, on a lab of their own. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Flavour } from '../../lab/calico/flavours.ts';
import { type SelfTest, startSelfTest } from './harness.ts';
import type { Mutation } from './mutation.ts';

/** A subtest for each mutation; killed is passed. To be called within `describe`. */
export function testEach(mutations: readonly Mutation[], calico?: Flavour): void {
  let selfTest: SelfTest | undefined;
  before(async () => {
    selfTest = await startSelfTest(undefined, calico);
  });
  after(() => selfTest?.stop());

  for (const mutation of mutations) {
    test(`${mutation.name}: ${mutation.breaks}`, { timeout: 240_000 }, async (t) => {
      selfTest ??= await startSelfTest(undefined, calico);
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
