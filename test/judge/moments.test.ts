import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listMoments } from '../../src/judge/moments.ts';
import { createMoment } from '../support/observation.ts';

const written = createMoment('labelWritten', 100, 110, 'node-1');
const seen = createMoment('labelOnHostEndpoint', 120, 130, 'node-1');
const accepted = createMoment('policyAccepted', 200);
const restored = createMoment('labelRestored', 900, 910, 'node-1');
const deleted = createMoment('policyDeleted', 800);
const changes = [
  { phase: 'denied', moments: [written, seen, restored] },
  { phase: 'denied', moments: [accepted, deleted] },
  { phase: 'later', moments: [createMoment('labelWritten', 500)] },
  { phase: null, moments: [createMoment('policyAccepted', 1)] },
];

test('a phase has the moments of its own changes, but not those at which they were taken back', () => {
  assert.deepEqual(listMoments(changes, 'denied'), [written, seen, accepted]);
});

test("undo's own proof has the moments at which any change was taken back, and no others", () => {
  assert.deepEqual(listMoments(changes, 'restored'), [restored, deleted]);
});
