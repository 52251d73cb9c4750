/** A scenario that has nothing of the workshop's but its kinds of changes: another vantage, other targets, three nodes, two policies. */
import type { Label, Mission } from '../../src/contract/mission.ts';
import type { Change, PhaseSpec, Scenario } from '../../src/contract/scenario.ts';

const outpost = 'outpost';
const shop = { namespace: 'shop', deployment: 'web', serviceName: 'web', port: 80, targetPort: 8080, nodePort: 30_081 };
const metricsPort = 9100;
const shutShop: Label = { key: 'shop', value: 'shut' };
const shutMetrics: Label = { key: 'metrics', value: 'shut' };

export function createSecondScenario(mission: Mission): Scenario {
  return {
    name: 'second-scenario',
    nodes: 3,
    vantages: { [outpost]: { kind: 'azureVm', ...mission.vm } },
    targets: {
      shop: {
        kind: 'nodePort',
        port: shop.nodePort,
        nodes: [0, 1, 2],
        service: { namespace: shop.namespace, name: shop.serviceName },
      },
      metrics: { kind: 'openPort', port: metricsPort, nodes: [0, 1, 2] },
    },
    phases: [describeOpen(), describeShutShop(mission), describeShutMetrics(mission)],
    restored: { title: 'Restored: both policies are gone', claim: 'Shop and metrics answer again on every node.' },
  };
}

const describeOpen = (): PhaseSpec => ({
  name: 'open',
  title: 'Open: before any policy',
  claim: 'Shop and metrics answer on every node.',
  required: true,
  changes: [{ kind: 'service', ...shop }],
  expect: {},
});

const describeShutShop = (mission: Mission): PhaseSpec => ({
  name: 'shut-shop',
  title: 'The shop is shut on the outer nodes',
  claim: 'The shop is silent on the first and the third node; the second one and all metrics still answer.',
  required: false,
  changes: [labelNode(0, shutShop), labelNode(2, shutShop), denyPort(mission, 'shut-shop', shutShop, shop.nodePort)],
  expect: { shop: { 0: 'DROP', 2: 'DROP' } },
});

const describeShutMetrics = (mission: Mission): PhaseSpec => ({
  name: 'shut-metrics',
  title: 'The metrics are shut on the middle node',
  claim: 'The metrics of the second node are silent too; the shop is as it was.',
  gate: { signal: 'goOn', when: 'always', waitMs: 60_000 },
  required: false,
  changes: [labelNode(1, shutMetrics), denyPort(mission, 'shut-metrics', shutMetrics, metricsPort)],
  expect: { shop: { 0: 'DROP', 2: 'DROP' }, metrics: { 1: 'DROP' } },
});

const labelNode = (node: number, label: Label): Change => ({ kind: 'label', node, ...label });

function denyPort({ policy: { tier, order } }: Mission, name: string, { key, value }: Label, port: number): Change {
  const from = { nets: [`\${${outpost}.sourceAddress}/32`] };
  const spec = {
    ...{ tier, order, selector: `${key} == "${value}"`, preDNAT: true, applyOnForward: true, types: ['Ingress'] },
    ingress: [{ action: 'Deny', protocol: 'TCP', source: from, destination: { ports: [port] } }],
  };
  return { kind: 'policy', name, spec };
}
