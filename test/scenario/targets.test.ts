import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listTargets } from '../../src/scenario/targets.ts';
import { workshop, workshopNodes } from '../support/scenarios.ts';

const [a, b] = [
  { name: 'a', internalIp: '10.240.0.4' },
  { name: 'b', internalIp: '10.240.0.35' },
];
const service = { namespace: 'shop', name: 'web' };

test('every node has its targets in the order of the scenario, a NodePort with its service', () => {
  const targets = {
    web: { kind: 'nodePort', port: 30080, nodes: [0, 1], service },
    control: { kind: 'openPort', port: 10250, nodes: [0, 1] },
  } as const;
  assert.deepEqual(listTargets({ targets }, [a, b]), [
    { id: 'a:30080', node: 'a', address: '10.240.0.4', port: 30080, kind: 'nodePort', service: 'shop/web' },
    { id: 'a:10250', node: 'a', address: '10.240.0.4', port: 10250, kind: 'openPort' },
    { id: 'b:30080', node: 'b', address: '10.240.0.35', port: 30080, kind: 'nodePort', service: 'shop/web' },
    { id: 'b:10250', node: 'b', address: '10.240.0.35', port: 10250, kind: 'openPort' },
  ]);
});

test('a target is on the nodes that it names and on no other; a node that the site does not have has none', () => {
  const targets = {
    web: { kind: 'nodePort', port: 30080, nodes: [1, 2], service },
    control: { kind: 'openPort', port: 10250, nodes: [0] },
  } as const;
  assert.deepEqual(
    listTargets({ targets }, [a, b]).map(({ id }) => id),
    ['a:10250', 'b:30080'],
  );
  assert.deepEqual(listTargets({ targets }, []), []);
});

test("the workshop's targets are the NodePort and the control port of both nodes", () => {
  assert.deepEqual(
    listTargets(workshop, workshopNodes).map(({ port, service: of }) => [port, of]),
    [
      [30080, 'default/frontend-nodeport'],
      [10250, undefined],
      [30080, 'default/frontend-nodeport'],
      [10250, undefined],
    ],
  );
});
