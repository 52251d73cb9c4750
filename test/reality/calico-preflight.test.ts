/**
 * What genuine Calico does to a cluster, and what people report of theirs, as preflight and doctor tell it before
 * anything is changed. Letters and numbers are those of docs/reality.md.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findCalicoApi } from '../../src/adapters/kubernetes/calico.ts';
import { parseErrorAnswer } from '../../src/adapters/kubernetes/error.ts';
import { KubernetesError } from '../../src/adapters/kubernetes/index.ts';
import { explainDelay } from '../../src/changes/field/auto-host-endpoints.ts';
import { resolveMission } from '../../src/config/run-spec.ts';
import type { Diagnosis, Level, Topic } from '../../src/contract/diagnosis.ts';
import { failures } from '../../src/contract/failures.ts';
import { inspectCluster } from '../../src/preflight/cluster/index.ts';
import { examine } from '../../src/preflight/examine.ts';
import { createWorkshop } from '../../src/scenario/workshop.ts';
import type { Tools } from '../../src/step/context.ts';
import { type Contents, type Fake, fakeCluster, healthy, rolledOut } from '../preflight/fake-cluster.ts';

const subscriptionId = '00000000-0000-4000-8000-000000000001';
const askFor = (more: object = {}) => {
  const mission = resolveMission({ subscriptionId, resourceGroup: 'group', cluster: 'lab', ...more });
  return { mission, scenario: createWorkshop(mission), nodeResourceGroup: 'MC_group_lab_westeurope' };
};
const toolsFor = (change: Contents): Pick<Tools, 'clusters'> => ({
  clusters: { of: async () => fakeCluster({ contents: { ...healthy, ...change } }), close: async () => {} },
});
const inspect = (change: Contents, more: object = {}) => inspectCluster(askFor(more), 'doctor', toolsFor(change));
const told = async (topic: Topic, change: Contents, more: object = {}): Promise<readonly Diagnosis[]> =>
  (await inspect(change, more)).findings.filter((each) => each.topic === topic);

/** The findings of a topic that are not ok. */
async function expectTold(
  topic: Topic,
  change: Contents,
  wanted: readonly (readonly [Level, RegExp])[],
  more: object = {},
): Promise<void> {
  const found = (await told(topic, change, more)).filter(({ level }) => level !== 'ok');
  assert.deepEqual(
    found.map(({ level }) => level),
    wanted.map(([level]) => level),
    JSON.stringify(found),
  );
  for (const [index, [, says]] of wanted.entries()) assert.match(found[index]?.reason ?? '', says);
}

const felix = (name: string, spec: object): Contents => ({ [`felixconfigurations/${name}`]: { spec } });
const variables = (...env: readonly (readonly [name: string, value: string])[]): Contents => ({
  'daemonsets/calico-node': {
    ...rolledOut(3),
    spec: {
      template: {
        spec: { containers: [{ name: 'calico-node', env: env.map(([name, value]) => ({ name, value })) }] },
      },
    },
  },
});

describe('B1: a deny action Reject refuses the run, because host endpoints would make Felix start over and over', () => {
  for (const field of ['iptablesFilterDenyAction', 'nftablesFilterDenyAction'])
    test(field, async () => {
      const { problems } = await inspect(felix('default', { [field]: 'Reject' }));
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['CalicoUnsuitable'],
      );
      assert.match(problems[0]?.message ?? '', new RegExp(`${field} .*calico#7914`));
      assert.equal(problems[0]?.remedy, 'Set it to Drop.');
    });
});

describe('B2: a calico-node that is not rolled out is told in numbers', () => {
  test('one pod is not available', () =>
    expectTold('calicoNode', { 'daemonsets/calico-node': rolledOut(3, 2) }, [
      [
        'warning',
        /in calico-system is not rolled out: of 3 nodes, 3 have its newest pod and 2 an available one.*v3\.32/,
      ],
    ]));
  test('its status is of an older generation', () =>
    expectTold(
      'calicoNode',
      { 'daemonsets/calico-node': { status: { observedGeneration: 1 }, metadata: { generation: 2 } } },
      [['warning', /is not rolled out/]],
    ));
  test('the step that waits for host endpoints gives it as the reason', async () => {
    const explain = (change: Contents): Promise<string> =>
      explainDelay(fakeCluster({ contents: { ...healthy, ...change } }));
    assert.match(
      await explain({ 'daemonsets/calico-node': rolledOut(3, 2) }),
      /^ DaemonSet calico-node in calico-system is not rolled out: of 3 nodes, .*of v3\.32 and later waits for that\.$/,
    );
    assert.equal(await explain({}), '');
    assert.equal(await explain({ 'daemonsets/calico-node': 'broken' }), '');
  });
  test('it may not be read', () =>
    expectTold('calicoNode', { daemonsets: 'forbidden', 'daemonsets/calico-node': 'forbidden' }, [
      ['info', /^Not readable: the credential may not read the DaemonSet calico-node/],
    ]));
  test('it is elsewhere', () =>
    expectTold('calicoNode', { 'daemonsets/calico-node': undefined }, [['info', /was not looked at/]]));
});

describe('B7: a data plane that is not told is not claimed', () => {
  test('nftablesMode is not set: what it means depends on the release', async () => {
    const [found] = await told('felix', felix('default', {}));
    assert.match(found?.reason ?? '', /nftablesMode is not set, which means Auto from v3\.32 on and Disabled before/);
  });
  test('a variable of calico-node comes before FelixConfiguration', () =>
    expectTold(
      'felix',
      { ...felix('default', { nftablesMode: 'Disabled' }), ...variables(['FELIX_NFTABLESMODE', 'Enabled']) },
      [
        ['info', /data plane is nftables/],
        ['info', /Variables of calico-node override every FelixConfiguration: nftablesMode/],
      ],
    ));
});

describe('a data plane on which hepflow is not proved refuses the run by its name', () => {
  const planes: Readonly<Record<string, readonly [Contents, RegExp]>> = {
    eBPF: [felix('default', { bpfEnabled: true }), /eBPF \(bpfEnabled of FelixConfiguration default\)/],
    'eBPF by a variable': [variables(['FELIX_BPFENABLED', 'true']), /eBPF/],
    'eBPF on a judged node': [felix('node.node-b', { bpfEnabled: true }), /eBPF \(bpfEnabled of .* node\.node-b\)/],
    VPP: [variables(['FELIX_USEINTERNALDATAPLANEDRIVER', 'false']), /VPP/],
  };
  for (const [name, [change, says]] of Object.entries(planes))
    test(name, async () => {
      const { problems } = await inspect(change);
      assert.deepEqual(
        problems.map(({ code }) => code),
        ['CalicoUnsuitable'],
      );
      assert.match(problems[0]?.message ?? '', says);
    });
});

describe('N1, N2: which policies lock nodes out', () => {
  const rows: readonly (readonly [spec: object, isTold: boolean])[] = [
    [{ namespaceSelector: "projectcalico.org/name not in {'kube-system'}" }, true],
    [{ namespaceSelector: "projectcalico.org/name != 'kube-system'" }, true],
    [{ namespaceSelector: '!has(team)' }, true],
    [{ serviceAccountSelector: '!has(role)' }, true],
    [{ selector: 'all()', serviceAccountSelector: "role == 'x'" }, false],
    [{ serviceAccountSelector: "role == 'x'" }, false],
    [{ selector: 'all()', namespaceSelector: "projectcalico.org/name not in {'kube-system'}" }, false],
    [{ namespaceSelector: 'all()' }, false],
  ];
  for (const [spec, isTold] of rows)
    test(`${JSON.stringify(spec)}: ${isTold ? 'warned of' : 'not warned of'}`, () =>
      expectTold(
        'lockOut',
        { 'globalnetworkpolicies/default-deny': { spec: { types: ['Ingress', 'Egress'], ...spec } } },
        isTold ? [['warning', /default-deny \((namespace|serviceAccount)Selector: .* node-a, node-b and node-c/]] : [],
      ));
  test('a policy without types in the store governs both directions', () =>
    expectTold('lockOut', { 'globalnetworkpolicies/p': { spec: { selector: 'all()', egress: [{}] } } }, [
      ['warning', /traffic to and from them/],
    ]));
});

describe('N3, N4: failsafe ports', () => {
  const nodePort = (net?: string) => ({
    failsafeInboundHostPorts: [{ port: 22 }, { port: 30080, ...(net && { net }) }],
  });
  test('one that is so for other sources than the VM only does not refuse the run', () =>
    expectTold('failsafe', felix('default', nodePort('172.20.10.0/24')), [
      ['info', /30080 is a failsafe .* from 172\.20\.10\.0\/24, but not from the VM \(192\.168\.1\.0\/24\)/],
    ]));
  for (const net of [undefined, '192.168.0.0/16', '0.0.0.0/0', 'no range'])
    test(`one that is so for the VM too (${net ?? 'any source'}) refuses it`, () =>
      expectTold('failsafe', felix('default', nodePort(net)), [['problem', /no policy can deny it/]]));
  test('FelixConfiguration node.<name> of a judged node is read', () =>
    expectTold('failsafe', felix('node.node-a', nodePort()), [['problem', /no policy can deny it/]]));
  test('that of another node does not matter', () => expectTold('failsafe', felix('node.node-c', nodePort()), []));
  test('a variable of calico-node is read, which comes before both', () =>
    expectTold(
      'failsafe',
      {
        ...felix('default', {}),
        ...variables(['FELIX_FAILSAFEINBOUNDHOSTPORTS', 'tcp:22,tcp:0.0.0.0/0:30080,udp:68']),
      },
      [['problem', /NodePort 30080 is a failsafe inbound port of Calico from 0\.0\.0\.0\/0/]],
    ));
});

describe('N5: host endpoints of users on judged nodes', () => {
  const endpoint = (spec: object, labels: object = {}): object => ({ metadata: { labels }, spec });
  const preDnat = (selector: string): object => ({ spec: { selector, preDNAT: true, applyOnForward: true } });
  const own = endpoint({ node: 'node-a', interfaceName: 'eth0' }, { mine: 'yes' });
  test('one without preDNAT policies of its own is harmless', () =>
    expectTold('hostEndpoints', { 'hostendpoints/mine': own }, [
      ['info', /mine \(eth0\) of node node-a was not made by Calico; the run's policy counts beside it/],
    ]));
  test("one with preDNAT policies of its own keeps the run's deny from its interface, and the report says so", async () => {
    const change = { 'hostendpoints/mine': own, 'globalnetworkpolicies/theirs': preDnat("mine == 'yes'") };
    await expectTold('hostEndpoints', change, [['warning', /mine \(eth0\) of node node-a .*\(theirs\).*will be FAIL/]]);
    const { warnings } = await inspect(change);
    assert.ok(warnings.some((warning) => warning.includes('HostEndpoint mine')));
  });
  test("one that has the run's label has the run's deny too", () =>
    expectTold(
      'hostEndpoints',
      {
        'hostendpoints/mine': endpoint({ node: 'node-a', expectedIPs: ['10.240.0.4'] }, { 'host-end-point': 'test' }),
        'globalnetworkpolicies/theirs': preDnat('all()'),
      },
      [['info', /mine \(10\.240\.0\.4\)/]],
    ));
  test('one for all interfaces whose name comes first hides the automatic one', () =>
    expectTold('hostEndpoints', { 'hostendpoints/a-mine': endpoint({ node: 'node-a', interfaceName: '*' }) }, [
      ['warning', /a-mine is for all interfaces of node node-a, and comes before the automatic one/],
    ]));
  test('one on a node that is not judged, and those of Calico, are not told', () =>
    expectTold(
      'hostEndpoints',
      {
        'hostendpoints/other': endpoint({ node: 'node-c', interfaceName: 'eth0' }),
        'hostendpoints/node-a-auto-hep': endpoint(
          { node: 'node-a', interfaceName: '*' },
          { 'projectcalico.org/created-by': 'calico-kube-controllers' },
        ),
      },
      [],
    ));
});

describe('K1, K2: nodes that leave, or run no Calico, are passed over', () => {
  const node = (change: { metadata?: object; spec?: object }): Contents => {
    const sound = healthy['nodes/node-a'] as { metadata: object; spec: object };
    return {
      'nodes/node-a': {
        ...sound,
        metadata: { ...sound.metadata, ...change.metadata },
        spec: { ...sound.spec, ...change.spec },
      },
    };
  };
  const running = (nodeName: string, status: string): object => ({
    metadata: { labels: { 'k8s-app': 'calico-node' } },
    spec: { nodeName },
    status: { conditions: [{ type: 'Ready', status }] },
  });
  const rows: Readonly<Record<string, readonly [Contents, RegExp]>> = {
    'being deleted (karpenter#2467)': [
      node({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }),
      /is being deleted/,
    ],
    cordoned: [node({ spec: { unschedulable: true } }), /is cordoned/],
    'disrupted by Karpenter': [
      node({ spec: { taints: [{ key: 'karpenter.sh/disrupted' }] } }),
      /karpenter\.sh\/disrupted/,
    ],
    'chosen by the autoscaler': [
      node({ spec: { taints: [{ key: 'ToBeDeletedByClusterAutoscaler' }] } }),
      /ToBeDeletedByClusterAutoscaler/,
    ],
    'a virtual node of the second generation': [
      node({
        metadata: { labels: { 'kubernetes.io/os': 'linux', virtualization: 'virtualnode2' } },
        spec: { taints: [{ key: 'virtual-kubelet.io/provider' }] },
      }),
      /is a virtual node/,
    ],
    'without a ready calico-node': [
      {
        'pods/calico-a': running('node-a', 'False'),
        'pods/calico-b': running('node-b', 'True'),
        'pods/calico-c': running('node-c', 'True'),
      },
      /runs no ready calico-node/,
    ],
  };
  for (const [what, [change, why]] of Object.entries(rows)) {
    test(`${what}: another node is judged`, async () => {
      const { site } = await inspect(change);
      assert.deepEqual(
        site?.nodes.map(({ name }) => name),
        ['node-b', 'node-c'],
      );
      await expectTold('nodes', change, [['info', new RegExp(`Passed over: node-a .*${why.source}`)]]);
    });
    test(`${what}: a problem where it is named`, async () => {
      const { problems } = await inspect(change, { nodes: ['node-a', 'node-b'] });
      assert.deepEqual(
        problems.map(({ code, field }) => [code, field]),
        [['NodeNotReady', 'nodes.0']],
      );
      assert.match(problems[0]?.message ?? '', why);
    });
  }
});

describe('K3: a kubeconfig of another cluster is found out by the providerID of its nodes', () => {
  const nodesOf = (providerID: string): Contents =>
    Object.fromEntries(
      ['node-a', 'node-b', 'node-c'].map((name) => [
        `nodes/${name}`,
        { ...(healthy[`nodes/${name}`] as object), spec: providerID === '' ? {} : { providerID } },
      ]),
    );
  const azure = (subscription: string, group: string): string =>
    `azure:///subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/a`;
  for (const [what, id] of Object.entries({
    'another resource group': azure(subscriptionId, 'mc_other'),
    'another subscription': azure('11111111-0000-4000-8000-000000000001', 'mc_group_lab_westeurope'),
    'another cloud': 'kind://docker/kind/kind-worker',
  }))
    test(`${what}: a problem before anything is changed`, async () => {
      const { problems } = await inspect(nodesOf(id));
      assert.deepEqual(
        problems.map(({ code, field }) => [code, field]),
        [['WrongCluster', 'cluster']],
      );
    });
  test('case does not matter, and nodes without it are no proof of either', async () => {
    await expectTold('identity', nodesOf(azure(subscriptionId.toUpperCase(), 'MC_GROUP_lab_westEurope')), []);
    await expectTold('identity', nodesOf(''), [['info', /none has a providerID/]]);
  });
});

describe('B5: which API is used where', () => {
  const [v3, v1] = ['projectcalico.org/v3', 'crd.projectcalico.org/v1'];
  const bare = { ...healthy, 'profiles/projectcalico-default-allow': 'notServed' } as const;
  const rows: readonly (readonly [what: string, fake: Fake, api: string | undefined])[] = [
    ['the API alone', { served: [v3] }, v3],
    ["Calico's storage alone, as on AKS", { served: [v1] }, v1],
    ["both, with Calico's API server, which alone has profiles", { served: [v3, v1] }, v3],
    [
      'both, with an API server whose profiles may not be read',
      { served: [v3, v1], contents: { profiles: 'forbidden' } },
      v3,
    ],
    ['v3 as bare definitions beside the storage, which Calico follows then', { served: [v3, v1], contents: bare }, v1],
    ['v3 as bare definitions alone', { served: [v3], contents: bare }, v3],
    ['neither', { served: [] }, undefined],
  ];
  for (const [what, fake, api] of rows)
    test(`${what}: ${api ?? 'none'}`, async () => assert.equal(await findCalicoApi(fakeCluster(fake)), api));
  test('the remedy for a cluster without Calico names no definitions to install', () => {
    assert.doesNotMatch(failures.CalicoApiMissing.remedy, /CRD|definition/i);
  });
});

describe("C7: Calico's API server is away while the cluster's answers", () => {
  const away = (): Tools['clusters'] => ({
    of: async () => ({
      ...fakeCluster({}),
      serves: async (group: string) => {
        if (group === 'projectcalico.org')
          throw new KubernetesError(
            503,
            'ServiceUnavailable',
            "The API server answers, but Calico's API server does not",
            {
              details: { group },
            },
          );
        return true;
      },
    }),
    close: async () => {},
  });
  test('doctor names it, with what to look at, and does not fall back to its storage', async () => {
    const azure = { groupExists: async () => false } as unknown as Tools['azure'];
    const found = await examine(askFor(), { azure, clusters: away() });
    const [own] = found.filter(({ topic }) => topic === 'calicoApi');
    assert.deepEqual([own?.level, own?.code], ['problem', 'KubernetesUnavailable']);
    assert.match(own?.reason ?? '', /but Calico's API server does not/);
    assert.match(own?.remedy ?? '', /kubectl get apiservice v3\.projectcalico\.org/);
  });
  test("the aggregator's own answers are told from those of the API server", () => {
    const paths = ['/apis/projectcalico.org/v3', '/openapi/v3/apis/projectcalico.org/v3'];
    for (const path of paths)
      for (const text of ['service unavailable\n', 'error trying to reach service: dial tcp 10.0.0.9:443: refused']) {
        const { status, message, details } = parseErrorAnswer(path, 503, text, {});
        assert.deepEqual([status, details.group], [503, 'projectcalico.org']);
        assert.match(message, /^The API server answers, but Calico's API server does not: (service|error)/);
      }
    assert.match(
      parseErrorAnswer('/apis/metrics.k8s.io/v1', 503, 'service unavailable', {}).message,
      /of metrics\.k8s\.io/,
    );
    for (const [path, text] of [
      ['/api/v1/nodes', 'service unavailable'],
      ['/apis/projectcalico.org/v3', '<html>503 Service Unavailable</html>'],
    ] as const)
      assert.equal(parseErrorAnswer(path, 503, text, {}).details.group, undefined);
  });
  test('preflight is tried again', async () => {
    await assert.rejects(inspectCluster(askFor(), 'run', { clusters: away() }), { status: 503 });
  });
});
