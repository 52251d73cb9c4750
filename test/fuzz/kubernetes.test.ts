import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { listAutoHostEndpoints } from '../../src/adapters/kubernetes/calico.ts';
import { createCluster } from '../../src/adapters/kubernetes/cluster.ts';
import { countReadyEndpoints } from '../../src/adapters/kubernetes/endpoints.ts';
import { parseErrorAnswer } from '../../src/adapters/kubernetes/error.ts';
import { KubernetesError } from '../../src/adapters/kubernetes/index.ts';
import { type KubernetesCall, openSession } from '../../src/adapters/kubernetes/session.ts';
import { resolveMission } from '../../src/config/run-spec.ts';
import { failures } from '../../src/contract/failures.ts';
import {
  changedAnnotation,
  createChangePatch,
  createRestorePatch,
  decideChange,
  decideRestore,
  type FieldChange,
  type FieldPath,
  readField,
  readFieldMark,
} from '../../src/ownership/field-mark.ts';
import { inspectCluster } from '../../src/preflight/cluster/index.ts';
import { createWorkshop } from '../../src/scenario/workshop.ts';
import type { Tools } from '../../src/step/context.ts';
import { toApplicationFailure, toHepflowError } from '../../src/step/failures/index.ts';
import { sampleRun } from '../support/sample-run.ts';
import { createAuthor } from '../support/signing.ts';
import { damaged, everyCase, json, nasty } from './cases.ts';

const day = 24 * 60 * 60 * 1000;
const mission = resolveMission({
  subscriptionId: '00000000-0000-4000-8000-000000000001',
  resourceGroup: 'group',
  cluster: 'cluster',
});

const metadata = (name: string) => ({
  name,
  namespace: 'default',
  uid: `uid-${name}`,
  resourceVersion: '7',
  labels: { 'kubernetes.io/os': 'linux' },
  annotations: {},
});
const ready = {
  conditions: [{ type: 'Ready', status: 'True' }],
  addresses: [{ type: 'InternalIP', address: '10.240.0.4' }],
};
const auto = { controllers: { node: { hostEndpoint: { autoCreate: 'Disabled' } } } };
const listOf = (...items: object[]) => ({ metadata: { resourceVersion: '9' }, items });

/** A sound cluster: what each path answers, longest first. */
const sound: Readonly<Record<string, unknown>> = {
  '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews': { status: { allowed: true } },
  '/apis/projectcalico.org/v3/kubecontrollersconfigurations/': {
    metadata: metadata('default'),
    spec: auto,
    status: { runningConfig: auto, environmentVars: {} },
  },
  '/apis/projectcalico.org/v3/felixconfigurations/': {
    metadata: metadata('default'),
    spec: { failsafeInboundHostPorts: [{ protocol: 'TCP', port: 22 }] },
  },
  '/apis/projectcalico.org/v3/clusterinformations/': {
    metadata: metadata('default'),
    spec: { calicoVersion: 'v3.32.1' },
  },
  '/apis/projectcalico.org/v3/tiers/': { metadata: metadata('default') },
  // As Calico's API server makes it up: without uid.
  '/apis/projectcalico.org/v3/profiles/': { metadata: { name: 'projectcalico-default-allow' }, spec: {} },
  '/api/v1/namespaces/kube-system/configmaps/': {
    metadata: metadata('kube-proxy'),
    data: { 'config.conf': 'mode: nftables' },
  },
  '/apis/apps/v1/namespaces/kube-system/daemonsets/': {
    metadata: metadata('kube-proxy'),
    spec: { template: { spec: { containers: [{ command: ['kube-proxy', '--proxy-mode', 'iptables'] }] } } },
  },
  '/apis/projectcalico.org/v3/globalnetworkpolicies': listOf({
    metadata: metadata('other'),
    spec: { selector: 'all()' },
  }),
  '/apis/projectcalico.org/v3/hostendpoints': listOf({
    metadata: metadata('node-a-auto-hep'),
    spec: { node: 'node-a', interfaceName: '*' },
  }),
  '/apis/projectcalico.org/v3': { kind: 'APIResourceList', resources: [] },
  '/openapi/v3/apis/projectcalico.org/v3': { components: {} },
  '/apis/apps/v1/namespaces/default/deployments/': {
    metadata: metadata('frontend'),
    spec: { selector: { matchLabels: { app: 'f' } }, template: { metadata: { labels: { app: 'f' } } } },
  },
  '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices': listOf({
    metadata: metadata('s'),
    endpoints: [{ addresses: ['10.1.0.1'], conditions: { ready: true } }],
  }),
  '/api/v1/namespaces/default/pods': listOf({ metadata: metadata('pod'), status: ready }),
  '/api/v1/namespaces/default/services/': undefined,
  '/api/v1/services': listOf({ metadata: metadata('kubernetes'), spec: { ports: [{ port: 443 }] } }),
  '/api/v1/namespaces/default': { metadata: metadata('default') },
  '/api/v1/pods': listOf(),
  '/api/v1/nodes': listOf(
    { metadata: metadata('node-a'), status: ready },
    { metadata: metadata('node-b'), status: ready },
  ),
};
const paths = Object.keys(sound);

/** A cluster that answers so, and tells what was written to it. */
function clusterOf(answers: Readonly<Record<string, unknown>>, raw?: { readonly path: string; readonly text: string }) {
  const writes: KubernetesCall[] = [];
  const send = async (call: KubernetesCall): Promise<string> => {
    if (call.method !== 'GET' && !call.path.endsWith('selfsubjectaccessreviews')) writes.push(call);
    const path = paths.filter((each) => call.path.startsWith(each)).sort((a, b) => b.length - a.length)[0] ?? '';
    if (raw?.path === path) return raw.text;
    const answer = answers[path];
    if (call.path === '/apis/crd.projectcalico.org/v1')
      throw parseErrorAnswer(call.path, 404, '404 page not found', {});
    if (answer === undefined)
      throw parseErrorAnswer(
        call.path,
        404,
        JSON.stringify({ kind: 'Status', reason: 'NotFound', details: { name: 'x' } }),
        {},
      );
    return JSON.stringify(answer);
  };
  return { cluster: createCluster(send), writes };
}

const inspect = (cluster: ReturnType<typeof createCluster>) =>
  inspectCluster({ mission, scenario: createWorkshop(mission) }, '0badcafe', {
    clusters: { of: async () => cluster },
  } as unknown as Pick<Tools, 'clusters'>);

/** A code of the catalogue that Temporal can carry. */
function typed(error: unknown): void {
  assert.ok(Object.hasOwn(failures, toHepflowError(error).code));
  const { nextRetryDelay: delay } = toApplicationFailure(error, 1);
  assert.ok(
    delay === undefined || delay === null || (typeof delay === 'number' && delay >= 0 && delay <= day),
    String(delay),
  );
}

/** A code that says what happened: `Unexpected` is for what no API server sends, a field of another type. */
function expected(error: unknown): void {
  typed(error);
  assert.notEqual(
    toHepflowError(error).code,
    'Unexpected',
    error instanceof Error ? (error.stack ?? '') : String(error),
  );
}

test('the sound cluster passes its inspection', async () => {
  const { cluster } = clusterOf(sound);
  const { problems, site } = await inspect(cluster);
  assert.deepEqual(problems, []);
  assert.equal(site?.nodes.length, 2);
});

async function inspectAll(path: string, answer: unknown, failed: (error: unknown) => void): Promise<void> {
  const { cluster, writes } = clusterOf({ ...sound, [path]: answer });
  await inspect(cluster).then(({ problems, site }) => {
    assert.ok(problems.length > 0 || site !== undefined);
    assert.ok(problems.every(({ code, message }) => Object.hasOwn(failures, code) && message !== ''));
  }, failed);
  await listAutoHostEndpoints(cluster).then((found) => assert.ok(Array.isArray(found)), failed);
  await countReadyEndpoints(cluster, 'default', 'frontend-nodeport').then((count) => assert.ok(count >= 0), failed);
  assert.deepEqual(writes, []);
}

const some = (path: string): unknown => sound[path] ?? { metadata: metadata('x'), spec: {} };

test('objects with missing or empty fields are findings or a failure that says so, and nothing is written', (t) => {
  const lack = fc
    .constantFrom(...paths)
    .chain((path) => fc.tuple(fc.constant(path), damaged(some(path), fc.constant(null))));
  return everyCase(t, 500, lack, ([path, answer]) => inspectAll(path, answer, expected));
});

test('objects with fields of any other type are findings or a typed failure, and nothing is written', (t) => {
  const damage = fc.constantFrom(...paths).chain((path) => fc.tuple(fc.constant(path), damaged(some(path))));
  return everyCase(t, 500, damage, ([path, answer]) => inspectAll(path, answer, typed));
});

test('an answer of any bytes is a typed failure or what it says', (t) =>
  everyCase(
    t,
    300,
    fc.tuple(
      fc.constantFrom(...paths),
      fc.oneof(
        nasty,
        json.map((value) => JSON.stringify(value)),
      ),
    ),
    async ([path, text]) => {
      const { cluster, writes } = clusterOf(sound, { path, text });
      await inspect(cluster).then(() => {}, expected);
      assert.deepEqual(writes, []);
    },
  ));

test('any refusal of an API server, or of what stands before it, is a typed failure', (t) => {
  const status = {
    kind: 'Status',
    message: 'm',
    reason: 'Invalid',
    details: {
      name: 'x',
      group: 'g',
      causes: [{ field: 'spec.ports[0].nodePort', message: 'm' }],
      retryAfterSeconds: 1,
    },
  };
  const bodies = fc.oneof(
    nasty,
    json.map((value) => JSON.stringify(value)),
    damaged(status).map((value) => JSON.stringify(value)),
  );
  const retryAfter = fc.constantFrom(undefined, '1', '-5', '1e300', 'soon', '99999999999999999999');
  const codes = fc.constantFrom(301, 400, 401, 403, 404, 409, 410, 415, 422, 429, 500, 503);
  return everyCase(t, 1000, fc.tuple(codes, bodies, retryAfter), ([code, body, wait]) => {
    const error = parseErrorAnswer(
      '/apis/g/v1/things/x',
      code,
      body,
      wait === undefined ? {} : { 'retry-after': wait },
    );
    // A 404 that is not in the API server's words is no answer of it: it proves no absence (W13).
    const isStrangers = error.status === 0;
    assert.equal(error.status, isStrangers ? 0 : code);
    if (isStrangers) assert.deepEqual([code, error.reason], [404, 'ConnectionFailed']);
    assert.equal(typeof error.reason, 'string');
    expected(error);
  });
});

const author = createAuthor(sampleRun);

test('any mark on any object is read or ignored, and a patch touches only the field and the mark (W3)', (t) => {
  const mark = fc.oneof(
    nasty,
    damaged({ run: '0badcafe', prior: 'x', existing: 1 }).map((value) => JSON.stringify(value)),
  );
  const fields = fc.constantFrom<FieldPath>(
    ['spec', 'flow'],
    ['metadata', 'labels', 'constructor'],
    ['spec', 'a', 'b', 'c'],
  );
  const value = fc.constantFrom<string | boolean>('Enabled', true, '');
  const cases = fc.tuple(
    mark,
    fields,
    value,
    fc.constantFrom<string | boolean | null>(null, 'x', false),
    fc.oneof(json, fc.constant({ a: { b: { c: 'Enabled' } }, flow: true })),
  );
  return everyCase(t, 1000, cases, ([annotation, path, wanted, prior, spec]) => {
    const annotations = { [changedAnnotation]: annotation };
    const object = { metadata: { name: 'n', uid: 'u', resourceVersion: '1', annotations }, spec };
    const change: FieldChange = { path, wanted, prior };
    const read = readFieldMark(object);
    assert.ok(read === undefined || typeof read.run === 'string');
    const current = readField(object, path);
    assert.ok(current === null || typeof current === 'string' || typeof current === 'boolean');
    assert.ok(['change', 'ours', 'already', 'conflict'].includes(decideChange(object, change, author)));
    assert.ok(['restore', 'unmark', 'nothing', 'conflict'].includes(decideRestore(object, change, author)));
    for (const patch of [createChangePatch(object, change, author), createRestorePatch(object, change)]) {
      const roots = new Set(Object.keys(patch));
      assert.ok(
        [...roots].every((root) => root === 'metadata' || root === path[0]),
        JSON.stringify(patch),
      );
      assert.equal((patch as typeof object).metadata.resourceVersion, '1', 'only onto the version that was read');
    }
  });
});

test('any kubeconfig is a session or a KubernetesError that does not quote it (W7)', (t) => {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    clusters: [{ name: 'k', cluster: { server: 'https://localhost:1', 'certificate-authority-data': 'QUJD' } }],
    users: [{ name: 'u', user: { token: 'SECRET-TOKEN' } }],
    contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
  };
  const texts = fc.oneof(
    nasty,
    json.map((value) => JSON.stringify(value)),
    damaged(config).map((value) => JSON.stringify(value)),
    damaged(config).map((value) => `${JSON.stringify(value)}\n- : [`),
  );
  return everyCase(t, 800, texts, async (text) => {
    try {
      await openSession(text, { by: 'operator', folder: '/' }, 1000).close();
    } catch (error) {
      assert.ok(error instanceof KubernetesError, error instanceof Error ? (error.stack ?? '') : String(error));
      assert.ok(!error.message.includes('SECRET-TOKEN'));
      typed(error);
    }
  });
});
