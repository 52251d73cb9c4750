import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../src/adapters/kubernetes/resources.ts';
import {
  changedAnnotation,
  createChangePatch,
  createRestorePatch,
  decideChange,
  decideRestore,
  readFieldMark,
  unmarkPatch,
} from '../../src/ownership/field-mark.ts';
import { sampleRun as run } from '../support/sample-run.ts';
import { createAuthor, markField } from '../support/signing.ts';

const runId = run.runId;
const path = ['spec', 'node', 'autoCreate'] as const;
const change = { path, wanted: 'Enabled', prior: 'Disabled' };
const author = createAuthor(run, { kind: 'kubecontrollersconfigurations.projectcalico.org' });
const bare: KubernetesObject = { metadata: { name: 'default', uid: 'uid-1', resourceVersion: '7' } };
/** As the run of that id left it. */
const object = (value: string | undefined, by?: string) => {
  const plain = { ...bare, spec: { node: value === undefined ? {} : { autoCreate: value } } };
  return by === undefined ? plain : markField(plain, change, { ...author, run: { ...run, runId: by } });
};

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
    assert.equal(decideChange(object(value, mark), { ...change, prior }, author), forChange);
    assert.equal(decideRestore(object(value, mark), { ...change, prior }, author), forRestore);
  });
}

test('value and mark go in one patch of the version that was read, and the mark comes off last', () => {
  const patch = createChangePatch(object('Disabled'), change, author) as ReturnType<typeof object>;
  const { [changedAnnotation]: mark = '' } = patch.metadata.annotations ?? {};
  assert.deepEqual(patch, {
    metadata: { resourceVersion: '7', annotations: { [changedAnnotation]: mark } },
    spec: { node: { autoCreate: 'Enabled' } },
  });
  assert.deepEqual(createRestorePatch(object('Enabled', runId), change), {
    metadata: { resourceVersion: '7' },
    spec: { node: { autoCreate: 'Disabled' } },
  });
  assert.deepEqual(unmarkPatch, { metadata: { annotations: { [changedAnnotation]: null } } });
});

test('what the run had to create around the field goes with it, unless somebody put more into it', () => {
  const absent = { ...change, prior: null };
  const changed = { ...markField({ ...bare, spec: {} }, absent, author), spec: { node: { autoCreate: 'Enabled' } } };
  assert.deepEqual(createRestorePatch(changed, absent), {
    metadata: { resourceVersion: '7' },
    spec: { node: null },
  });
  const shared = { ...changed, spec: { node: { autoCreate: 'Enabled', syncLabels: 'Enabled' } } };
  assert.deepEqual(createRestorePatch(shared, absent), {
    metadata: { resourceVersion: '7' },
    spec: { node: { autoCreate: null } },
  });
});

test('a mark tells a sweeper what was changed, by whom, when and until when, and is read back with its signature', () => {
  const { signature = '', ...told } = readFieldMark(object('Disabled', runId)) ?? {};
  assert.deepEqual(told, {
    ...{ run: runId, prior: 'Disabled', path: [...path], wrote: 'Enabled' },
    ...{ owner: run.workflowId, execution: 'first', at: run.startedAt, expires: run.expiresAt },
  });
  assert.match(signature, /^[\w-]{43}$/);
});

const noMarks = [
  '',
  '{',
  'null',
  '"text"',
  '[]',
  '7',
  '{"run":"aaaaaaaa"}',
  '{"prior":null}',
  '{"run":7,"prior":null}',
  '{"run":"aaaaaaaa","prior":{}}',
];
for (const text of noMarks)
  test(`an annotation that reads ${JSON.stringify(text)} is no mark`, () => {
    const metadata = { annotations: { [changedAnnotation]: text } };
    assert.equal(readFieldMark({ metadata }), undefined);
  });

test('an object without the annotation has no mark, and a depth that is no number of keys is ignored', () => {
  assert.equal(readFieldMark(bare), undefined);
  for (const [existing, read] of [
    [0, { existing: 0 }],
    [2, { existing: 2 }],
    [-1, {}],
    [1.5, {}],
    ['2', {}],
  ] as const) {
    const annotations = { [changedAnnotation]: JSON.stringify({ run: runId, prior: null, existing }) };
    assert.deepEqual(readFieldMark({ metadata: { annotations } }), {
      ...{ run: runId, prior: null },
      ...read,
    });
  }
});
