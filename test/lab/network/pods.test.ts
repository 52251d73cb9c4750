import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { listNamespaces, listProcesses } from '../../../lab/network/namespaces.ts';
import { runIn } from '../../../lab/process/run.ts';
import { dial, labFor, serve } from './support.ts';

test('pods reach each other across nodes and on one node without translation, and a node reaches its pod', async (t) => {
  const { scope, fabric } = await labFor(t);
  const [first, second, third] = fabric.nodes;
  assert.ok(first && second && third);
  const here = await fabric.attachPod(first, 'frontend-7d4b9c-aaaaa', '10.244.0.10');
  const beside = await fabric.attachPod(first, 'frontend-7d4b9c-bbbbb', '10.244.0.11');
  const there = await fabric.attachPod(second, 'frontend-7d4b9c-ccccc', '10.244.1.10');
  assert.match(here.interfaceName, /^azv[0-9a-f]{8,11}$/);
  assert.notEqual(here.interfaceName, beside.interfaceName);
  await serve(t, scope, there.netns, 8080, 'there');
  await serve(t, scope, here.netns, 8080, 'here');
  assert.equal(await dial(here.netns, '10.244.1.10', 8080), 'there 10.244.0.10');
  assert.equal(await dial(there.netns, '10.244.0.10', 8080), 'here 10.244.1.10');
  assert.equal(await dial(beside.netns, '10.244.0.10', 8080), 'here 10.244.0.11');
  assert.equal(await dial(second.netns, '10.244.1.10', 8080), 'there 10.240.0.35');
  assert.equal(await dial(third.netns, '10.244.1.10', 8080), 'there 10.240.0.66');
  assert.match(
    await runIn(second.netns, ['ip', 'route', 'get', '10.244.1.10']),
    new RegExp(`dev ${there.interfaceName}`),
  );
});

test('detaching a pod ends its processes and frees its name and address', async (t) => {
  const { scope, fabric } = await labFor(t);
  const [first, second] = fabric.nodes;
  assert.ok(first && second);
  const pod = await fabric.attachPod(first, 'frontend', '10.244.0.10');
  await serve(t, scope, pod.netns, 8080);
  assert.notDeepEqual(await listProcesses([pod.netns]), []);
  await fabric.detachPod('frontend');
  await fabric.detachPod('frontend');
  assert.ok(!(await listNamespaces(scope.id)).includes(pod.netns));
  assert.doesNotMatch(await runIn(first.netns, ['ip', '-br', 'link']), /azv/);
  const again = await fabric.attachPod(first, 'frontend', '10.244.0.10');
  await serve(t, scope, again.netns, 8080, 'again');
  assert.equal(await dial(second.netns, '10.244.0.10', 8080), 'again 10.240.0.35');
});

test("a port of the host's loopback is on every node's loopback after relayToNodes, and only there", async (t) => {
  const { fabric } = await labFor(t);
  const big = 'x'.repeat(3_000_000);
  const server = createServer((request, response) => response.end(request.url === '/big' ? big : 'api')).listen(
    0,
    '127.0.0.1',
  );
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const [first, second] = fabric.nodes;
  assert.ok(first && second);
  await assert.rejects(runIn(first.netns, ['curl', '-s', `http://127.0.0.1:${port}/`]));
  await fabric.relayToNodes(port);
  for (const node of fabric.nodes)
    assert.equal(await runIn(node.netns, ['curl', '-s', `http://127.0.0.1:${port}/`]), 'api');
  assert.equal((await runIn(first.netns, ['curl', '-s', `http://127.0.0.1:${port}/big`])).length, big.length);
  assert.equal(await dial(second.netns, first.address, port), 'refused');
});
