import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { holds, isPolicyNamed } from '../../src/changes/kubernetes-bodies.ts';
import { type NeededRight, neededRights, tierRights } from '../../src/changes/kubernetes-rights.ts';
import { changePatch, decideChange, decideRestore, restorePatch, unmarkPatch } from '../../src/ownership/field-mark.ts';
import { changedAnnotation, policyName } from '../../src/ownership/names.ts';

test('a policy is called <tier>.<name> outside the tier default, and found under the older form inside it', () => {
  assert.equal(policyName({ tier: 'default', name: 'a' }), 'a');
  assert.equal(policyName({ tier: 'security', name: 'a' }), 'security.a');
  assert.equal(policyName({ tier: 'security', name: 'security.a' }), 'security.a');
  assert.ok(isPolicyNamed('default.a', { tier: 'default', name: 'a' }));
  assert.ok(!isPolicyNamed('security.a', { tier: 'default', name: 'a' }));
});

test('an object holds what was sent when the server only added to it', () => {
  assert.ok(holds({ a: 1, more: true, list: [{ b: 2, uid: 'x' }] }, { a: 1, list: [{ b: 2 }] }));
  assert.ok(holds({}, { destination: {} }), 'an empty object may be dropped');
  assert.ok(!holds({ list: [1, 2] }, { list: [1] }), 'lists count as a whole');
  assert.ok(!holds({}, { preDNAT: true }));
});

const runId = 'aaaaaaaa';
const path = ['spec', 'node', 'autoCreate'] as const;
const change = { path, wanted: 'Enabled', prior: 'Disabled', runId };
const object = (value: string | undefined, run?: string): Parameters<typeof decideChange>[0] => ({
  metadata: {
    resourceVersion: '7',
    ...(run === undefined ? {} : { annotations: { [changedAnnotation]: JSON.stringify({ run, prior: 'Disabled' }) } }),
  },
  ...{ spec: { node: value === undefined ? {} : { autoCreate: value } } },
});

/** value, mark's run, prior -> change, restore */
const decisions: readonly [string | undefined, string | undefined, string | null, string, string][] = [
  ['Disabled', undefined, 'Disabled', 'change', 'nothing'],
  ['Disabled', runId, 'Disabled', 'change', 'unmark'],
  ['Enabled', runId, 'Disabled', 'ours', 'restore'],
  ['Enabled', undefined, 'Enabled', 'already', 'nothing'],
  ['Enabled', undefined, 'Disabled', 'conflict', 'conflict'],
  ['Enabled', 'bbbbbbbb', 'Disabled', 'conflict', 'conflict'],
  ['Enabled', 'bbbbbbbb', 'Enabled', 'conflict', 'nothing'],
  ['Other', runId, 'Disabled', 'conflict', 'conflict'],
  ['Other', undefined, 'Disabled', 'conflict', 'nothing'],
  [undefined, undefined, null, 'change', 'nothing'],
  [undefined, runId, 'Disabled', 'conflict', 'conflict'],
];
for (const [value, mark, prior, forChange, forRestore] of decisions) {
  test(`value ${value}, mark of ${mark}, prior ${prior}: change is ${forChange}, restore is ${forRestore} (W3)`, () => {
    assert.equal(decideChange(object(value, mark), { ...change, prior }), forChange);
    assert.equal(decideRestore(object(value, mark), { ...change, prior }), forRestore);
  });
}

test('a patch of the value names the version that it was decided on; value and mark go in one, the mark comes off in the last', () => {
  const mark = { [changedAnnotation]: `{"run":"${runId}","prior":"Disabled"}` };
  assert.deepEqual(changePatch(object('Disabled'), change), {
    metadata: { resourceVersion: '7', annotations: mark },
    spec: { node: { autoCreate: 'Enabled' } },
  });
  assert.deepEqual(restorePatch(object('Enabled', runId), change), {
    metadata: { resourceVersion: '7' },
    spec: { node: { autoCreate: 'Disabled' } },
  });
  assert.deepEqual(unmarkPatch, { metadata: { annotations: { [changedAnnotation]: null } } });
});

test('what the run had to create around the field goes with it, unless somebody put more into it', () => {
  const absent = { metadata: { resourceVersion: '7' }, spec: {} };
  const patch = changePatch(absent, { ...change, prior: null }) as {
    metadata: { annotations: Record<string, string> };
  };
  const changed = {
    metadata: { resourceVersion: '8', annotations: patch.metadata.annotations },
    spec: { node: { autoCreate: 'Enabled' } },
  };
  assert.deepEqual(restorePatch(changed, { ...change, prior: null }), {
    metadata: { resourceVersion: '8' },
    spec: { node: null },
  });
  const shared = { ...changed, spec: { node: { autoCreate: 'Enabled', syncLabels: 'Enabled' } } };
  assert.deepEqual(restorePatch(shared, { ...change, prior: null }), {
    metadata: { resourceVersion: '8' },
    spec: { node: { autoCreate: null } },
  });
});

test('the roles of deploy/kubernetes grant what preflight asks for, and nothing else', () => {
  interface Rule {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
    readonly resourceNames?: readonly string[];
  }
  const linesOf = (file: string): string[] => {
    const text = readFileSync(join(import.meta.dirname, '../../deploy/kubernetes', file), 'utf8');
    const { metadata, rules } = parse(text) as { metadata: { namespace?: string }; rules: readonly Rule[] };
    const { namespace = '' } = metadata;
    return rules.flatMap(({ apiGroups, resources, verbs, resourceNames = [''] }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.flatMap((verb) => resourceNames.map((name) => line({ verb, group, resource, name, namespace }))),
        ),
      ),
    );
  };
  const line = ({ verb, group, resource, name = '', namespace = '' }: NeededRight): string =>
    `${verb} ${group}/${resource} ${name} ${namespace}`;
  const granted = ['clusterrole.yaml', 'role.yaml'].flatMap(linesOf);
  const needed = [...neededRights.map(line), ...tierRights('any').map((right) => line({ ...right, name: '' }))];
  assert.deepEqual(granted.toSorted(), needed.toSorted());
});
