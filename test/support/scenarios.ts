/** Two scenarios: the workshop, and one that shares no name, port or count with it. */
import { resolveMission } from '../../src/config/run-spec.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import { createWorkshop } from '../../src/scenario/workshop.ts';

export const mission = resolveMission({
  subscriptionId: '00000000-0000-4000-8000-000000000001',
  resourceGroup: 'hepflow-lab',
  cluster: 'lab',
});

export const workshop = createWorkshop(mission);

export const workshopNodes = [
  { name: 'aks-a-vmss000000', internalIp: '10.240.0.4' },
  { name: 'aks-a-vmss000001', internalIp: '10.240.0.35' },
];

/** Three phases, three nodes, two policies, and NodePorts of two services. */
export const checkout: Scenario = {
  name: 'checkout',
  nodes: 3,
  vantages: { edge: { kind: 'azureVm', ...mission.vm } },
  targets: {
    shop: { kind: 'nodePort', port: 31_000, nodes: [0, 1, 2], service: { namespace: 'store', name: 'shop' } },
    pay: { kind: 'nodePort', port: 31_001, nodes: [0, 1, 2], service: { namespace: 'store', name: 'pay' } },
    daemon: { kind: 'openPort', port: 9100, nodes: [0, 1, 2] },
  },
  phases: [
    {
      name: 'untouched',
      title: 'Untouched: the store is open',
      claim: 'Nothing is closed, so every port answers.',
      required: true,
      changes: [],
      expect: {},
    },
    {
      name: 'pay-closed',
      title: 'Payment is closed on two nodes',
      claim: 'With the policy no-pay, payment is closed on the first two nodes.',
      required: false,
      changes: [{ kind: 'policy', name: 'no-pay' }],
      expect: { pay: { 0: 'DROP', 1: 'DROP' } },
    },
    {
      name: 'store-closed',
      title: 'The store is closed on every node',
      claim: 'With the policy no-shop too, the shop is closed everywhere.',
      required: false,
      changes: [{ kind: 'policy', name: 'no-shop' }],
      expect: { pay: { 0: 'DROP', 1: 'DROP' }, shop: 'DROP' },
    },
  ],
  restored: { title: 'Reopened: both policies are gone', claim: 'Without policies, every port answers again.' },
};

export const checkoutNodes = ['red', 'green', 'blue'].map((name, index) => ({
  name,
  internalIp: `10.9.0.${index + 1}`,
}));
