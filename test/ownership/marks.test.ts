import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createObjectMarks,
  createTags,
  isLabelled,
  isNamedBy,
  isRunId,
  type MarkedObject,
  proveObjectMarks,
  proveTags,
  readObjectMarks,
  readTags,
  readTime,
} from '../../src/ownership/marks.ts';
import { createIds } from '../../src/ownership/names.ts';
import { sampleRun as run } from '../support/sample-run.ts';
import { signer } from '../support/signing.ts';

const id = createIds(run).network;
const service: MarkedObject = { kind: 'services', namespace: 'default', name: 'frontend' };
const marks = {
  runId: '0a1b2c3d',
  owner: 'hepflow-lab-0a1b2c3d',
  firstExecutionRunId: 'first',
  createdAt: '2026-01-02T03:04:05.000Z',
  expiresAt: '2026-01-03T03:04:05.000Z',
};

test('tags tell run, owner, and until when the thing is in use, all of it signed, and are read back (W6, W14)', () => {
  const { 'hepflow-signature': signature = '', ...told } = createTags(run, id, signer);
  assert.deepEqual(told, {
    'hepflow-run': marks.runId,
    'hepflow-owner': marks.owner,
    'hepflow-execution': 'first',
    'hepflow-created-at': marks.createdAt,
    'hepflow-expires-at': marks.expiresAt,
  });
  assert.match(signature, /^[\w-]{43}$/);
  const read = readTags({ ...told, 'hepflow-signature': signature, theirs: 'kept' });
  assert.deepEqual(read, { ...marks, signature });
  assert.equal(read && proveTags(read, id.toUpperCase(), signer), 'proved', 'Azure may tell an id in other letters');
  assert.ok(read && isNamedBy(read, run));
});

test('an object carries the run as its label and the rest as annotations, and both are read back (W6, W14)', () => {
  const { labels, annotations } = createObjectMarks(run, service, signer);
  const { 'hepflow.io/signature': signature = '', ...told } = annotations;
  assert.deepEqual(labels, { 'hepflow.io/run': marks.runId });
  assert.deepEqual(told, {
    'hepflow.io/owner': marks.owner,
    'hepflow.io/execution': 'first',
    'hepflow.io/created-at': marks.createdAt,
    'hepflow.io/expires-at': marks.expiresAt,
  });
  assert.match(signature, /^services\/default\/frontend [\w-]{43}$/);
  const read = readObjectMarks({ labels, annotations });
  assert.deepEqual(read, { ...marks, signature });
  assert.equal(read && proveObjectMarks(read, service, run.cluster, signer), 'proved');
  assert.ok(isLabelled({ metadata: { labels } }, marks.runId));
});

test('another run id, workflow or first run of its chain is another run', () => {
  for (const change of [{ runId: 'ffffffff' }, { workflowId: 'other' }, { firstExecutionRunId: 'second' }])
    assert.ok(!isNamedBy(marks, { ...run, ...change }), JSON.stringify(change));
});

test('an object without the label, or with that of another run, is not labelled by the run', () => {
  for (const labels of [undefined, {}, { 'hepflow.io/run': 'ffffffff' }])
    assert.ok(!isLabelled({ metadata: labels === undefined ? {} : { labels } }, marks.runId));
});

for (const foreign of ['', 'not-a-run-id', '0A1B2C3D', '0a1b2c3', '0a1b2c3d4', ' 0a1b2c3d', '0a1b2c3g', '0'.repeat(24)])
  test(`a run id that reads ${JSON.stringify(foreign)} is no mark`, () => {
    assert.ok(!isRunId(foreign));
    assert.equal(readObjectMarks(createObjectMarks({ ...run, runId: foreign }, service, signer)), undefined);
    assert.equal(readTags(createTags({ ...run, runId: foreign }, id, signer)), undefined);
  });

test('owner and times without the run are no mark', () => {
  const { 'hepflow-run': _, ...tags } = createTags(run, id, signer);
  assert.equal(readTags(tags), undefined);
  assert.equal(readObjectMarks({ annotations: createObjectMarks(run, service, signer).annotations }), undefined);
  assert.equal(readObjectMarks({}), undefined);
});

test('a run id alone is a mark that tells nothing else, and a malformed time is none', () => {
  const silent = { owner: '', firstExecutionRunId: '', createdAt: null, expiresAt: null, signature: '' };
  for (const runId of ['0a1b2c3d', '0a1b2c3d4e5f6071']) {
    assert.deepEqual(readTags({ 'hepflow-run': runId }), { ...silent, runId });
    assert.deepEqual(readObjectMarks({ labels: { 'hepflow.io/run': runId } }), { ...silent, runId });
    const malformed = { 'hepflow-created-at': 'yesterday', 'hepflow-expires-at': '' };
    assert.deepEqual(readTags({ 'hepflow-run': runId, ...malformed }), { ...silent, runId });
  }
});

test('a time is told as it was written', () => {
  assert.equal(readTime('2026-01-02T03:04:05Z'), '2026-01-02T03:04:05Z');
  assert.deepEqual([readTime(undefined), readTime('soon')], [null, null]);
});
