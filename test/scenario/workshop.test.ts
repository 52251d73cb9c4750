import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveMission } from '../../src/config/run-spec.ts';
import { createScenario } from '../../src/scenario/index.ts';
import { createWorkshop } from '../../src/scenario/workshop.ts';

/** Nothing of it is a default, so that each value is seen to come from the mission. */
const mission = resolveMission({
  ...{ subscriptionId: '00000000-0000-4000-8000-000000000001', resourceGroup: 'group', cluster: 'lab' },
  workload: {
    ...{ namespace: 'shop', deployment: 'web', serviceName: 'web-port' },
    ...{ port: 81, targetPort: 8081, nodePort: 30081 },
  },
  label: { key: 'tier', value: 'edge' },
  policy: { name: 'shut', tier: 'security', order: 7 },
  probe: { controlPort: 9100 },
  secondNode: { when: 'always', waitMs: 120_000 },
});
const { workload, label } = mission;
const scenario = createWorkshop(mission);
const [baseline, enforced, second] = scenario.phases;

test('the workshop is called so, and another name is none', () => {
  assert.deepEqual(createScenario('workshop', mission), scenario);
  assert.equal(createScenario('workshops', mission), undefined);
});

test('it dials the NodePort and a port that is there from one VM, on two nodes', () => {
  assert.deepEqual([scenario.name, scenario.nodes], ['workshop', 2]);
  assert.deepEqual(scenario.vantages, { vm: { kind: 'azureVm', ...mission.vm } });
  assert.deepEqual(scenario.targets, {
    web: { kind: 'nodePort', port: 30081, nodes: [0, 1], service: { namespace: 'shop', name: 'web-port' } },
    control: { kind: 'openPort', port: 9100, nodes: [0, 1] },
  });
});

test('first it switches on both fields and exposes the workload; every port answers, or the run ends', () => {
  assert.deepEqual(baseline.changes, [
    { kind: 'field', field: 'autoHostEndpoints' },
    { kind: 'field', field: 'flowLogs' },
    { kind: 'service', ...workload },
  ]);
  assert.deepEqual([baseline.name, baseline.expect, baseline.required], ['baseline', { web: 'OPEN' }, true]);
  assert.ok(!('gate' in baseline));
});

test('then it labels the first node and denies the NodePort from the VM, and nothing else', () => {
  assert.deepEqual([enforced?.name, enforced?.expect], ['enforced', { web: { 0: 'DROP' } }]);
  assert.deepEqual(enforced?.changes, [
    { kind: 'label', node: 0, ...label },
    {
      ...{ kind: 'policy', name: 'shut' },
      spec: {
        ...{ tier: 'security', order: 7, selector: 'tier == "edge"' },
        ...{ preDNAT: true, applyOnForward: true, types: ['Ingress'] },
        ingress: [
          { action: 'Allow', source: { nets: ['127.0.0.1/32'] }, destination: {} },
          {
            ...{ action: 'Deny', protocol: 'TCP' },
            source: { nets: [`${'$'}{vm.sourceAddress}/32`] },
            destination: { ports: [30081] },
          },
        ],
      },
    },
  ]);
  assert.ok(enforced && !('gate' in enforced));
});

test('then, behind its gate, it labels the second node', () => {
  assert.deepEqual([second?.name, second?.expect], ['second', { web: 'DROP' }]);
  assert.deepEqual(second?.changes, [{ kind: 'label', node: 1, ...label }]);
  assert.deepEqual(second?.gate, { signal: 'labelNode2', when: 'always', waitMs: 120_000 });
  assert.equal(scenario.phases.length, 3);
});

test('only the first phase is required', () =>
  assert.deepEqual(
    scenario.phases.map(({ required }) => required),
    [true, false, false],
  ));

test("every phase, and undo's own proof, has a title and a claim that is a sentence", () => {
  const all = [...scenario.phases, scenario.restored];
  for (const { title, claim } of all) {
    assert.match(title, /^[A-Z][a-z ]+: [a-z0-9 ]+$/);
    assert.match(claim, /^[A-Z].*\.$/);
  }
  assert.equal(new Set(all.map(({ title }) => title)).size, 4);
  assert.equal(new Set(all.map(({ claim }) => claim)).size, 4);
});
