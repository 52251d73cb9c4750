import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Api } from '../../lab/kubernetes/api.ts';
import { createClusters } from '../../src/adapters/kubernetes/index.ts';
import { findKind } from '../../src/changes/index.ts';
import type { Mission } from '../../src/contract/mission.ts';
import type { Site } from '../../src/contract/site.ts';
import { changedAnnotation } from '../../src/ownership/field-mark.ts';
import { runLabel } from '../../src/ownership/marks.ts';
import { inspectCluster } from '../../src/preflight/cluster/index.ts';
import { planRun } from '../../src/preflight/plan.ts';
import type { Tools } from '../../src/step/context.ts';
import {
  addNode,
  askFor,
  calicoObject,
  contextOf,
  group,
  mission,
  nodeNames,
  openCluster,
  setPodReady,
  shippedObjects,
  type TestCluster,
  workload,
} from '../support/cluster.ts';

const runId = 'abcd1234';
const services = '/api/v1/namespaces/default/services';
const binding = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/hepflow-worker';
const nodePort = (name: string, port: number, labels = {}): object => ({
  ...{
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, labels },
    spec: { type: 'NodePort', ports: [{ port: 80, nodePort: port }] },
  },
});

describe('the cluster as preflight finds it, on a real API server', () => {
  let cluster: TestCluster;
  const inspect = (changed: Partial<Mission> = {}): ReturnType<typeof inspectCluster> =>
    inspectCluster(askFor(changed), runId, cluster.tools);
  before(async () => {
    cluster = await openCluster('oss');
  });
  after(() => cluster?.stop());
  beforeEach(() => cluster.reset());

  test('a cluster in order gives the site, and is not changed by being looked at (W1)', async () => {
    const versions = await resourceVersions(cluster.api);
    const { problems, warnings, site } = await inspect();
    assert.deepEqual([problems, warnings], [[], []]);
    assert.deepEqual(site, {
      nodes: [
        { name: nodeNames[0], internalIp: '10.240.0.4' },
        { name: nodeNames[1], internalIp: '10.240.0.5' },
      ],
      readyNodes: [...nodeNames],
      calico: { flavour: 'oss', version: 'v3.32.1', api: 'projectcalico.org/v3' },
    });
    assert.deepEqual(await resourceVersions(cluster.api), versions);
  });

  test('prior values are read where undo will restore them, and nothing is changed by it (W1, W3)', async () => {
    await cluster.api.call('PATCH', `/api/v1/nodes/${nodeNames[1]}`, {
      metadata: { labels: { 'host-end-point': 'old' } },
    });
    const versions = await resourceVersions(cluster.api);
    const site = (await inspect()).site as Site;
    const { run } = contextOf();
    const kubernetes = await cluster.tools.clusters.of(run.cluster);
    const plan = await planRun(askFor().scenario, { run, site }, 'holder', kubernetes);
    const changes = [...plan.lanes, ...plan.phases].flatMap((part) => part.changes);
    const priors = changes.flatMap(({ id, input }) => ('prior' in input ? [[id, input.prior]] : []));
    assert.deepEqual(priors, [
      ['baseline.1', 'Disabled'],
      ['baseline.2', null],
      ['enforced.1', null],
      ['second.1', 'old'],
    ]);
    assert.deepEqual(await resourceVersions(cluster.api), versions);
  });

  test('named nodes are taken in their order; Windows, virtual and unready nodes are none to judge', async () => {
    await addNode(cluster.api, 'aaa-windows', '10.240.0.90', 'True', 'windows');
    await addNode(cluster.api, 'aaa-unready', '10.240.0.91', 'False');
    const { site } = await inspect({ nodes: [nodeNames[2], nodeNames[0]] });
    assert.deepEqual(
      site?.nodes.map(({ name }) => name),
      [nodeNames[2], nodeNames[0]],
    );
    assert.deepEqual(site?.readyNodes, [...nodeNames]);
  });

  test('what the run itself has made already is no problem: a retried preflight passes (W9)', async () => {
    await cluster.api.call('POST', services, nodePort('frontend-nodeport', 30080, { [runLabel]: runId }));
    assert.deepEqual((await inspect()).problems, []);
  });

  const patch = (path: string, body: object) => (api: Api) => api.call('PATCH', path, body);
  const faults: Record<
    string,
    { fault?: (api: Api) => Promise<unknown>; spec?: Partial<Mission>; says: RegExp; field?: string }
  > = {
    NamespaceNotFound: {
      spec: { workload: { ...workload, namespace: 'shop' } },
      says: /shop does not exist/,
      field: 'workload.namespace',
    },
    DeploymentNotFound: {
      spec: { workload: { ...workload, deployment: 'backend' } },
      says: /backend does not exist in namespace default/,
      field: 'workload.deployment',
    },
    NoReadyPods: {
      fault: (api) => setPodReady(api, 'False'),
      says: /has 1 pods, none of them ready/,
      field: 'workload.deployment',
    },
    ServiceExists: {
      fault: (api) => api.call('POST', services, nodePort('frontend-nodeport', 30100)),
      says: /frontend-nodeport exists in namespace default/,
      field: 'workload.serviceName',
    },
    NodePortTaken: {
      fault: (api) => api.call('POST', services, nodePort('web', 30080)),
      says: /30080 belongs to service web in namespace default/,
      field: 'workload.nodePort',
    },
    NodePortOutOfRange: {
      spec: { workload: { ...workload, nodePort: 8080 } },
      says: /8080 is outside 30000-32767/,
      field: 'workload.nodePort',
    },
    NotEnoughNodes: {
      fault: (api) => Promise.all(nodeNames.slice(1).map((name) => api.call('DELETE', `/api/v1/nodes/${name}`))),
      says: /has 1 ready Linux nodes/,
      field: 'nodes',
    },
    NodeNotFound: { spec: { nodes: ['nope', nodeNames[0]] }, says: /nope does not exist/, field: 'nodes.0' },
    NodeNotReady: {
      fault: (api) => addNode(api, 'sick', '10.240.0.92', 'Unknown'),
      spec: { nodes: [nodeNames[0], 'sick'] },
      says: /sick is not a ready Linux node/,
      field: 'nodes.1',
    },
    CalicoConfigMissing: {
      fault: (api) => api.call('DELETE', `${group}/felixconfigurations/default`),
      says: /FelixConfiguration default does not exist/,
    },
    TierNotFound: {
      spec: { policy: { ...mission.policy, tier: 'nope' } },
      says: /Tier nope does not exist/,
      field: 'policy.tier',
    },
    PolicyExists: {
      fault: (api) => api.apply(calicoObject('GlobalNetworkPolicy', 'default.frontend-nodeport-access', {})),
      says: /frontend-nodeport-access exists/,
      field: 'policy.name',
    },
    InvalidInput: {
      fault: patch(`${group}/felixconfigurations/default`, {
        spec: { failsafeInboundHostPorts: [{ protocol: 'tcp', port: 30080 }] },
      }),
      ...{ says: /30080 is a failsafe inbound port of Calico/, field: 'workload.nodePort' },
    },
    ChangedMeanwhile: {
      fault: patch(`${group}/kubecontrollersconfigurations/default`, {
        metadata: { annotations: { [changedAnnotation]: '{"run":"ffffffff","prior":"Disabled"}' } },
      }),
      says: /is changed by run ffffffff and not restored yet/,
    },
  };

  for (const [code, { fault, spec, says, field = '' }] of Object.entries(faults)) {
    test(`${code} is found, with the field and the value`, async () => {
      await fault?.(cluster.api);
      const { problems, site } = await inspect(spec);
      assert.deepEqual(
        problems.map((problem) => problem.code),
        [code],
      );
      assert.deepEqual(
        [problems[0]?.field, says.test(problems[0]?.message ?? '')],
        [field, true],
        problems[0]?.message,
      );
      assert.notEqual(problems[0]?.remedy, '');
      assert.equal(site, undefined);
    });
  }

  test('many faults are listed at once', async () => {
    await setPodReady(cluster.api, 'False');
    await cluster.api.call('POST', services, nodePort('web', 30080));
    await cluster.api.call('POST', services, nodePort('frontend-nodeport', 30100));
    await cluster.api.call('DELETE', `${group}/kubecontrollersconfigurations/default`);
    await cluster.api.apply(calicoObject('GlobalNetworkPolicy', 'frontend-nodeport-access', {}));
    const { problems } = await inspect({ nodes: ['nope', nodeNames[1]] });
    assert.deepEqual(problems.map(({ code }) => code).toSorted(), [
      'CalicoConfigMissing',
      'NoReadyPods',
      'NodeNotFound',
      'NodePortTaken',
      'PolicyExists',
      'ServiceExists',
    ]);
  });

  test('every missing right is named, and what could not be read for want of it is not called missing', async () => {
    await cluster.api.call('DELETE', binding);
    try {
      const { problems, site } = await inspect();
      assert.deepEqual(new Set(problems.map(({ code }) => code)), new Set(['MissingRights']));
      const messages = problems.map(({ message }) => message);
      for (const expected of [
        'May not get deployments.apps in namespace default.',
        'May not patch nodes.',
        'May not patch kubecontrollersconfigurations.projectcalico.org default.',
        'May not create tier.globalnetworkpolicies.projectcalico.org default.*.',
      ]) {
        assert.ok(messages.includes(expected), `${expected} is not in ${messages.join(' ')}`);
      }
      assert.equal(site, undefined);
    } finally {
      for (const object of shippedObjects()) await cluster.api.apply(object);
    }
  });

  test('what may go wrong is a warning: a policy for everything, an environment that overrides; Reject is a problem', async () => {
    await cluster.controllers.stop();
    await cluster.api.apply(
      calicoObject('GlobalNetworkPolicy', 'default-deny', { selector: 'all()', types: ['Ingress'] }),
    );
    await cluster.api.apply(
      calicoObject('GlobalNetworkPolicy', 'pods-only', { selector: 'all()', namespaceSelector: 'all()' }),
    );
    await cluster.api.apply(
      calicoObject('GlobalNetworkPolicy', 'pre', { selector: '', preDNAT: true, applyOnForward: true }),
    );
    await patch(`${group}/kubecontrollersconfigurations/default/status`, {
      status: { environmentVars: { AUTO_HOST_ENDPOINTS: 'disabled' } },
    })(cluster.api);
    await patch(`${group}/felixconfigurations/default`, { spec: { iptablesFilterDenyAction: 'Reject' } })(cluster.api);
    const { problems, warnings } = await inspect();
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['CalicoUnsuitable'],
    );
    assert.match(problems[0]?.message ?? '', /iptablesFilterDenyAction .* is Reject/);
    assert.equal(warnings.length, 2);
    assert.match(warnings.join('\n'), /AUTO_HOST_ENDPOINTS=disabled .* overrides/);
    assert.match(warnings.join('\n'), /GlobalNetworkPolicy default-deny selects everything/);
  });

  test('no credential is a problem; an API server that does not answer may be tried again (W10)', async () => {
    const refused = createClusters({
      kubeconfigOf: async () =>
        cluster.plane.kubeconfigFor('hepflow-worker').replace(/"token": ".*"/, '"token": "wrong"'),
      requestTimeoutMs: 5000,
    });
    const gone = createClusters({
      kubeconfigOf: async () =>
        cluster.plane.kubeconfigFor('hepflow-worker').replace(cluster.plane.apiServer, 'https://127.0.0.1:1'),
      requestTimeoutMs: 5000,
    });
    const { problems } = await inspectCluster(askFor(), contextOf().run.runId, { clusters: refused } as Tools);
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['KubeconfigUnusable'],
    );
    await assert.rejects(inspectCluster(askFor(), runId, { clusters: gone } as Tools), { reason: 'ConnectionFailed' });
    await Promise.all([refused.close(), gone.close()]);
  });

  test('a cluster that serves nothing of Calico is told so, once, beside what else is wrong', async () => {
    await cluster.controllers.stop();
    const { items } = await cluster.api.call<{ items: { metadata: { name: string } }[] }>(
      'GET',
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    );
    for (const { metadata } of items)
      await cluster.api.call('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata.name}`);
    const served = async (): Promise<boolean> =>
      cluster.api.read(group).then(
        () => true,
        () => false,
      );
    while (await served()) await new Promise((resolve) => setTimeout(resolve, 20));
    const { problems } = await inspect({ workload: { ...workload, deployment: 'backend' } });
    assert.deepEqual(
      problems.map(({ code }) => code),
      ['DeploymentNotFound', 'CalicoApiMissing'],
    );
  });
});

test("a schema that knows flowLogsEnableHostEndpoint is Cloud's, and the field's prior value is read", async (t) => {
  const cluster = await openCluster('cloud');
  t.after(() => cluster.stop());
  await cluster.reset();
  const { site } = await inspectCluster(askFor(), runId, cluster.tools);
  assert.equal(site?.calico.flavour, 'cloud');
  const { run } = contextOf();
  const at = { run, site: site as Site };
  const kubernetes = await cluster.tools.clusters.of(run.cluster);
  const change = { kind: 'field', field: 'flowLogs' };
  for (const value of [null, false, true]) {
    const spec = { flowLogsEnableHostEndpoint: value };
    await cluster.api.call('PATCH', `${group}/felixconfigurations/default`, { spec });
    assert.equal(await findKind(change).readPrior?.(change, kubernetes, at), value);
  }
});

async function resourceVersions(api: Api): Promise<string[]> {
  const paths = [
    '/api/v1/nodes',
    services,
    '/apis/apps/v1/namespaces/default/deployments',
    `${group}/kubecontrollersconfigurations`,
    `${group}/felixconfigurations`,
    `${group}/globalnetworkpolicies`,
  ];
  const lists = await Promise.all(
    paths.map((path) =>
      api.call<{ items: { metadata: { name: string; generation?: number; labels?: object } }[] }>('GET', path),
    ),
  );
  return lists.flatMap(({ items }) =>
    items.map(({ metadata }) => `${metadata.name} ${metadata.generation} ${JSON.stringify(metadata.labels)}`),
  );
}
