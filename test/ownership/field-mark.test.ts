import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changedAnnotation,
  createChangePatch,
  createRestorePatch,
  decideChange,
  decideRestore,
  readFieldMark,
  unmarkPatch,
} from '../../src/ownership/field-mark.ts';

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

test('value and mark go in one patch of the version that was read, and the mark comes off last', () => {
  const mark = { [changedAnnotation]: `{"run":"${runId}","prior":"Disabled"}` };
  assert.deepEqual(createChangePatch(object('Disabled'), change), {
    metadata: { resourceVersion: '7', annotations: mark },
    spec: { node: { autoCreate: 'Enabled' } },
  });
  assert.deepEqual(createRestorePatch(object('Enabled', runId), change), {
    metadata: { resourceVersion: '7' },
    spec: { node: { autoCreate: 'Disabled' } },
  });
  assert.deepEqual(unmarkPatch, { metadata: { annotations: { [changedAnnotation]: null } } });
});

test('what the run had to create around the field goes with it, unless somebody put more into it', () => {
  const absent = { metadata: { resourceVersion: '7' }, spec: {} };
  const patch = createChangePatch(absent, { ...change, prior: null }) as {
    metadata: { annotations: Record<string, string> };
  };
  const changed = {
    metadata: { resourceVersion: '8', annotations: patch.metadata.annotations },
    spec: { node: { autoCreate: 'Enabled' } },
  };
  assert.deepEqual(createRestorePatch(changed, { ...change, prior: null }), {
    metadata: { resourceVersion: '8' },
    spec: { node: null },
  });
  const shared = { ...changed, spec: { node: { autoCreate: 'Enabled', syncLabels: 'Enabled' } } };
  assert.deepEqual(createRestorePatch(shared, { ...change, prior: null }), {
    metadata: { resourceVersion: '8' },
    spec: { node: { autoCreate: null } },
  });
});

test('a mark tells a sweeper what was changed, by whom and when, and is read back', () => {
  const by = { workflowId: 'hepflow-lab-aaaaaaaa', startedAt: '2026-01-02T03:04:05.000Z' };
  const { metadata } = createChangePatch(object('Disabled'), change, by) as {
    metadata: { resourceVersion: string; annotations: Record<string, string> };
  };
  assert.deepEqual(readFieldMark({ metadata }), {
    ...{ run: runId, prior: 'Disabled', path: [...path], wrote: 'Enabled' },
    ...{ owner: by.workflowId, at: by.startedAt },
  });
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
];
for (const text of noMarks)
  test(`an annotation that reads ${JSON.stringify(text)} is no mark`, () => {
    const metadata = { resourceVersion: '7', annotations: { [changedAnnotation]: text } };
    assert.equal(readFieldMark({ metadata }), undefined);
  });

test('an object without the annotation has no mark, and a depth that is no number of keys is ignored', () => {
  assert.equal(readFieldMark({ metadata: { resourceVersion: '7' } }), undefined);
  for (const [existing, read] of [
    [0, { existing: 0 }],
    [2, { existing: 2 }],
    [-1, {}],
    [1.5, {}],
    ['2', {}],
  ] as const) {
    const annotations = { [changedAnnotation]: JSON.stringify({ run: runId, prior: null, existing }) };
    assert.deepEqual(readFieldMark({ metadata: { resourceVersion: '7', annotations } }), {
      ...{ run: runId, prior: null },
      ...read,
    });
  }
});
