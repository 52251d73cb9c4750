/** A cluster that was made anew under its name, while a worker still holds the kubeconfig of the old one. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createClusters } from '../../src/adapters/kubernetes/index.ts';
import { namespaces } from '../../src/adapters/kubernetes/resources.ts';
import { startFakeArm } from '../adapters/azure/fake-arm.ts';

const kubeconfig = (server: string): string =>
  JSON.stringify({
    'current-context': 'x',
    contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    clusters: [{ name: 'x', cluster: { server, ...(/^http:/.test(server) && { 'insecure-skip-tls-verify': true }) } }],
    users: [{ name: 'x', user: { token: 't' } }],
  });

test('Its kubeconfig is read once more where nobody, or somebody else, answers at the old address.', async (t) => {
  await using stranger = await startFakeArm();
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  await once(closed.close(), 'close');
  const server = createServer((_, response) => response.end('{"metadata":{},"items":[]}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const here = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  t.after(() => server.close().closeAllConnections());
  for (const old of [`http://127.0.0.1:${port}`, 'http://hepflow.invalid', stranger.endpoint]) {
    let now = old;
    let reads = 0;
    const kubeconfigOf = async () => {
      reads += 1;
      return kubeconfig(now);
    };
    const clusters = createClusters({ kubeconfigOf, requestTimeoutMs: 5000 });
    const cluster = await clusters.of({ subscriptionId: 's', resourceGroup: 'g', name: 'c' });
    await assert.rejects(cluster.list(namespaces), { reason: 'ConnectionFailed' }, old);
    assert.equal(reads, 2, `${old} is tried twice at most`);
    now = here;
    assert.deepEqual(await cluster.list(namespaces), [], old);
    await cluster.list(namespaces);
    assert.equal(reads, 3, 'and kept where it is of use');
    await clusters.close();
  }
  assert.deepEqual(stranger.seen, []);
});
