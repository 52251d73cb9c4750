import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../lab/process/run.ts';
import type { Target } from '../../../src/contract/evidence.ts';
import { createObserverCommand, createReadPlan } from '../../../src/vantage/prober/observe/plan.ts';
import { createProbePlan, policyMetricsPort, readProbeProgram } from '../../../src/vantage/prober/probe/plan.ts';

const target = (node: string, service: string): Target => ({
  ...{ id: `${node}:30080`, node, address: '10.0.0.1', port: 30_080, kind: 'nodePort', service },
});
const targets = [target('a', 'default/frontend'), target('b', 'shop/cart')];
const expected = { 'a:30080': 'DROP', 'b:30080': 'OPEN' } as const;
const settings = { connections: 3, timeoutMs: 3000, convergenceMs: 1000, controlPort: 10_250, soakMs: 0 };

test('a target of which nothing is expected is refused', () => {
  assert.throws(() => createProbePlan({ targets, expected: { 'a:30080': 'DROP' }, settings }), {
    name: 'RangeError',
    message: 'Nothing is expected of b:30080.',
  });
});

test('the nodes are asked for the denied packets of every policy in force', () => {
  const witnesses = { kind: 'azureVm', ask: {}, policies: ['deny-web', 'deny-shop'] };
  const plan = createProbePlan({ targets, expected, settings, witnesses });
  assert.deepEqual(plan.deniedPackets, { policies: ['deny-web', 'deny-shop'], port: policyMetricsPort });
  assert.deepEqual([plan.targets, plan.expected], [targets, expected]);
});

test('without a policy in force, or without witnesses, the nodes are asked for nothing', () => {
  const without = { kind: 'azureVm', ask: {}, policies: [] };
  assert.equal(createProbePlan({ targets, expected, settings, witnesses: without }).deniedPackets, null);
  assert.equal(createProbePlan({ targets, expected, settings }).deniedPackets, null);
});

for (const [name, source] of [
  ['prober', readProbeProgram()],
  ['observer', createObserverCommand(createReadPlan('0a1b2c3d', 'enforced')).stdin],
] as const) {
  test(`the ${name} is a program of Python 3.8`, async () => {
    const parse = 'import ast, sys; print(len(ast.parse(sys.stdin.read(), feature_version=(3, 8)).body))';
    assert.ok(Number(await run(['python3', '-c', parse], source)) > 20);
  });
}
