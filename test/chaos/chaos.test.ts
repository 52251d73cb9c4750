/** The fixed part of the kill matrix; `npm run test:chaos` runs all of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Flavour } from '../../lab/calico/flavours.ts';
import { type ChaosWorld, startChaosWorld } from './harness.ts';
import { inCi, inCiOnAks, matrix } from './matrix.ts';

const survives = 'a run survives, leaves nothing, doubles nothing and passes only on evidence (W2, W4, W5, W9)';
describe(`${survives} with`, () => testEach(inCi, 'oss'));
describe(`${survives} where Calico is as AKS installs it, with`, () => testEach(inCiOnAks, 'aks'));

function testEach(names: readonly string[], calico: Flavour): void {
  let world: ChaosWorld;
  before(async () => {
    world = await startChaosWorld(calico);
  });
  after(() => world?.stop());

  for (const name of names) {
    test(name, { timeout: 240_000 }, async (t) => {
      const cell = matrix.find((each) => each.name === name);
      assert.ok(cell, 'there is no cell of that name');
      const { problems, leaked, duplicates, falsePasses, recoveredMs, output, labIsClean } = await world.run(cell);
      t.diagnostic(`recovered in ${recoveredMs} ms`);
      if (!labIsClean) {
        await world.stop();
        world = await startChaosWorld(calico);
      }
      assert.deepEqual(
        { problems, leaked, duplicates, falsePasses },
        { problems: [], leaked: [], duplicates: [], falsePasses: [] },
        output,
      );
    });
  }
}
