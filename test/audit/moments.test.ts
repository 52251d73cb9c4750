import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Moment } from '../../src/contract/change.ts';
import type { ChangeRecord, Report, StepRecord } from '../../src/contract/report.ts';
import { listProblems, listProblemsOf, replaceAt } from './forge.ts';
import { createReport } from './sample.ts';

const whole = createReport();
const problemsOf = (report: unknown): string[] => listProblemsOf(/^The moments of all changes/, report);
const change = whole.changes[0] ?? assert.fail();
const roles = ['asked', 'reached', 'undone'] as const;
const named = (role: Moment['role']): string => `The moment label-${role} of change enforced.0`;
const later = (instant: string, ms: number): string => new Date(Date.parse(instant) + ms).toISOString();

/** One moment of the first change, changed. */
const withMoment = (role: Moment['role'], to: (moment: Moment) => Partial<Moment>): Report => ({
  ...whole,
  changes: replaceAt(whole.changes, 0, (one) => ({
    ...one,
    moments: one.moments.map((moment) => (moment.role === role ? { ...moment, ...to(moment) } : moment)),
  })),
});
/** The step that makes the first change, or takes it back. */
const stepOf = (role: Moment['role']): StepRecord =>
  whole.steps.find(({ makes, undoes }) => (role === 'undone' ? undoes : makes) === change.id) ?? assert.fail();
const withStep = (role: Moment['role'], to: Partial<StepRecord>): Report => ({
  ...whole,
  steps: whole.steps.map((one) => (one === stepOf(role) ? { ...one, ...to } : one)),
});
const shiftBy =
  (ms: number) =>
  ({ from, to }: Moment) => ({ from: later(from, ms), to: later(to, ms) });

test('a moment that was shifted does not agree with its transition, nor, from 5 s on, with its step', () => {
  for (const role of roles)
    assert.ok(
      listProblems(withMoment(role, shiftBy(1))).some((problem) =>
        problem.startsWith('The transition of node-a:30080'),
      ),
      role,
    );
  for (const role of ['asked', 'reached'] as const) {
    assert.deepEqual(problemsOf(withMoment(role, shiftBy(4000))), [], 'within what two clocks may differ');
    for (const ms of [-6000, 6000]) {
      const { from, to } = shiftBy(ms)(change.moments.find((one) => one.role === role) ?? assert.fail());
      const { startedAt, endedAt } = stepOf(role);
      assert.deepEqual(problemsOf(withMoment(role, shiftBy(ms))), [
        `${named(role)} is from ${from} to ${to}, which is not within its step make-label, from ${startedAt} to ${endedAt}.`,
      ]);
    }
  }
});

test('a moment may lie 5 s beyond the ends of its step, and no more', () => {
  const { startedAt, endedAt } = stepOf('asked');
  const moment = (from: string | null, to: string | null): Report =>
    withMoment('asked', () => ({ from: from ?? '', to: to ?? '' }));
  assert.ok(startedAt !== null && endedAt !== null);
  assert.deepEqual(problemsOf(moment(later(startedAt, -5000), later(endedAt, 5000))), []);
  assert.equal(problemsOf(moment(later(startedAt, -5001), endedAt)).length, 1);
  assert.equal(problemsOf(moment(startedAt, later(endedAt, 5001))).length, 1);
});

test('a moment that ends before it begins', () => {
  const { from, to } = change.moments[0] ?? assert.fail();
  assert.deepEqual(problemsOf(withMoment('asked', () => ({ from: to, to: from }))), [
    `${named('asked')} ends before it begins: it is from ${to} to ${from}.`,
  ]);
  assert.deepEqual(problemsOf(withMoment('asked', () => ({ to: from }))), []);
});

test('an undone moment is exactly when its undo ran', () => {
  const undone = change.moments[2] ?? assert.fail();
  assert.deepEqual(problemsOf(withMoment('undone', ({ to }) => ({ to: later(to, 1) }))), [
    `${named('undone')} is not when its undo ran: to is "${later(undone.to, 1)}", not "${undone.to}".`,
  ]);
  assert.equal(problemsOf(withMoment('undone', ({ from }) => ({ from: later(from, -1) }))).length, 1);
});

test('an undo of several tries tells no moment', () => {
  assert.deepEqual(problemsOf(withStep('undone', { attempts: 2 })), [
    `${named('undone')} is not known: its undo took 2 tries.`,
  ]);
  assert.deepEqual(problemsOf(withStep('asked', { attempts: 2 })), [], 'a change that was tried again does');
});

test('a moment has a step behind it that was carried out', () => {
  const none = (role: Moment['role']): string => `${named(role)} has no step behind it that was carried out.`;
  const { makes: _, ...unnamed } = stepOf('asked');
  const steps = whole.steps.map((one) => (one === stepOf('asked') ? unnamed : one));
  assert.deepEqual(problemsOf({ ...whole, steps }), [none('asked'), none('reached')]);
  for (const wrong of [{ outcome: 'failed' }, { startedAt: null }, { endedAt: null }] as const) {
    assert.deepEqual(problemsOf(withStep('asked', wrong)), [none('asked'), none('reached')]);
    assert.deepEqual(problemsOf(withStep('undone', wrong)), [none('undone')]);
  }
});

test('a change is there once, and leads to a phase of the report or to none', () => {
  assert.deepEqual(problemsOf({ ...whole, changes: [...whole.changes, change] }), [
    'The change enforced.0 is there twice.',
  ]);
  const led = (phase: string | null): ChangeRecord => ({ id: 'lease', phase, words: 'a lease', moments: [] });
  assert.deepEqual(problemsOf({ ...whole, changes: [led(null), ...whole.changes, { ...led('second'), id: 'x' }] }), []);
  assert.deepEqual(problemsOf({ ...whole, changes: [...whole.changes, led('third')] }), [
    'The change lease led to phase third, which the report does not have.',
  ]);
});
