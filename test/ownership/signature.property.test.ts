/** Whatever is changed of what a signature is over, the mark proves nothing any more (W14). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RunRef } from '../../src/contract/run.ts';
import { changedAnnotation, decideRestore, isSignedMark, readFieldMark } from '../../src/ownership/field-mark.ts';
import {
  createObjectMarks,
  createTags,
  type MarkedObject,
  proveObjectMarks,
  proveTags,
  readObjectMarks,
  readTags,
} from '../../src/ownership/marks.ts';
import { createIds } from '../../src/ownership/names.ts';
import { createSigner } from '../../src/ownership/signature.ts';
import { sampleRun as run } from '../support/sample-run.ts';
import { createAuthor, markField, signer, strangeSigner } from '../support/signing.ts';

const id = createIds(run).network;
const object: MarkedObject = { kind: 'services', namespace: 'default', name: 'frontend' };
const elsewhere: readonly RunRef['cluster'][] = [
  { ...run.cluster, name: 'other' },
  { ...run.cluster, resourceGroup: 'other' },
  { ...run.cluster, subscriptionId: 'other' },
];

/** One character of a text is another one, or is gone, or is put in. */
const damage = (text: string) =>
  fc
    .record({
      at: fc.nat({ max: Math.max(0, text.length - 1) }),
      cut: fc.integer({ min: 0, max: 1 }),
      put: fc.string({ maxLength: 1 }),
    })
    .map(({ at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut))
    .filter((damaged) => damaged !== text);

/** A table of texts in which one value is damaged; its key and the damaged value. */
const damageOne = (texts: Texts) =>
  fc
    .constantFrom(...Object.entries(texts))
    .chain(([key, text]) => fc.tuple(fc.constant(key), damage(text)))
    .map(([key, text]): Record<string, string> => ({ ...texts, [key]: text }));

type Texts = Readonly<Record<string, string>>;

/** Holds for the texts as they are, and for none with one of its characters damaged. */
function onlyWholeProve(texts: Texts, isProved: (some: Texts) => boolean): void {
  assert.ok(isProved(texts));
  fc.assert(
    fc.property(damageOne(texts), (damaged) => {
      assert.ok(!isProved(damaged), JSON.stringify(damaged));
    }),
    { numRuns: 2000 },
  );
}

test('tags in which any character is another one prove nothing', () => {
  const tags = createTags(run, id, signer);
  const isProved = (some: Texts): boolean => {
    const marks = readTags(some);
    return marks !== undefined && proveTags(marks, id, signer) === 'proved';
  };
  onlyWholeProve(tags, isProved);
});

test('tags on another resource, or judged with another secret, prove nothing', () => {
  const marks = readTags(createTags(run, id, signer));
  assert.ok(marks);
  for (const other of Object.values(createIds(run)).filter((each) => each !== id))
    assert.equal(proveTags(marks, other, signer), 'unproved', other);
  assert.equal(proveTags(marks, createIds({ ...run, resourceGroup: 'other' }).network, signer), 'unproved');
  assert.equal(proveTags(marks, id, strangeSigner), 'unproved');
});

test('annotations in which any character is another one prove nothing', () => {
  const { labels, annotations } = createObjectMarks(run, object, signer);
  const isProved = (some: Texts): boolean => {
    const marks = readObjectMarks({ labels, annotations: some });
    return marks !== undefined && proveObjectMarks(marks, object, run.cluster, signer) === 'proved';
  };
  onlyWholeProve(annotations, isProved);
});

test('marks on another object are a copy; in another cluster, or with another secret, they prove nothing', () => {
  const marks = readObjectMarks(createObjectMarks(run, object, signer));
  assert.ok(marks);
  const prove = (other: MarkedObject, cluster = run.cluster, by = signer) =>
    proveObjectMarks(marks, other, cluster, by);
  for (const change of [{ kind: 'configmaps' }, { namespace: 'other' }, { namespace: '' }, { name: 'other' }])
    assert.equal(prove({ ...object, ...change }), 'copy', JSON.stringify(change));
  for (const cluster of elsewhere) assert.equal(prove(object, cluster), 'unproved', JSON.stringify(cluster));
  assert.equal(prove(object, run.cluster, strangeSigner), 'unproved');
});

const change = { path: ['metadata', 'labels', 'host-end-point'], wanted: 'test', prior: 'before' } as const;
const node = {
  metadata: { name: 'node-a', uid: 'uid-a', resourceVersion: '1', labels: { 'host-end-point': 'test' } },
};
const author = createAuthor(run);
const marked = markField<{ metadata: typeof node.metadata & { annotations?: Record<string, string> } }>(
  node,
  change,
  author,
);

test('a mark of a change in which any character is another one is no mark of the run, and nothing is restored', () => {
  const text = marked.metadata.annotations?.[changedAnnotation] ?? '';
  assert.equal(decideRestore(marked, change, author), 'restore');
  const told = JSON.stringify(readFieldMark(marked));
  fc.assert(
    fc.property(damage(text), (damaged) => {
      const annotations = { [changedAnnotation]: damaged };
      const other = { metadata: { ...marked.metadata, annotations } };
      const mark = readFieldMark(other);
      // Spaces between the values of JSON, or the name of a value that is not read, tell nothing else.
      if (JSON.stringify(mark) === told) return;
      assert.ok(mark === undefined || !isSignedMark(other, mark, author), damaged);
      assert.equal(decideRestore(other, change, author), 'conflict', damaged);
    }),
    { numRuns: 3000 },
  );
});

test('a mark that was moved to another object, kind, cluster or field proves nothing there', () => {
  const mark = readFieldMark(marked);
  assert.ok(mark);
  for (const metadata of [
    { ...marked.metadata, name: 'node-b' },
    { ...marked.metadata, uid: 'uid-b' },
  ])
    assert.ok(!isSignedMark({ metadata }, mark, author));
  for (const by of [
    createAuthor(run, { kind: 'services' }),
    createAuthor(run, { signer: strangeSigner }),
    ...elsewhere.map((cluster) => createAuthor(run, { cluster })),
  ])
    assert.ok(!isSignedMark(marked, mark, by));
  const labels = { ...marked.metadata.labels, tier: 'test' };
  const other = { metadata: { ...marked.metadata, labels } };
  assert.equal(decideRestore(other, { ...change, path: ['metadata', 'labels', 'tier'] }, author), 'conflict');
});

test('values are kept apart: what moves from one to the next is another signature', () => {
  const sign = (...values: readonly string[]): string => signer.sign(values);
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.string()), (a, b) => {
      assert.equal(sign(...a) === sign(...b), JSON.stringify(a) === JSON.stringify(b));
    }),
  );
  assert.notEqual(createSigner(Buffer.alloc(32, 1)).sign(['x']), createSigner(Buffer.alloc(32, 2)).sign(['x']));
});
