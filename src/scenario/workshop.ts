/**
 * The host-endpoints workshop as data: a deny is applied to one node and proved to bite there and only there, then, on
 * a signal, to
 * the second. Nothing outside this file names one of its phases, counts its nodes or knows which port is denied.
 */
import { labelNode2Signal } from '../contract/messages.ts';
import type { Label, Mission } from '../contract/mission.ts';
import type { Change, PhaseSpec, Scenario } from '../contract/scenario.ts';

/** Name of its only vantage. */
const vm = 'vm';

export function createWorkshop(mission: Mission): Scenario {
  const { workload, probe } = mission;
  const service = { namespace: workload.namespace, name: workload.serviceName };
  return {
    name: 'workshop',
    nodes: 2,
    vantages: { [vm]: { kind: 'azureVm', ...mission.vm } },
    targets: {
      web: { kind: 'nodePort', port: workload.nodePort, nodes: [0, 1], service },
      control: { kind: 'openPort', port: probe.controlPort, nodes: [0, 1] },
    },
    phases: [describeBaseline(mission), describeEnforced(mission), describeSecond(mission)],
    restored: {
      title: 'Restored: policy and labels are gone',
      claim: 'With policy and labels gone, every port answers again.',
    },
  };
}

const describeBaseline = ({ workload }: Mission): PhaseSpec => ({
  name: 'baseline',
  title: 'Baseline: before any policy',
  claim: 'Before any policy, every port answers, so the way from the VM to the nodes is open.',
  required: true,
  changes: [
    { kind: 'field', field: 'autoHostEndpoints' },
    { kind: 'field', field: 'flowLogs' },
    { kind: 'service', ...workload },
  ],
  expect: { web: 'OPEN' },
});

const describeEnforced = (mission: Mission): PhaseSpec => ({
  name: 'enforced',
  title: 'Enforced: node 1 carries the label',
  claim:
    'With the label on the first node and the policy in force, the first node is silent; the second one and ' +
    'the control ports still answer.',
  required: false,
  changes: [labelNode(0, mission.label), denyNodePort(mission)],
  expect: { web: { 0: 'DROP' } },
});

const describeSecond = ({ label, secondNode }: Mission): PhaseSpec => ({
  name: 'second',
  title: 'Second node: both carry the label',
  claim: 'With the label on the second node too, both nodes are silent; the control ports still answer.',
  gate: { signal: labelNode2Signal, ...secondNode },
  required: false,
  changes: [labelNode(1, label)],
  expect: { web: 'DROP' },
});

const labelNode = (node: number, label: Label): Change => ({ kind: 'label', node, ...label });

/**
 * The deny. What comes from the node itself is allowed; TCP from the VM to the NodePort is denied. No other traffic
 * matches, and a
 * preDNAT policy brings no default deny (felix/rules/static.go), so nothing else changes for the node.
 */
function denyNodePort({ policy, label, workload }: Mission): Change {
  const spec = {
    tier: policy.tier,
    order: policy.order,
    selector: selectLabel(label),
    preDNAT: true,
    applyOnForward: true,
    types: ['Ingress'],
    ingress: [
      { action: 'Allow', source: { nets: ['127.0.0.1/32'] }, destination: {} },
      {
        action: 'Deny',
        protocol: 'TCP',
        source: { nets: [`\${${vm}.sourceAddress}/32`] },
        destination: { ports: [workload.nodePort] },
      },
    ],
  };
  return { kind: 'policy', name: policy.name, spec };
}

/** A selector's string has either kind of quotes and no escapes; a label's value can hold neither. */
const selectLabel = ({ key, value }: Label): string => `${key} == "${value}"`;
