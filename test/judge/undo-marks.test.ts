import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StepRecord } from '../../src/contract/report.ts';
import { undoMarks } from '../../src/judge/undo-marks.ts';

const record = (change: Partial<StepRecord>): StepRecord => ({
  name: 'deletePolicy',
  subject: 'p',
  outcome: 'done',
  startedAt: '2026-01-01T00:00:01.000Z',
  endedAt: '2026-01-01T00:00:02.000Z',
  attempts: 1,
  detail: '',
  ...change,
});
const interval = { from: '2026-01-01T00:00:01.000Z', to: '2026-01-01T00:00:02.000Z' };

test('what undo took off has its time, a label with its node', () => {
  assert.deepEqual(
    undoMarks([record({}), record({ name: 'restoreLabel', subject: 'node-a' }), record({ name: 'deleteService' })]),
    [
      { name: 'policyDeleted', ...interval },
      { name: 'labelRestored', node: 'node-a', ...interval },
    ],
  );
});

test('an undo that took several tries, or did not end well, has none: a try before may have done it', () => {
  assert.deepEqual(undoMarks([record({ attempts: 2 }), record({ outcome: 'failed' }), record({ endedAt: null })]), []);
});
