import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PlannedChange } from '../../src/contract/change.ts';
import type { Plan } from '../../src/contract/plan.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import type { Site } from '../../src/contract/site.ts';
import { createIds, createPeeringId } from '../../src/ownership/names.ts';
import { planRun } from '../../src/preflight/plan.ts';
import { sampleRun as run } from '../support/sample-run.ts';
import { mission, workshop } from '../support/scenarios.ts';
import { createSecondScenario } from '../support/second-scenario.ts';
import { type Contents, fakeCluster, healthy } from './fake-cluster.ts';

const names = ['node-a', 'node-b', 'node-c'];
const clusterVnetId = '/subscriptions/s/resourceGroups/MC/providers/Microsoft.Network/virtualNetworks/aks-vnet';
const site: Site = {
  ...{ location: 'westeurope', clusterResourceId: '/cluster', nodeResourceGroup: 'MC', kubernetesVersion: '1.35.4' },
  ...{ clusterVnetId, clusterAddressSpaces: ['10.240.0.0/16'] },
  nodes: names.map((name, index) => ({ name, internalIp: `10.240.0.${index + 4}` })),
  readyNodes: names,
  calico: { flavour: 'cloud', version: 'v3.32.1', api: 'projectcalico.org/v3' },
  ...{ searchAttributes: false, warnings: [] },
};
const holder = 'default/hepflow-lab-0a1b2c3d/first';

const plan = (scenario: Scenario, contents: Contents = healthy): Promise<Plan> =>
  planRun(
    scenario,
    { run, site: { ...site, nodes: site.nodes.slice(0, scenario.nodes) } },
    holder,
    fakeCluster({ contents }),
  );
const changesOf = ({ lease, lanes, phases }: Plan): readonly PlannedChange[] => [
  lease,
  ...lanes.flatMap(({ changes }) => changes),
  ...phases.flatMap(({ changes }) => changes),
];

describe('the workshop', () => {
  test('has every change with its id, its step, and what must be made before', async () => {
    const planned = changesOf(await plan(workshop));
    assert.deepEqual(
      planned.map(({ id, step, needs }) => [id, step, needs]),
      [
        ['lease', 'holdCluster', []],
        ['vm.network', 'createNetwork', []],
        ['vm.publicIp', 'createPublicIp', []],
        ['vm.securityGroup', 'createSecurityGroup', []],
        ['vm.interface', 'createInterface', ['vm.network', 'vm.publicIp', 'vm.securityGroup']],
        ['vm.vm', 'createVm', ['vm.interface']],
        ['vm.ssh', 'awaitSsh', ['vm.vm']],
        ['vm.peeringThere', 'peerToCluster', ['vm.network']],
        ['vm.peeringBack', 'peerFromCluster', ['vm.peeringThere']],
        ['baseline.1', 'enableAutoHostEndpoints', []],
        ['baseline.2', 'enableFlowLogs', []],
        ['baseline.3', 'exposeNodePort', []],
        ['enforced.1', 'labelNode', []],
        ['enforced.2', 'applyPolicy', []],
        ['second.1', 'labelNode', []],
      ],
    );
  });

  test("has its changes in lanes that are made side by side: the VM, the peering, and the first phase's", async () => {
    const { lanes, phases } = await plan(workshop);
    assert.deepEqual(
      lanes.map(({ name, changes }) => [name, changes.length]),
      [
        ['vm machine', 6],
        ['vm peering', 2],
        ['baseline', 3],
      ],
    );
    assert.deepEqual(
      phases.map(({ name, changes }) => [name, changes.map(({ subject }) => subject)]),
      [
        ['baseline', []],
        ['enforced', ['node-a', '']],
        ['second', ['node-b']],
      ],
    );
  });

  test('tells of each change its vantage and its phase', async () => {
    for (const { id, vantage, phase } of changesOf(await plan(workshop))) {
      const [of = ''] = id.split('.');
      assert.equal(vantage, of === 'vm' ? 'vm' : null, id);
      assert.equal(phase, of === 'vm' || of === 'lease' ? null : of, id);
    }
  });

  test('has the entry that undoes each change, with its id in it; a step that changes nothing has none', async () => {
    const planned = changesOf(await plan(workshop));
    for (const { id, undo } of planned) assert.equal(undo?.change ?? id, id);
    assert.deepEqual(
      planned.map(({ undo }) => undo?.undo),
      [
        'releaseCluster',
        ...['deleteNetwork', 'deletePublicIp', 'deleteSecurityGroup', 'deleteInterface', 'deleteVm', undefined],
        ...['deletePeering', 'deletePeering'],
        ...['restoreAutoHostEndpoints', 'restoreFlowLogs', 'deleteService'],
        ...['restoreLabel', 'deletePolicy', 'restoreLabel'],
      ],
    );
    for (const { undo } of planned) if (undo !== null) assert.match(undo.command, /^(kubectl|az) /);
    assert.deepEqual(planned[0]?.input, { holder });
  });

  test('reads every prior value through its kind, for the change and for its undo (W3)', async () => {
    const contents: Contents = {
      ...healthy,
      'nodes/node-b': { metadata: { labels: { 'host-end-point': 'old' } } },
      'felixconfigurations/default': { spec: { flowLogsEnableHostEndpoint: false } },
    };
    const planned = changesOf(await plan(workshop, contents));
    const priors = planned.flatMap(({ id, input, undo }) =>
      'prior' in input ? [[id, input.prior, undo && 'prior' in undo.input && undo.input.prior]] : [],
    );
    assert.deepEqual(priors, [
      ['baseline.1', 'Disabled', 'Disabled'],
      ['baseline.2', false, false],
      ['enforced.1', null, null],
      ['second.1', 'old', 'old'],
    ]);
  });

  test('takes what is not there for absent', async () => {
    const planned = changesOf(await plan(workshop, {}));
    const priors = planned.flatMap(({ input }) => ('prior' in input ? [input.prior] : []));
    assert.deepEqual(priors, [null, null, null, null]);
  });

  test('knows from which phase on the policy is in force: not at first, and not after undo', async () => {
    const { phases, restored } = await plan(workshop);
    assert.deepEqual(
      [...phases, restored].map(({ name, policies }) => [name, policies]),
      [
        ['baseline', []],
        ['enforced', ['frontend-nodeport-access']],
        ['second', ['frontend-nodeport-access']],
        ['restored', []],
      ],
    );
    assert.deepEqual(restored.changes, []);
    assert.deepEqual(restored.expectations, phases[0]?.expectations);
  });

  test('has its vantage with what will be known of it once it stands', async () => {
    const { scenario, vantages, targets } = await plan(workshop);
    const { network, interface: interfaceId } = createIds(run);
    assert.deepEqual(vantages, [
      {
        id: 'vm',
        kind: 'azureVm',
        session: { address: `${'$'}{vm.publicAddress}`, adminUser: 'azureuser' },
        sourceAddresses: [`${'$'}{vm.sourceAddress}`],
        witnesses: {
          interfaceId,
          peeringIds: [createPeeringId(network, run.runId), createPeeringId(clusterVnetId, run.runId)],
        },
      },
    ]);
    assert.equal(scenario, 'workshop');
    assert.deepEqual(
      targets.map(({ id }) => id),
      ['node-a:30080', 'node-a:10250', 'node-b:30080', 'node-b:10250'],
    );
  });
});

describe('a scenario of two policies and three nodes', () => {
  const second = createSecondScenario(mission);

  test('has its changes by phase, each labelled node by its name', async () => {
    const { phases, targets } = await plan(second);
    assert.deepEqual(
      phases.map(({ changes }) => changes.map(({ id, words }) => [id, words])),
      [
        [],
        [
          ['shut-shop.1', 'shop=shut on node node-a'],
          ['shut-shop.2', 'shop=shut on node node-c'],
          ['shut-shop.3', 'The policy shut-shop'],
        ],
        [
          ['shut-metrics.1', 'metrics=shut on node node-b'],
          ['shut-metrics.2', 'The policy shut-metrics'],
        ],
      ],
    );
    assert.equal(targets.length, 6);
  });

  test('knows which policies are in force in each phase', async () => {
    const { phases, restored } = await plan(second);
    assert.deepEqual(
      [...phases, restored].map(({ policies }) => policies),
      [[], ['shut-shop'], ['shut-shop', 'shut-metrics'], []],
    );
  });

  test('dials from its own vantage, and its policies name the address of that one', async () => {
    const { vantages, lanes, phases } = await plan(second);
    assert.deepEqual(
      [vantages.map(({ id }) => id), lanes.map(({ name }) => name)],
      [['outpost'], ['outpost machine', 'outpost peering', 'open']],
    );
    for (const { changes } of phases.slice(1))
      assert.match(JSON.stringify(changes.at(-1)?.input), /\$\{outpost\.sourceAddress\}\/32/);
  });

  test('outside the tier default its policies are in force by the names of their objects', async () => {
    const tier = createSecondScenario({ ...mission, policy: { ...mission.policy, tier: 'security' } });
    assert.deepEqual((await plan(tier)).phases[2]?.policies, ['security.shut-shop', 'security.shut-metrics']);
  });
});

describe('what nobody knows is refused, with what is known', () => {
  const [first, ...later] = workshop.phases;

  test('a kind of change', async () => {
    const scenario = { ...workshop, phases: [{ ...first, changes: [{ kind: 'magic' }] }, ...later] as const };
    await assert.rejects(plan(scenario), {
      code: 'InvalidInput',
      message:
        /no kind of change called magic\. Known kinds: lease, network, publicIp, .*, field, service, label, policy/,
    });
  });

  test('what every object has is no kind of change', async () => {
    const scenario = { ...workshop, phases: [{ ...first, changes: [{ kind: 'constructor' }] }, ...later] as const };
    await assert.rejects(plan(scenario), { code: 'InvalidInput' });
  });

  test('a kind of vantage', async () => {
    const moon = { ...workshop.vantages['vm'], kind: 'moon' } as unknown as Scenario['vantages'][string];
    await assert.rejects(plan({ ...workshop, vantages: { moon } }), {
      code: 'InvalidInput',
      message: /no kind of vantage called moon\. Known kinds: azureVm/,
    });
  });

  test('a node that is not there', async () => {
    const changes = [{ kind: 'label', node: 7, key: 'k', value: 'v' }];
    const scenario = { ...workshop, phases: [{ ...first, changes }, ...later] as const };
    await assert.rejects(plan(scenario), { code: 'NotEnoughNodes' });
  });
});
