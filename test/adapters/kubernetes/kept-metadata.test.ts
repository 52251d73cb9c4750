import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSelected, mergeKept, takeOutKept } from '../../../src/adapters/kubernetes/kept-metadata.ts';

const keptIn = 'projectcalico.org/metadata';
const objectWith = (kept: unknown, labels = {}, annotations = {}) => ({
  metadata: {
    ...{ name: 'default', uid: 'u', resourceVersion: '7', labels },
    annotations: { ...annotations, ...(kept === undefined ? {} : { [keptIn]: kept as string }) },
  },
});
const kept = JSON.stringify({ creationTimestamp: 'then', labels: { a: '1' }, annotations: { mark: 'm', theirs: 't' } });

test('labels and annotations are read from both places, the kept one first, as Calico reads them', () => {
  const { labels, annotations } = mergeKept(objectWith(kept, { a: '0', b: '2' }, { mark: 'older' })).metadata;
  assert.deepEqual(labels, { a: '1', b: '2' });
  assert.deepEqual(annotations, { mark: 'm', theirs: 't', [keptIn]: kept });
});

test('an object that keeps nothing, or nothing that can be read, is as it is', () => {
  for (const text of [undefined, '{', 'null', '[]', '1']) {
    const object = objectWith(text, { b: '2' });
    assert.equal(mergeKept(object), object);
  }
  const odd = mergeKept(objectWith('{"labels":{"a":1,"c":"3"},"annotations":[]}', { b: '2' }));
  assert.deepEqual(odd.metadata.labels, { b: '2', c: '3' });
});

test('an annotation that is written is taken out of what is kept, so that the written one counts', () => {
  const patch = takeOutKept({ metadata: { annotations: { mark: null } } }, objectWith(kept));
  const { resourceVersion, annotations = {} } = patch?.metadata ?? {};
  assert.equal(resourceVersion, '7', 'it holds for what was read only');
  assert.equal(annotations['mark'], null);
  assert.deepEqual(JSON.parse(String(annotations[keptIn])), {
    ...{ creationTimestamp: 'then', labels: { a: '1' } },
    annotations: { theirs: 't' },
  });
});

test('a patch that touches nothing that is kept stays as it is', () => {
  assert.equal(takeOutKept({ metadata: { annotations: { other: 'x' } } }, objectWith(kept)), undefined);
  assert.equal(takeOutKept({}, objectWith(kept)), undefined);
});

test('a selector is asked of the labels as they were read', () => {
  const object = mergeKept(objectWith(kept));
  assert.deepEqual(
    ['a', 'a=1', 'a=2', 'b'].map((selector) => isSelected(object, selector)),
    [true, true, false, false],
  );
});
