import assert from 'node:assert/strict';
import test from 'node:test';
import { createVnet, group, startBench } from './helper.ts';

test('while it is not reachable every connection breaks, and afterwards everything is as it was', async (t) => {
  const { lab, network } = await startBench(t);
  await createVnet(network);
  lab.setReachable(false);
  await assert.rejects(network.virtualNetworks.get(group, 'vnet'), { code: 'ECONNRESET' });
  lab.setReachable(true);
  assert.equal((await network.virtualNetworks.get(group, 'vnet')).name, 'vnet');
});

test('creations tell what came into being, in order and as often as it did', async (t) => {
  const { lab, network } = await startBench(t);
  const from = lab.creations().length;
  await createVnet(network);
  await createVnet(network);
  const made = (): string[] =>
    lab
      .creations()
      .slice(from)
      .map((id) => id.split('/').at(-1) ?? '');
  const once = made();
  assert.equal(once.filter((name) => name === 'vnet').length, 1, once.join());
  await network.virtualNetworks.delete(group, 'vnet');
  await createVnet(network);
  assert.equal(made().filter((name) => name === 'vnet').length, 2);
});
