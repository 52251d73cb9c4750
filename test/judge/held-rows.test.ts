/** N6 of docs/reality.md: what a phase did not show, a later one does not take for fact. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgePhase, listHeld } from '../../src/judge/judgement.ts';
import { createEvidence, createRows, dialAll, first } from '../support/evidence.ts';
import { createMoment, createObservation, dials } from '../support/observation.ts';

const enforced = createRows('enforced', [first]);
const restored = createRows('restored');
/** Every port answers all the while, and the policy's removal is asked for after 2 s. */
const open = createEvidence(restored, { observation: createObservation({ [first.id]: dials('200o') }) });
const moments = [createMoment('policyDeleted', 2000)];

test('after a deny that FAILED nothing is told of a port that answers again: it never fell silent', () => {
  const seen = createEvidence(enforced, { connections: dialAll(createRows('enforced')) });
  const { verdicts } = judgePhase({ rows: enforced, before: null, moments: [] }, seen);
  const before = listHeld(enforced, verdicts);
  assert.deepEqual(
    enforced.filter((row) => !before.includes(row)).map(({ target }) => target.id),
    [first.id],
  );
  const judgement = judgePhase({ rows: restored, before, moments }, open);
  assert.deepEqual(judgement.transitions, []);
  assert.ok(judgement.findings.every(({ about }) => about !== 'observer'));
  assert.ok(judgement.verdicts.every(({ verdict }) => verdict === 'PASS'));
});

test('after a deny that held, a port that answers before the removal is asked for is told', () => {
  const { transitions, findings } = judgePhase({ rows: restored, before: enforced, moments }, open);
  assert.match(transitions.map(({ sentence }) => sentence).join(), /Something else did it/);
  assert.deepEqual(
    findings.flatMap(({ about, result }) => (about === 'observer' ? result : [])),
    ['CONTRADICTED'],
  );
});
