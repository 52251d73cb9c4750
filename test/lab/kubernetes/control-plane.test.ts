import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createAuthority } from '../../../lab/certificates.ts';
import { type ControlPlaneOptions, startControlPlane } from '../../../lab/kubernetes/control-plane.ts';
import { startChild } from '../../../lab/process/child.ts';
import { startOnFreePorts } from '../../../lab/process/free-ports.ts';
import { providePrograms } from '../../../lab/tools/programs.ts';
import { commandsMentioning, openScope } from './support.ts';

async function optionsFor(t: TestContext): Promise<ControlPlaneOptions> {
  const { scope, remove } = openScope();
  t.after(remove);
  return {
    scope,
    authority: await createAuthority(join(scope.directory, 'ca')),
    programs: await providePrograms(['etcd', 'kube-apiserver']),
  };
}

const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'lamps.test.hepflow.io' },
  spec: {
    group: 'test.hepflow.io',
    scope: 'Cluster',
    names: { plural: 'lamps', singular: 'lamp', kind: 'Lamp' },
    versions: [
      {
        name: 'v3',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};

test('a control plane without nodes serves the given custom resources as soon as it is ready, and stops without a trace', async (t) => {
  const options = await optionsFor(t);
  const plane = await startControlPlane({ ...options, crds: [crd] });
  t.after(() => plane.stop());
  await plane.api.apply({ apiVersion: 'test.hepflow.io/v3', kind: 'Lamp', metadata: { name: 'one' }, lit: true });
  await plane.api.apply({ apiVersion: 'test.hepflow.io/v3', kind: 'Lamp', metadata: { name: 'one' }, lit: false });
  assert.equal((await plane.api.read<{ lit: boolean }>('/apis/test.hepflow.io/v3/lamps/one')).lit, false);
  assert.match(readFileSync(plane.adminKubeconfigFile, 'utf8'), new RegExp(plane.apiServer));
  assert.equal(plane.clientFor('calico').getCurrentUser()?.name, 'system:lab:calico_hepflow-lab_lab');
  await plane.stop();
  assert.deepEqual(await commandsMentioning(options.scope.directory), []);
});

test('an etcd that ends at once is reported with its last output, and kube-apiserver is not left behind', async (t) => {
  const options = await optionsFor(t);
  const started = startControlPlane({ ...options, programs: { ...options.programs, etcd: '/bin/false' } });
  await assert.rejects(started, /etcd ended before it was ready/);
  assert.deepEqual(await commandsMentioning(options.scope.directory), []);
});

test('a port that was taken between the look and the start costs one more start on others, and is told', async (t) => {
  const { scope, programs: tools } = await optionsFor(t);
  const tried: number[] = [];
  const child = await startOnFreePorts(scope, ['client', 'peer'], async ({ client, peer }) => {
    tried.push(client);
    if (tried.length === 1) {
      const thief = createServer().listen(client, '127.0.0.1');
      t.after(() => thief.close());
      await once(thief, 'listening');
    }
    const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
    return startChild({
      name: 'etcd',
      command: [
        tools.etcd,
        ...[
          '--data-dir',
          join(scope.directory, String(client)),
          '--listen-client-urls',
          clientUrl,
          '--advertise-client-urls',
          clientUrl,
        ],
        ...[
          '--listen-peer-urls',
          peerUrl,
          '--initial-advertise-peer-urls',
          peerUrl,
          '--initial-cluster',
          `default=${peerUrl}`,
        ],
      ],
      logFile: join(scope.logs, 'etcd.log'),
      ready: async () => (await fetch(`${clientUrl}/health`, { signal: AbortSignal.timeout(500) })).ok,
    });
  });
  t.after(() => child.stop(0));
  assert.equal(tried.length, 2);
  assert.notEqual(tried[0], tried[1]);
  assert.match(
    readFileSync(join(scope.logs, 'ports.log'), 'utf8'),
    new RegExp(`taken meanwhile.*"client":${tried[0]}`),
  );
});

test('etcd and kube-apiserver that were killed come back on the same address with what they held', async (t) => {
  const plane = await startControlPlane({ ...(await optionsFor(t)), crds: [crd] });
  t.after(() => plane.stop());
  await plane.api.apply({ apiVersion: 'test.hepflow.io/v3', kind: 'Lamp', metadata: { name: 'one' }, lit: true });
  for (const servers of [['kube-apiserver'], ['etcd'], ['kube-apiserver', 'etcd']] as const) {
    await plane.kill(...servers);
    await assert.rejects(plane.api.call('PATCH', '/apis/test.hepflow.io/v3/lamps/one', { lit: true }), servers.join());
    await plane.restart();
    assert.equal((await plane.api.read<{ lit: boolean }>('/apis/test.hepflow.io/v3/lamps/one')).lit, true);
  }
});
