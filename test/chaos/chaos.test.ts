/** The fixed part of the kill matrix; `npm run test:chaos` runs all of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type ChaosWorld, startChaosWorld } from './harness.ts';
import { inCi, matrix } from './matrix.ts';

describe('a run survives, leaves nothing, doubles nothing and passes only on evidence (W2, W4, W5, W9) with', () => {
  let world: ChaosWorld;
  before(async () => {
    world = await startChaosWorld();
  });
  after(() => world?.stop());

  for (const name of inCi) {
    test(name, { timeout: 240_000 }, async (t) => {
      const cell = matrix.find((each) => each.name === name);
      assert.ok(cell, 'there is no cell of that name');
      const { problems, leaked, duplicates, falsePasses, recoveredMs, output, labIsClean } = await world.run(cell);
      t.diagnostic(`recovered in ${recoveredMs} ms`);
      if (!labIsClean) {
        await world.stop();
        world = await startChaosWorld();
      }
      assert.deepEqual(
        { problems, leaked, duplicates, falsePasses },
        { problems: [], leaked: [], duplicates: [], falsePasses: [] },
        output,
      );
    });
  }
});
