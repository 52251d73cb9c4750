import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createObjectMarks,
  createTags,
  isOwned,
  isRunId,
  readObjectMarks,
  readTags,
  readTime,
} from '../../src/ownership/marks.ts';
import { sampleRun as run } from '../support/sample-run.ts';

const marks = {
  runId: '0a1b2c3d',
  owner: 'hepflow-lab-0a1b2c3d',
  createdAt: '2026-01-02T03:04:05.000Z',
  expiresAt: '2026-01-03T03:04:05.000Z',
};

test('tags tell run, owner, and the day in which the thing is in use, and are read back (W6)', () => {
  assert.deepEqual(createTags(run), {
    'hepflow-run': marks.runId,
    'hepflow-owner': marks.owner,
    'created-at': marks.createdAt,
    'expires-at': marks.expiresAt,
  });
  assert.deepEqual(readTags({ ...createTags(run), theirs: 'kept' }), marks);
});

test('an object carries the run as its label and the rest as annotations, and both are read back (W6)', () => {
  const written = createObjectMarks(run);
  assert.deepEqual(written, {
    labels: { 'hepflow.io/run': marks.runId },
    annotations: {
      'hepflow.io/owner': marks.owner,
      'hepflow.io/created-at': marks.createdAt,
      'hepflow.io/expires-at': marks.expiresAt,
    },
  });
  assert.deepEqual(readObjectMarks(written), marks);
  assert.ok(isOwned({ metadata: written }, marks.runId));
});

test("an object without the label, or with that of another run, is not the run's", () => {
  for (const labels of [undefined, {}, { 'hepflow.io/run': 'ffffffff' }])
    assert.ok(!isOwned({ metadata: labels === undefined ? {} : { labels } }, marks.runId));
});

for (const foreign of ['', 'not-a-run-id', '0A1B2C3D', '0a1b2c3', '0a1b2c3d4', ' 0a1b2c3d', '0a1b2c3g'])
  test(`a run id that reads ${JSON.stringify(foreign)} is no mark`, () => {
    assert.ok(!isRunId(foreign));
    const { labels, annotations } = createObjectMarks({ ...run, runId: foreign });
    assert.equal(readObjectMarks({ labels, annotations }), undefined);
    assert.equal(readTags(createTags({ ...run, runId: foreign })), undefined);
  });

test('owner and times without the run are no mark', () => {
  const { 'hepflow-run': _, ...tags } = createTags(run);
  assert.equal(readTags(tags), undefined);
  assert.equal(readObjectMarks({ annotations: createObjectMarks(run).annotations }), undefined);
  assert.equal(readObjectMarks({}), undefined);
});

test('a run id alone is a mark that tells neither owner nor times, and a malformed time is none', () => {
  const silent = { runId: marks.runId, owner: '', createdAt: null, expiresAt: null };
  assert.deepEqual(readTags({ 'hepflow-run': marks.runId }), silent);
  assert.deepEqual(readObjectMarks({ labels: { 'hepflow.io/run': marks.runId } }), silent);
  const malformed = { 'created-at': 'yesterday', 'expires-at': '' };
  assert.deepEqual(readTags({ 'hepflow-run': marks.runId, ...malformed }), silent);
});

test('a time is told as it was written', () => {
  assert.equal(readTime('2026-01-02T03:04:05Z'), '2026-01-02T03:04:05Z');
  assert.deepEqual([readTime(undefined), readTime('soon')], [null, null]);
});
