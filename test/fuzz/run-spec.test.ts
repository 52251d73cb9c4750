import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { resolveMission } from '../../src/config/run-spec.ts';
import { failures, HepflowError } from '../../src/contract/failures.ts';
import { damaged, everyCase, json, nasty } from './cases.ts';

const minimal = { subscriptionId: '00000000-0000-4000-8000-000000000001', resourceGroup: 'group', cluster: 'cluster' };
const whole = JSON.parse(JSON.stringify(resolveMission(minimal))) as object;

/** A mission that gives itself again, or InvalidInput with every problem complete. */
function refusedOrResolved(spec: unknown): void {
  const before = JSON.stringify(spec);
  try {
    const mission = resolveMission(spec);
    const again = resolveMission(JSON.parse(JSON.stringify(mission)));
    assert.deepEqual(again, JSON.parse(JSON.stringify(mission)), 'a valid mission is its own spec');
  } catch (error) {
    if (!(error instanceof HepflowError)) throw error;
    assert.equal(error.code, 'InvalidInput');
    assert.ok(error.problems.length > 0);
    for (const { code, field, message, remedy } of error.problems) {
      assert.ok(Object.hasOwn(failures, code));
      assert.ok(typeof field === 'string' && message.length > 0 && remedy.length > 0);
    }
    assert.ok(JSON.stringify(error.problems).length < 200_000, 'it fits into a failure that Temporal keeps');
  }
  assert.equal(JSON.stringify(spec), before, 'the spec is not touched');
}

test('any JSON is a mission or InvalidInput with its problems, never another exception', (t) =>
  everyCase(t, 1500, json, refusedOrResolved));

test('a sound spec with damaged parts is a mission or InvalidInput', (t) =>
  everyCase(t, 1500, damaged(whole), refusedOrResolved));

test('fields of the right names with values from the border of their rules', (t) => {
  const border = fc.oneof(
    nasty,
    fc.constantFrom<unknown>(
      '10.0.0.0/8',
      '10.0.0.1/8',
      '010.0.0.0/8',
      '0.0.0.0/0',
      '10.0.0.0/33',
      '*',
      'a'.repeat(253),
      'a'.repeat(64),
      'a.b',
      '-a',
      'a/b/c',
      '/a',
      'root',
      30_000,
      32_768,
      0,
      65_536,
      2999,
      1e21,
    ),
    fc.tuple(fc.nat(260), fc.nat(260), fc.nat(34)).map(([a, b, bits]) => `${a}.${b}.0.0/${bits}`),
  );
  const part = (...names: string[]) =>
    fc.dictionary(fc.constantFrom(...names), fc.oneof(border, fc.array(border, { maxLength: 3 })));
  const spec = fc.record(
    {
      workload: part('namespace', 'deployment', 'serviceName', 'port', 'targetPort', 'nodePort'),
      label: part('key', 'value'),
      nodes: fc.array(border, { maxLength: 3 }),
      vm: part('resourceGroup', 'addressSpace', 'subnet', 'sizes', 'image', 'adminUser', 'allowedSshSources'),
      policy: part('name', 'tier', 'order'),
      probe: part('connections', 'timeoutMs', 'convergenceMs', 'controlPort'),
      cluster: border,
    },
    { requiredKeys: [] },
  );
  return everyCase(t, 1000, spec, (given) => refusedOrResolved({ ...minimal, ...given }));
});

test('depth, width and repetition end in InvalidInput too', (t) => {
  const deep = (levels: number): unknown => JSON.parse(`${'{"vm":'.repeat(levels)}1${'}'.repeat(levels)}`);
  const deepList = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
  const wide = (keys: number): unknown => Object.fromEntries(Array.from({ length: keys }, (_, n) => [`field${n}`, n]));
  const many = (items: number): unknown => ({ ...minimal, nodes: Array.from({ length: items }, () => '') });
  const shape = fc.constantFrom(deep, deepList, wide, many);
  return everyCase(t, 30, fc.tuple(shape, fc.integer({ min: 1, max: 20_000 })), ([make, size]) => {
    const spec = make(size);
    assert.throws(
      () => resolveMission(spec),
      (error) =>
        error instanceof HepflowError &&
        error.code === 'InvalidInput' &&
        error.problems.length > 0 &&
        JSON.stringify(error.problems).length < 200_000,
    );
  });
});
