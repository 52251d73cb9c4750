import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { resolveMission } from '../../src/config/run-spec.ts';
import { HepflowError, type Problem } from '../../src/contract/failures.ts';

const needed = { subscriptionId: '00000000-0000-4000-8000-000000000001', resourceGroup: 'hepflow-lab', cluster: 'lab' };

function problemsOf(spec: unknown): readonly Problem[] {
  try {
    resolveMission(spec);
  } catch (error) {
    assert.ok(error instanceof HepflowError);
    assert.equal(error.code, 'InvalidInput');
    return error.problems;
  }
  return [];
}

test('three fields are enough: everything else has the value of the workshop', () => {
  const { vm, workload, label, nodes, secondNode, policy, probe, cleanup } = resolveMission(needed);
  assert.deepEqual(workload, {
    namespace: 'default',
    deployment: 'frontend',
    serviceName: 'frontend-nodeport',
    port: 80,
    targetPort: 8080,
    nodePort: 30080,
  });
  assert.deepEqual(
    [vm.resourceGroup, vm.addressSpace, vm.subnet, vm.adminUser, vm.allowedSshSources],
    ['hepflow-lab', '192.168.0.0/16', '192.168.1.0/24', 'azureuser', ['*']],
  );
  assert.deepEqual(
    [label, nodes, policy],
    [{ key: 'host-end-point', value: 'test' }, [], { name: 'frontend-nodeport-access', tier: 'default', order: 100 }],
  );
  assert.deepEqual(
    [secondNode, cleanup],
    [
      { when: 'on-signal', waitMs: 900_000 },
      { when: 'always', waitMs: 3_600_000 },
    ],
  );
  assert.deepEqual(probe, { connections: 3, timeoutMs: 3000, convergenceMs: 30_000, controlPort: 10250, soakMs: 0 });
});

test('both examples say exactly the defaults, comments and all', () => {
  const read = (name: string): string => readFileSync(new URL(`../../examples/${name}`, import.meta.url), 'utf8');
  assert.deepEqual(resolveMission(JSON.parse(read('run.json'))), resolveMission(needed));
  assert.deepEqual(resolveMission(parse(read('run.yaml'))), resolveMission(needed));
});

test('$comment and $schema are dropped at every level, and nothing else is', () => {
  assert.deepEqual(
    resolveMission({ ...needed, $schema: 1, vm: { $comment: 'x', image: { $comment: 'y' } } }),
    resolveMission(needed),
  );
  assert.deepEqual(
    problemsOf({ ...needed, $other: 1 }).map(({ field }) => field),
    ['$other'],
  );
});

test('what is given is kept, and the rest of its part filled in', () => {
  const mission = resolveMission({
    ...needed,
    nodes: ['b', 'a'],
    label: { key: 'example.com/x', value: '' },
    vm: { resourceGroup: 'other', addressSpace: '10.9.0.0/24', subnet: '10.9.0.0/29' },
  });
  assert.deepEqual(
    [mission.nodes, mission.label, mission.vm.resourceGroup, mission.vm.sizes.length],
    [['b', 'a'], { key: 'example.com/x', value: '' }, 'other', 3],
  );
});

for (const garbage of [null, undefined, 42, 'run', [], true]) {
  test(`${JSON.stringify(garbage)} is no run spec, and is refused as InvalidInput`, () => {
    assert.match(problemsOf(garbage)[0]?.message ?? '', /must be an object/);
  });
}

const wrong: [field: string, spec: Record<string, unknown>, says?: RegExp][] = [
  ['subscriptionId', { subscriptionId: 'mine' }, /GUID.*got "mine"/],
  ['resourceGroup', { resourceGroup: 'ends.' }],
  ['cluster', { cluster: '-lab' }],
  ['cluster', { cluster: undefined }, /it is missing/],
  ['colour', { colour: 'red' }, /not a field/],
  ['vm.colour', { vm: { colour: 'red' } }, /not a field/],
  ['workload', { workload: 'frontend' }, /object/],
  ['workload.namespace', { workload: { namespace: 'a.b' } }],
  ['workload.deployment', { workload: { deployment: 'Front' } }],
  ['workload.serviceName', { workload: { serviceName: '1st' } }, /beginning with a letter/],
  ['workload.port', { workload: { port: 0 } }],
  ['workload.targetPort', { workload: { targetPort: '8080' } }, /got "8080"/],
  ['workload.nodePort', { workload: { nodePort: 29_999 } }, /30000 to 32767; got 29999/],
  ['label.key', { label: { key: 'a/b/c' } }],
  ['label.key', { label: { key: 'kubernetes.io/hostname' } }, /steers by/],
  ['label.key', { label: { key: 'agentpool' } }, /Azure, Istio, .* steers by/],
  ['label.key', { label: { key: 'type' } }, /steers by/],
  ['label.key', { label: { key: 'topology.istio.io/network' } }, /steers by/],
  ['label.key', { label: { key: 'kubernetes.azure.com/mode' } }, /steers by/],
  ['label.key', { label: { key: 'node.kubernetes.io/exclude-from-external-load-balancers' } }],
  ['label.value', { label: { value: 'a b' } }],
  ['nodes', { nodes: ['one'] }, /exactly two/],
  ['nodes', { nodes: ['same', 'same'] }, /different/],
  ['nodes[1]', { nodes: ['one', 'Two'] }],
  ['vm.resourceGroup', { vm: { resourceGroup: '' } }],
  ['vm.addressSpace', { vm: { addressSpace: '192.168.0.1/16' } }, /canonical/],
  ['vm.addressSpace', { vm: { addressSpace: '8.8.0.0/16' } }, /must lie within 10\.0\.0\.0\/8/],
  ['vm.addressSpace', { vm: { addressSpace: '192.0.0.0/8', subnet: '192.168.1.0/24' } }],
  ['vm.subnet', { vm: { subnet: '192.168.1.0/30' } }, /\/29 or larger/],
  ['vm.subnet', { vm: { subnet: '10.0.0.0/24' } }, /within vm\.addressSpace, 192\.168\.0\.0\/16/],
  ['vm.subnet', { vm: { addressSpace: '10.1.0.0/16' } }, /got "192\.168\.1\.0\/24"/],
  ['vm.tags', { vm: { tags: ['team'] } }, /mapping of tag names/],
  ['vm.tags', { vm: { tags: Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`t${n}`, ''])) } }, /at most 15/],
  ['vm.tags.a/b', { vm: { tags: { 'a/b': 'x' } } }, /none of < > % & \\ \? \//],
  ['vm.tags.Hepflow-run', { vm: { tags: { 'Hepflow-run': 'x' } } }, /no hepflow- first/],
  ['vm.tags.team', { vm: { tags: { Team: 'a', team: 'b' } } }, /differ .* by more than case/],
  ['vm.tags.cost', { vm: { tags: { cost: 4711 } } }, /text of at most 256 characters; got 4711/],
  ['vm.tags.cost', { vm: { tags: { cost: 'x'.repeat(257) } } }],
  ['vm.sizes', { vm: { sizes: [] } }],
  ['vm.sizes[0]', { vm: { sizes: ['big'] } }],
  ['vm.image.sku', { vm: { image: { sku: ' ' } } }],
  ['vm.adminUser', { vm: { adminUser: 'root' } }],
  ['vm.allowedSshSources', { vm: { allowedSshSources: [] } }],
  ['vm.allowedSshSources[0]', { vm: { allowedSshSources: ['203.0.113.7'] } }],
  ['policy.name', { policy: { name: 'A' } }],
  ['policy.order', { policy: { order: 'first' } }],
  ['secondNode.when', { secondNode: { when: 'later' } }, /on-signal, always or never; got "later"/],
  ['secondNode.waitMs', { secondNode: { waitMs: '5 potatoes' } }],
  ['cleanup.waitMs', { cleanup: { waitMs: 0 } }],
  ['probe.connections', { probe: { connections: 2 } }],
  ['probe.timeoutMs', { probe: { timeoutMs: 2999 } }],
  ['probe.convergenceMs', { probe: { convergenceMs: 1.5 } }],
  ['probe.controlPort', { probe: { controlPort: 30_080 } }, /must not be workload\.nodePort/],
];
for (const [field, change, says] of wrong) {
  test(`${JSON.stringify(change)} is refused, and only ${field} is blamed`, () => {
    const problems = problemsOf({ ...needed, ...change });
    assert.deepEqual(
      problems.map((problem) => problem.field),
      [field],
    );
    assert.match(problems[0]?.message ?? '', says ?? /; (got|it is)/);
    assert.notEqual(problems[0]?.remedy, '');
  });
}

test('every problem is told at once, also those between two fields', () => {
  const problems = problemsOf({
    cluster: 'x',
    colour: 1,
    nodes: ['a'],
    vm: { subnet: '10.0.0.0/24', adminUser: 'root' },
    workload: { nodePort: 1, port: 'x' },
    label: { key: '/' },
  });
  assert.deepEqual(problems.map(({ field }) => field).sort(), [
    'colour',
    'label.key',
    'nodes',
    'resourceGroup',
    'subscriptionId',
    'vm.adminUser',
    'vm.subnet',
    'workload.nodePort',
    'workload.port',
  ]);
});

test('a NodePort out of range has its own code, an unknown field the name that was meant', () => {
  assert.equal(problemsOf({ ...needed, workload: { nodePort: 80 } })[0]?.code, 'NodePortOutOfRange');
  assert.match(problemsOf({ ...needed, workload: { nodeport: 30080 } })[0]?.remedy ?? '', /Write nodePort/);
});
