import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listNamespaces } from '../../../lab/network/namespaces.ts';
import { commandsMentioning, openCluster } from './support.ts';

test('two clusters run side by side, and one that is stopped leaves no process, pod or answer while the other goes on', async (t) => {
  const opened = await Promise.allSettled([openCluster(), openCluster()]);
  for (const lab of opened) t.after(() => lab.status === 'fulfilled' && lab.value.remove());
  const [first, second] = opened.map((lab) => {
    if (lab.status === 'rejected') throw lab.reason;
    return lab.value;
  });
  assert.ok(first && second);
  assert.notEqual(first.cluster.apiServer, second.cluster.apiServer);
  assert.deepEqual(
    Object.keys(await first.cluster.snapshot()).length,
    Object.keys(await second.cluster.snapshot()).length,
  );
  const programsOf = async (): Promise<string[]> =>
    (await commandsMentioning(first.scope.directory))
      .flatMap((line) => /etcd|kube-[a-z-]+|node-agent/.exec(line)?.[0] ?? [])
      .toSorted();
  const [agent, proxy] = ['node-agent', 'kube-proxy'];
  assert.deepEqual(await programsOf(), [
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    proxy,
    proxy,
    proxy,
    agent,
    agent,
    agent,
  ]);

  await first.cluster.stop();
  assert.deepEqual(await programsOf(), []);
  assert.deepEqual(
    (await listNamespaces(first.scope.id)).filter((name) => name.includes('-pod-')),
    [],
  );
  await assert.rejects(first.cluster.snapshot());
  assert.equal(await second.cluster.api.read('/readyz'), 'ok');
});
