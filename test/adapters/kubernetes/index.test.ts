import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { createAuthority } from '../../../lab/certificates.ts';
import { type ControlPlane, startControlPlane } from '../../../lab/kubernetes/control-plane.ts';
import type { LabScope } from '../../../lab/scope.ts';
import { providePrograms } from '../../../lab/tools/programs.ts';
import { findCalicoApi, readCalicoSchema } from '../../../src/adapters/kubernetes/calico.ts';
import { type Cluster, createClusters, KubernetesError } from '../../../src/adapters/kubernetes/index.ts';
import {
  type KubernetesObject,
  namespaces,
  nodes,
  pods,
  type Resource,
  services,
} from '../../../src/adapters/kubernetes/resources.ts';

const name = { subscriptionId: 's', resourceGroup: 'g', name: 'c' };
const configMaps: Resource<KubernetesObject> = { group: '', version: 'v1', plural: 'configmaps' };
const configMap = (objectName: string, data: object = {}, labels: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: objectName, labels },
  data,
});

function clusterOf(t: TestContext, kubeconfigOf: () => Promise<string>, requestTimeoutMs = 10_000): Promise<Cluster> {
  const clusters = createClusters({ kubeconfigOf, requestTimeoutMs });
  t.after(() => clusters.close());
  return clusters.of(name);
}

describe('the adapter on a real API server', () => {
  const directory = mkdtempSync(join(tmpdir(), 'hepflow-adapter-'));
  const scope: LabScope = {
    id: `d${randomInt(36 ** 4)
      .toString(36)
      .padStart(4, '0')}`,
    directory,
    logs: join(directory, 'logs'),
    pace: 'fast',
    calico: 'oss',
  };
  let plane: ControlPlane;
  const admin = async (): Promise<string> => plane.kubeconfigFor('admin');
  before(async () => {
    mkdirSync(scope.logs);
    plane = await startControlPlane({
      scope,
      authority: await createAuthority(join(directory, 'ca')),
      programs: await providePrograms(['etcd', 'kube-apiserver']),
    });
  });
  after(async () => {
    await plane?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test('an object is created, found, listed by label, merged, and deleted in the version that was read', async (t) => {
    const cluster = await clusterOf(t, admin);
    const made = await cluster.create(configMaps, configMap('one', { a: '1', b: '2' }, { kind: 'test' }), 'default');
    assert.equal((await cluster.find(configMaps, 'one', 'default'))?.metadata.uid, made.metadata.uid);
    assert.deepEqual(
      (await cluster.list(configMaps, { namespace: 'default', labelSelector: 'kind=test' })).map(
        ({ metadata }) => metadata.name,
      ),
      ['one'],
    );
    const patched = await cluster.patchMerge(
      configMaps,
      'one',
      { metadata: { resourceVersion: made.metadata.resourceVersion }, data: { a: null, c: '3' } },
      'default',
    );
    assert.deepEqual((patched as unknown as { data: object }).data, { b: '2', c: '3' });
    const managers = (patched.metadata as unknown as { managedFields: { manager: string }[] }).managedFields.map(
      ({ manager }) => manager,
    );
    assert.deepEqual(new Set(managers), new Set(['hepflow']));
    await assert.rejects(cluster.delete(configMaps, made), { status: 409, reason: 'Conflict' });
    await cluster.delete(configMaps, patched);
    assert.equal(await cluster.find(configMaps, 'one', 'default'), undefined);
  });

  test('a list of more objects than a page is complete', async (t) => {
    const cluster = await clusterOf(t, admin);
    const names = Array.from({ length: 620 }, (_, index) => `many-${index}`);
    for (let at = 0; at < names.length; at += 62)
      await Promise.all(
        names
          .slice(at, at + 62)
          .map((each) => cluster.create(configMaps, configMap(each, {}, { many: 'yes' }), 'default')),
      );
    const listed = await cluster.list(configMaps, { namespace: 'default', labelSelector: 'many=yes' });
    assert.deepEqual(listed.map(({ metadata }) => metadata.name).toSorted(), names.toSorted());
  });

  test("refusals carry status, reason, the API server's own message and its details", async (t) => {
    const cluster = await clusterOf(t, admin);
    const worker = await clusterOf(t, async () => plane.kubeconfigFor('hepflow-worker'));
    const rows: readonly [string, () => Promise<unknown>, Partial<KubernetesError>, RegExp][] = [
      [
        'forbidden',
        () => worker.list(nodes),
        { status: 403, reason: 'Forbidden' },
        /User "hepflow-worker" cannot list resource "nodes"/,
      ],
      [
        'not found',
        () => cluster.get(namespaces, 'nope'),
        { status: 404, reason: 'NotFound' },
        /namespaces "nope" not found/,
      ],
      [
        'not served',
        () => cluster.list({ group: 'example.org', version: 'v1', plural: 'lamps' }),
        { status: 404, reason: 'NotServed' },
        /does not serve .*example.org/,
      ],
      [
        'exists',
        () => cluster.create(namespaces, { metadata: { name: 'default' } }),
        { status: 409, reason: 'AlreadyExists' },
        /"default" already exists/,
      ],
      [
        'conflict',
        () => cluster.patchMerge(namespaces, 'default', { metadata: { resourceVersion: '1', labels: { a: 'b' } } }),
        { status: 409, reason: 'Conflict' },
        /has been modified/,
      ],
      [
        'invalid',
        () =>
          cluster.create(
            services,
            { metadata: { name: 'x' }, spec: { type: 'NodePort', ports: [{ port: 80, nodePort: 1 }] } },
            'default',
          ),
        { status: 422, reason: 'Invalid' },
        /provided port is not in the valid range/,
      ],
    ];
    for (const [what, call, expected, message] of rows) {
      await assert.rejects(call(), (error) => {
        assert.ok(error instanceof KubernetesError, what);
        assert.deepEqual({ status: error.status, reason: error.reason }, expected, what);
        assert.match(error.message, message);
        if (what === 'invalid') assert.equal(error.details.causes?.[0]?.field, 'spec.ports[0].nodePort');
        return true;
      });
    }
  });

  test('it knows what it may do and what is served', async (t) => {
    const worker = await clusterOf(t, async () => plane.kubeconfigFor('hepflow-worker'));
    const cluster = await clusterOf(t, admin);
    assert.equal(await cluster.canI({ verb: 'delete', group: '', resource: 'pods', namespace: 'default' }), true);
    assert.equal(await worker.canI({ verb: 'delete', group: '', resource: 'pods', namespace: 'default' }), false);
    assert.deepEqual([await worker.serves('apps', 'v1'), await findCalicoApi(worker)], [true, undefined]);
    assert.match((await worker.openApi('apps', 'v1')) ?? '', /DeploymentSpec/);
    assert.equal(await readCalicoSchema(worker, 'projectcalico.org/v3'), undefined);
  });

  test('a credential that is no longer accepted is read anew, once for all calls under way', async (t) => {
    let reads = 0;
    const stale = plane.kubeconfigFor('admin').replace(/"token": ".*"/, '"token": "expired"');
    const cluster = await clusterOf(t, async () => (++reads === 1 ? stale : admin()));
    const found = await Promise.all(Array.from({ length: 20 }, () => cluster.find(namespaces, 'default')));
    assert.ok(found.every((namespace) => namespace?.metadata.name === 'default'));
    assert.equal(reads, 2);
    await cluster.list(pods);
    assert.equal(reads, 2, 'kept as long as it is accepted');

    const hopeless = await clusterOf(t, async () => stale);
    await assert.rejects(hopeless.list(pods), { status: 401, reason: 'Unauthorized' });
  });

  test('a credential plugin of the kubeconfig is run, once for many calls; one that fails says so', async (t) => {
    const file = join(directory, 'plugin.sh');
    const token = (JSON.parse(plane.kubeconfigFor('admin')) as { users: [{ user: { token: string } }] }).users[0].user
      .token;
    const credential = JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token },
    });
    writeFileSync(file, `#!/bin/sh\necho run >> ${directory}/runs\necho '${credential}'\n`);
    chmodSync(file, 0o700);
    const withPlugin = (command: string): string => {
      const config = JSON.parse(plane.kubeconfigFor('admin')) as { users: { user: object }[] };
      for (const user of config.users)
        user.user = { exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never' } };
      return JSON.stringify(config);
    };
    const cluster = await clusterOf(t, async () => withPlugin(file));
    await Promise.all(Array.from({ length: 5 }, () => cluster.list(namespaces)));
    assert.equal(readFileSync(join(directory, 'runs'), 'utf8'), 'run\n');

    for (const command of ['/bin/false', join(directory, 'missing')]) {
      const broken = await clusterOf(t, async () => withPlugin(command));
      await assert.rejects(broken.list(namespaces), {
        status: 0,
        reason: 'Unauthorized',
        message: new RegExp(`credential plugin ${command} failed`),
      });
    }
    writeFileSync(join(directory, 'slow.sh'), '#!/bin/sh\nexec sleep 1\n', { mode: 0o700 });
    const slow = await clusterOf(t, async () => withPlugin(join(directory, 'slow.sh')), 200);
    await assert.rejects(slow.list(namespaces), { reason: 'Unauthorized', message: /no credential within 200 ms/ });
  });
});

test('what answers instead of the API server is told as it is, with its Retry-After', async (t) => {
  const answers: [number, Record<string, string>, string][] = [
    [502, {}, '<html>bad gateway</html>'],
    [429, { 'retry-after': '7' }, JSON.stringify({ kind: 'Status', reason: 'TooManyRequests', message: 'slow down' })],
  ];
  const url = await serverFor(t, (_, response) => {
    const [status, headers, body] = answers.shift() ?? [500, {}, ''];
    response.writeHead(status, headers).end(body);
  });
  const cluster = await clusterOf(t, async () => plainKubeconfig(url));
  await assert.rejects(cluster.list(nodes), { status: 502, reason: 'Unknown', message: '<html>bad gateway</html>' });
  await assert.rejects(cluster.list(nodes), {
    status: 429,
    reason: 'TooManyRequests',
    message: 'slow down',
    retryAfterMs: 7000,
  });
});

test('a refusal counts only from a ready API server: one that has just started refuses all (W10)', async (t) => {
  const refused = JSON.stringify({ kind: 'Status', reason: 'Forbidden', message: 'nodes is forbidden' });
  const asked: string[] = [];
  /** Statuses of the answers to come. */
  let answers: number[] = [];
  const url = await serverFor(t, (request, response) => {
    asked.push(request.url?.replace(/\?.*/, '') ?? '');
    const status = answers.shift() ?? 403;
    response.writeHead(status).end(status === 403 ? refused : '{"metadata":{},"items":[]}');
  });
  const cluster = await clusterOf(t, async () => plainKubeconfig(url));
  for (const readyz of [403, 500]) {
    answers = [403, readyz];
    await assert.rejects(cluster.list(nodes), {
      status: 503,
      reason: 'ServiceUnavailable',
      message: /not ready.*nodes is forbidden/,
    });
  }
  answers = [403, 200, 200];
  assert.deepEqual(await cluster.list(nodes), [], 'it became ready in between');
  answers = [403, 200, 403];
  await assert.rejects(cluster.list(nodes), { status: 403, reason: 'Forbidden' });
  assert.deepEqual(asked.slice(-3), ['/api/v1/nodes', '/readyz', '/api/v1/nodes']);
});

test('an API server that is not there, or never answers, is a failed connection and not an answer (W10)', async (t) => {
  const silent = await serverFor(t, () => {});
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  await once(closed.close(), 'close');
  const rows = [
    [`https://127.0.0.1:${port}`, /did not answer: .*ECONNREFUSED/],
    [silent, /did not answer: .*timeout/],
  ] as const;
  for (const [url, message] of rows) {
    const cluster = await clusterOf(t, async () => plainKubeconfig(url), 150);
    await assert.rejects(cluster.list(nodes), { status: 0, reason: 'ConnectionFailed', message });
  }
});

test('a kubeconfig that cannot be used is a credential problem, and its text is not repeated (W7)', async (t) => {
  for (const text of ['{"secret-token": [', '{}']) {
    const cluster = await clusterOf(t, async () => text);
    await assert.rejects(
      cluster.list(nodes),
      (error) =>
        error instanceof KubernetesError && error.reason === 'Unauthorized' && !error.message.includes('secret-token'),
    );
  }
});

test('what reading the kubeconfig throws is passed on as it is, and the next call reads it again', async (t) => {
  const url = await serverFor(t, (_, response) => response.end('{"metadata":{},"items":[]}'));
  let reads = 0;
  const cluster = await clusterOf(t, async () => {
    reads += 1;
    if (reads === 1) throw new RangeError('throttled');
    return plainKubeconfig(url);
  });
  await assert.rejects(cluster.list(nodes), RangeError);
  assert.deepEqual(await cluster.list(nodes), []);
});

async function serverFor(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const plainKubeconfig = (server: string): string =>
  JSON.stringify({
    ...{
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'x',
      contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    },
    ...{
      clusters: [{ name: 'x', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'x', user: { token: 't' } }],
    },
  });
