import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Azure, AzureError } from '../../src/adapters/azure/index.ts';
import { resolveMission } from '../../src/config/run-spec.ts';
import { type Diagnosis, type Level, type Topic, topics } from '../../src/contract/diagnosis.ts';
import { inspectCluster } from '../../src/preflight/cluster/index.ts';
import { inspectLease } from '../../src/preflight/cluster/lease.ts';
import { examine } from '../../src/preflight/examine.ts';
import { createWorkshop } from '../../src/scenario/workshop.ts';
import type { Tools } from '../../src/step/context.ts';
import { type Contents, type Fake, fakeCluster, healthy } from './fake-cluster.ts';

const subscriptionId = '00000000-0000-4000-8000-000000000001';
const spec = { subscriptionId, resourceGroup: 'group', cluster: 'lab' };
const nodeResourceGroup = 'MC_group_lab_westeurope';
const askFor = (more: object = {}) => {
  const mission = resolveMission({ ...spec, ...more });
  return { mission, scenario: createWorkshop(mission) };
};
const toolsFor = (fake: Fake): Pick<Tools, 'clusters'> => ({
  clusters: { of: async () => fakeCluster(fake), close: async () => {} },
});
const findings = async (fake: Fake, more: object = {}): Promise<readonly Diagnosis[]> =>
  (await inspectCluster({ ...askFor(more), nodeResourceGroup }, 'doctor', toolsFor(fake))).findings;
const policy = (spec: object): object => ({ spec });
const felix = (spec: object): Contents => ({ 'felixconfigurations/default': { spec } });
const controllers = (hostEndpoint: object, status: object = { runningConfig: {} }): Contents => ({
  'kubecontrollersconfigurations/default': { spec: { controllers: { node: { hostEndpoint } } }, status },
});

test('a cluster in order has nothing but ok, on every topic of cluster, Calico and workload but the hold', async () => {
  const found = await findings({});
  assert.deepEqual(
    found.filter(({ level }) => level !== 'ok'),
    [],
  );
  const wanted = Object.entries(topics).flatMap(([topic, { area }]) => (area === 'azure' ? [] : [topic]));
  const silent = ['hold', 'preDnat']; // asked apart; and told only when there are some
  assert.deepEqual(
    wanted.filter((topic) => !found.some((each) => each.topic === topic)),
    silent,
  );
});

/** What differs from a cluster in order, and the one finding that is not ok then. */
interface Row {
  readonly change?: Contents;
  readonly spec?: object;
  readonly fake?: Omit<Fake, 'contents'>;
  readonly level: Exclude<Level, 'ok'>;
  readonly topic: Topic;
  readonly says: RegExp;
}

const rows: Readonly<Record<string, Row>> = {
  'a policy for everything': {
    change: { 'globalnetworkpolicies/wide': policy({ selector: 'all()', types: ['Ingress'] }) },
    ...{ level: 'warning', topic: 'lockOut', says: /wide selects everything .* may cut traffic to them/ },
  },
  'a policy without a selector, for both directions': {
    change: { 'globalnetworkpolicies/wide': policy({ types: ['Ingress', 'Egress'] }) },
    ...{ level: 'warning', topic: 'lockOut', says: /wide selects everything .* traffic to and from them/ },
  },
  'a policy that selects by a label of one node': {
    change: { 'globalnetworkpolicies/gate': policy({ selector: "role == 'gateway'", types: ['Egress'] }) },
    ...{
      level: 'warning',
      topic: 'lockOut',
      says: /gate \(role == 'gateway'\) .* host endpoints of node-b: .* traffic from them/,
    },
  },
  'a policy that selects by a label that only host endpoints of Calico have': {
    change: { 'globalnetworkpolicies/heps': policy({ selector: 'has(projectcalico.org/created-by)' }) },
    ...{ level: 'warning', topic: 'lockOut', says: /host endpoints of node-a, node-b and node-c/ },
  },
  "a policy that selects by the run's label": {
    change: { 'globalnetworkpolicies/mine': policy({ selector: "host-end-point == 'test'" }) },
    ...{ level: 'warning', topic: 'lockOut', says: /mine .* will select node-a and node-b once labelled/ },
  },
  'a policy whose selector cannot be read': {
    change: { 'globalnetworkpolicies/odd': policy({ selector: "app = 'x'" }) },
    ...{
      level: 'warning',
      topic: 'lockOut',
      says: /selector of GlobalNetworkPolicy odd, app = 'x', cannot be read .*character 5/,
    },
  },
  'a policy that selects by a label of a host endpoint template': {
    change: {
      'globalnetworkpolicies/outer': policy({ selector: "zone == 'outer'" }),
      ...controllers({
        autoCreate: 'Disabled',
        templates: [{ nodeSelector: "role == 'gateway'", labels: { zone: 'outer' } }],
      }),
    },
    ...{ level: 'warning', topic: 'lockOut', says: /host endpoints of node-b:/ },
  },
  'another preDNAT policy on a judged node': {
    change: { 'globalnetworkpolicies/pre': policy({ selector: "agentpool == 'pool'", preDNAT: true, order: 5 }) },
    ...{
      level: 'info',
      topic: 'preDnat',
      says: /pre \(tier default, order 5\) is preDNAT too and reaches node-a, node-b and node-c/,
    },
  },
  'AUTO_HOST_ENDPOINTS in the environment': {
    change: controllers(
      { autoCreate: 'Disabled' },
      { runningConfig: {}, environmentVars: { AUTO_HOST_ENDPOINTS: 'disabled' } },
    ),
    ...{ level: 'warning', topic: 'autoCreate', says: /AUTO_HOST_ENDPOINTS=disabled .* overrides/ },
  },
  'automatic host endpoints that are there': {
    change: controllers({ autoCreate: 'Enabled' }),
    ...{ level: 'info', topic: 'autoCreate', says: /Enabled already/ },
  },
  'templates alone': {
    change: controllers({ createDefaultHostEndpoint: 'Disabled' }),
    ...{ level: 'warning', topic: 'autoCreate', says: /createDefaultHostEndpoint is Disabled/ },
  },
  'kube-controllers that never reported': {
    change: controllers({ autoCreate: 'Disabled' }, {}),
    ...{ level: 'info', topic: 'autoCreate', says: /has not reported/ },
  },
  'a failsafe NodePort': {
    change: felix({ failsafeInboundHostPorts: [{ port: 22 }, { port: 30080, net: '192.168.0.0/16' }] }),
    ...{
      level: 'problem',
      topic: 'failsafe',
      says: /30080 is a failsafe inbound port of Calico from 192\.168\.0\.0\/16/,
    },
  },
  'a failsafe control port': {
    change: felix({ failsafeInboundHostPorts: [{ port: 22 }, { protocol: 'TCP', port: 10250 }] }),
    ...{ level: 'info', topic: 'failsafe', says: /control port 10250 is a failsafe port/ },
  },
  'SSH to the nodes that is not failsafe': {
    change: felix({
      failsafeInboundHostPorts: [
        { protocol: 'UDP', port: 22 },
        { protocol: 'TCP', port: 6443 },
      ],
    }),
    ...{ level: 'info', topic: 'failsafe', says: /22\) is not among the failsafe inbound ports \(6443\)/ },
  },
  'no failsafe ports': {
    change: felix({ failsafeInboundHostPorts: [] }),
    level: 'warning',
    topic: 'failsafe',
    says: /no failsafe inbound TCP ports/,
  },
  'the eBPF data plane': { change: felix({ bpfEnabled: true }), level: 'problem', topic: 'felix', says: /eBPF/ },
  'the nftables data plane': {
    change: felix({ nftablesMode: 'Enabled' }),
    level: 'info',
    topic: 'felix',
    says: /data plane is nftables/,
  },
  'a deny that rejects': {
    change: felix({ nftablesFilterDenyAction: 'REJECT' }),
    level: 'problem',
    topic: 'felix',
    says: /nftablesFilterDenyAction .* is Reject/,
  },
  'a missing default-allow profile': {
    change: { 'profiles/projectcalico-default-allow': undefined },
    ...{ level: 'warning', topic: 'profile', says: /does not exist: .*calico#3552/ },
  },
  'profiles that may not be read': {
    change: { profiles: 'forbidden', 'profiles/projectcalico-default-allow': 'forbidden' },
    level: 'info',
    topic: 'profile',
    says: /Not readable/,
  },
  'profiles that are not served': {
    change: { 'profiles/projectcalico-default-allow': 'notServed' },
    level: 'info',
    topic: 'profile',
    says: /does not serve profiles/,
  },
  'a Calico without automatic host endpoints': {
    change: { 'clusterinformations/default': { spec: { calicoVersion: 'v3.13.4' } } },
    ...{ level: 'warning', topic: 'calicoVersion', says: /v3\.13\.4 is older than v3\.14/ },
  },
  'a Calico that hides its version': {
    change: { 'clusterinformations/default': { spec: {} } },
    level: 'info',
    topic: 'calicoVersion',
    says: /does not tell/,
  },
  "Calico's storage without its API": {
    fake: { served: ['crd.projectcalico.org/v1'] },
    ...{
      level: 'warning',
      topic: 'calicoApi',
      says: /follows crd\.projectcalico\.org\/v1 here, .* calls? this API internal/,
    },
  },
  'no Calico at all': {
    fake: { served: [] },
    level: 'problem',
    topic: 'calicoApi',
    says: /does not seem to be installed/,
  },
  'kube-proxy in mode nftables': {
    change: { 'configmaps/kube-proxy': { data: { 'config.conf': '{"mode":"nftables"}' } } },
    ...{ level: 'info', topic: 'kubeProxy', says: /mode nftables/ },
  },
  'kube-proxy in mode ipvs, told by its command': {
    change: {
      'configmaps/kube-proxy': undefined,
      'daemonsets/kube-proxy': {
        spec: { template: { spec: { containers: [{ command: ['kube-proxy', '--v=3', '--proxy-mode=ipvs'] }] } } },
      },
    },
    ...{ level: 'info', topic: 'kubeProxy', says: /mode ipvs, with which hepflow is not tested/ },
  },
  'kube-proxy that may not be read': {
    change: { 'configmaps/kube-proxy': 'forbidden', 'daemonsets/kube-proxy': 'forbidden' },
    ...{ level: 'info', topic: 'kubeProxy', says: /Not readable: the credential may not/ },
  },
  'no kube-proxy': {
    change: { 'configmaps/kube-proxy': undefined },
    level: 'info',
    topic: 'kubeProxy',
    says: /neither a ConfigMap nor a DaemonSet/,
  },
  'no pod on the first node': {
    spec: { nodes: ['node-b', 'node-a'] },
    level: 'info',
    topic: 'deployment',
    says: /No ready pod of frontend is on node-b/,
  },
  'a label that is there already': {
    change: {
      'nodes/node-a': {
        ...(healthy['nodes/node-a'] as object),
        metadata: { labels: { 'kubernetes.io/os': 'linux', 'host-end-point': 'old' } },
      },
    },
    ...{
      level: 'info',
      topic: 'nodes',
      says: /node-a has the label host-end-point=old already, which the run replaces by test/,
    },
  },
  'a missing right': {
    fake: { refused: (verb, resource) => verb === 'patch' && resource === 'nodes' },
    ...{ level: 'problem', topic: 'rights', says: /^May not patch nodes\.$/ },
  },
};

describe('what is out of order is one finding, with its level, beside all that is in order', () => {
  for (const [what, { change = {}, spec: more = {}, fake = {}, level, topic, says }] of Object.entries(rows)) {
    test(`${what}: ${level}`, async () => {
      const out = (await findings({ ...fake, contents: { ...healthy, ...change } }, more)).filter(
        (each) => each.level !== 'ok',
      );
      assert.deepEqual(
        out.map((each) => [each.level, each.topic]),
        [[level, topic]],
        JSON.stringify(out),
      );
      assert.match(out[0]?.reason ?? '', says);
      if (level !== 'info') assert.ok((out[0]?.remedy ?? '').length > 10, 'it has no remedy');
    });
  }
});

/** Policies that never reach an automatic host endpoint. */
const harmless: Readonly<Record<string, object>> = {
  'for namespaces': { selector: 'all()', namespaceSelector: 'all()' },
  untracked: { selector: 'all()', doNotTrack: true, applyOnForward: true },
  'for pods by label': { selector: "app == 'frontend'" },
  'that spares host endpoints': { selector: "projectcalico.org/created-by != 'calico-kube-controllers'" },
};

for (const [what, its] of Object.entries(harmless)) {
  test(`a policy ${what} locks no node out`, async () => {
    const found = await findings({ contents: { ...healthy, 'globalnetworkpolicies/p': policy(its) } });
    assert.deepEqual(
      found
        .filter(({ topic }) => topic === 'lockOut' || topic === 'preDnat')
        .map(({ level, reason }) => [level, reason]),
      [
        [
          'ok',
          'Of one GlobalNetworkPolicy, none will reach a node that gets its host endpoint or its label, ' +
            'preDNAT ones apart.',
        ],
      ],
    );
  });
}

test('a policy that selects nodes whose host endpoints exist is no lock-out to come', async () => {
  const contents = {
    ...healthy,
    ...controllers({ autoCreate: 'Enabled' }),
    'globalnetworkpolicies/wide': policy({ selector: 'all()' }),
  };
  const found = (await findings({ contents })).filter(({ topic }) => topic === 'lockOut');
  assert.deepEqual(
    found.map(({ level }) => level),
    ['info', 'ok'],
  );
  assert.match(found[0]?.reason ?? '', /wide selects the host endpoints of node-a, node-b and node-c already/);
});

describe('the hold on the cluster, without Temporal', () => {
  const held = async (spec: object | undefined): Promise<readonly (readonly string[])[]> => {
    const contents: Contents =
      spec === undefined
        ? healthy
        : { ...healthy, 'leases/hepflow': { metadata: { labels: { 'hepflow.io/run': 'abcd1234' } }, spec } };
    const ref = { subscriptionId, resourceGroup: 'group', name: 'lab' };
    return (await inspectLease(ref, 'doctor', toolsFor({ contents }))).findings.map(({ level, reason }) => [
      level,
      reason,
    ]);
  };

  test('nobody holds it: ok', async () => {
    assert.deepEqual(await held(undefined), [['ok', 'No run holds the cluster.']]);
    assert.deepEqual(await held({}), [['ok', 'No run holds the cluster.']]);
  });

  test('a run holds it: a warning, which says that Temporal was not asked', async () => {
    const [[level, reason = ''] = []] = await held({
      holderIdentity: 'default/hepflow-lab-x/first',
      acquireTime: '2026-01-02T03:04:05.000000Z',
    });
    assert.equal(level, 'warning');
    assert.match(
      reason,
      /Run abcd1234, workflow hepflow-lab-x in Temporal namespace default, holds .* since 2026-.*was not asked/,
    );
  });

  test('somebody else holds it: a problem', async () => {
    const [[level, reason = ''] = []] = await held({ holderIdentity: 'somebody' });
    assert.equal(level, 'problem');
    assert.match(reason, /somebody, which is no run of hepflow/);
  });
});

test('Port 22 that is open to every address is a warning, and one that is not is in order', async () => {
  const tools = { azure: { groupExists: async () => false } as unknown as Azure, ...toolsFor({}) };
  for (const [sources, level] of [
    [['*'], 'warning'],
    [['203.0.113.0/24'], 'ok'],
  ] as const) {
    const found = await examine(askFor({ vm: { allowedSshSources: sources } }), tools);
    assert.deepEqual(
      found.filter(({ topic }) => topic === 'sshSources').map((each) => each.level),
      [level],
    );
  }
});

describe('what cannot be asked is a problem beside the rest', () => {
  const unreachable = async (): Promise<never> => {
    throw new AzureError({
      code: 'ConnectionFailed',
      status: 0,
      operation: 'read resource group group',
      message: 'connect ECONNREFUSED',
    });
  };
  const deadAzure = { groupExists: unreachable } as unknown as Azure;
  const levelsOf = (found: readonly Diagnosis[]): unknown =>
    found.filter(({ level }) => level !== 'ok').map(({ level, topic, code }) => [level, topic, code]);

  const narrow = { vm: { allowedSshSources: ['203.0.113.0/24'] } };

  test('Azure, while the cluster is reached by a kubeconfig file', async () => {
    const found = await examine(askFor(narrow), { azure: deadAzure, ...toolsFor({}) });
    assert.deepEqual(levelsOf(found), [['problem', 'azure', 'AzureUnavailable']]);
    assert.ok(found.filter(({ level }) => level === 'ok').length > 15, 'the cluster is told');
  });

  test('Azure, and the cluster for want of a kubeconfig: the reason is told once', async () => {
    const cluster = {
      of: async () => ({ ...fakeCluster({}), canI: unreachable, find: unreachable }),
      close: async () => {},
    };
    const found = await examine(askFor(narrow), {
      azure: deadAzure,
      clusters: cluster as unknown as Tools['clusters'],
    });
    assert.deepEqual(levelsOf(found), [
      ['problem', 'azure', 'AzureUnavailable'],
      ['info', 'apiServer', undefined],
    ]);
  });

  test('one part of the cluster: the others are told', async () => {
    const contents = { ...healthy, felixconfigurations: 'broken', 'felixconfigurations/default': 'broken' } as const;
    const found = await examine(askFor(narrow), { azure: deadAzure, ...toolsFor({ contents }) });
    assert.deepEqual(levelsOf(found), [
      ['problem', 'azure', 'AzureUnavailable'],
      ['problem', 'apiServer', 'KubernetesUnavailable'],
    ]);
    assert.ok(found.some(({ topic, level }) => topic === 'nodePort' && level === 'ok'));
    assert.ok(!found.some(({ topic }) => topic === 'tier'));
  });

  test('a preflight throws instead, so that it is tried again (W10)', async () => {
    await assert.rejects(findings({ contents: { ...healthy, 'felixconfigurations/default': 'broken' } }), {
      reason: 'ConnectionFailed',
    });
  });
});
