/** Whether the moments of changes agree with the steps that made the changes or took them back. */
import type { Moment } from '../contract/change.ts';
import type { ChangeRecord, Report, StepRecord } from '../contract/report.ts';
import { type AuditCheck, createCheck } from './check.ts';
import { findDifferences } from './compare.ts';

/**
 * How far a worker's clock and Temporal's may be apart. A change reads its moments off the worker's clock, and its step's record is on
 * Temporal's. An undo reports both itself, so its moment is compared exactly.
 */
const clockToleranceMs = 5000;

export function checkMoments({ changes, steps, phases }: Report): AuditCheck {
  const ids = changes.map(({ id }) => id);
  return createCheck('The moments of all changes agree with the steps that made them or took them back.', [
    ...ids.filter((id, place) => ids.indexOf(id) < place).map((id) => `The change ${id} is there twice.`),
    ...changes
      .filter(({ phase }) => phase !== null && !phases.some(({ name }) => name === phase))
      .map(({ id, phase }) => `The change ${id} led to phase ${phase}, which the report does not have.`),
    ...changes.flatMap(({ id, moments }) => moments.flatMap((moment) => findUnfitMoment(id, moment, steps))),
  ]);
}

/** A step that was carried out, with its times. */
type Carried = StepRecord & { readonly startedAt: string; readonly endedAt: string };

const isCarried = (step: StepRecord): step is Carried =>
  step.outcome === 'done' && step.startedAt !== null && step.endedAt !== null;

function findUnfitMoment(id: ChangeRecord['id'], moment: Moment, steps: readonly StepRecord[]): string[] {
  const isUndone = moment.role === 'undone';
  const step = steps.filter(isCarried).find(({ makes, undoes }) => (isUndone ? undoes : makes) === id);
  const named = `The moment ${moment.name} of change ${id}`;
  if (step === undefined) return [`${named} has no step behind it that was carried out.`];
  const problems = isUndone ? findUnfitUndo(moment, step) : findUnfitTimes(moment, step);
  return problems.map((problem) => `${named} ${problem}`);
}

/** Of an undo that took several tries nobody knows which of them did it. */
function findUnfitUndo({ from, to }: Moment, { attempts, startedAt, endedAt }: Carried): string[] {
  if (attempts > 1) return [`is not known: its undo took ${attempts} tries.`];
  return findDifferences({ from, to }, { from: startedAt, to: endedAt }).map(
    (difference) => `is not when its undo ran: ${difference}`,
  );
}

function findUnfitTimes({ from, to }: Moment, { name, startedAt, endedAt }: Carried): string[] {
  const isEarly = Date.parse(from) < Date.parse(startedAt) - clockToleranceMs;
  const isLate = Date.parse(to) > Date.parse(endedAt) + clockToleranceMs;
  return [
    ...(Date.parse(from) > Date.parse(to) ? [`ends before it begins: it is from ${from} to ${to}.`] : []),
    ...(isEarly || isLate
      ? [`is from ${from} to ${to}, which is not within its step ${name}, from ${startedAt} to ${endedAt}.`]
      : []),
  ];
}
