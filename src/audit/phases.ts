/** Whether each phase was seen from every vantage, or passed by where its gate allows that. */
import { restoredPhase } from '../contract/phase.ts';
import type { PhaseRecord, Report } from '../contract/report.ts';
import { type AuditCheck, createCheck, isJudged } from './check.ts';

export function checkPhases(report: Report): AuditCheck {
  const red = findRedPhase(report);
  const after = red === undefined ? [] : listAfter(red, report.phases);
  return createCheck('Each phase was seen, or passed by for a reason that its gate allows.', [
    ...report.phases.flatMap((phase) => {
      if (phase.skipped !== null) return findWrongSkip(phase, report);
      return after.includes(phase) ? [] : findGaps(phase, report);
    }),
    ...after
      .filter(({ name }) => report.evidence.some(({ phase }) => phase === name))
      .map(({ name }) => `The phase ${name} was seen, though the required phase ${red?.name} is not all PASS.`),
  ]);
}

/** The first required phase that is not all PASS: nothing more is changed after it (W1). */
const findRedPhase = ({ phases, verdicts }: Report): PhaseRecord | undefined =>
  phases.find(
    ({ name, required }) => required && verdicts.some(({ phase, verdict }) => phase === name && verdict !== 'PASS'),
  );

/** Undo's own proof may follow on any phase. */
const listAfter = (one: PhaseRecord, phases: readonly PhaseRecord[]): PhaseRecord[] =>
  phases.slice(phases.indexOf(one) + 1).filter(({ name }) => name !== restoredPhase);

/** A run that was carried out judged every phase that it did not pass by. Without undo's own proof it is no PASS. */
function findGaps({ name, gate }: PhaseRecord, { vantages, evidence, outcome }: Report): string[] {
  const seen = evidence.filter(({ phase }) => phase === name).map(({ vantage }) => vantage);
  if (seen.length > 0 && gate?.when === 'never') return [`The phase ${name} was seen, though its gate never opens.`];
  const isNeeded = name === restoredPhase ? outcome === 'PASS' : isJudged(outcome);
  return vantages
    .filter(({ id }) => isNeeded && !seen.includes(id))
    .map(({ id }) => `The outcome is ${outcome}, but there is no evidence of phase ${name} from ${id}.`);
}

/** Undo's own proof has no gate, and may be left out: then nothing is a PASS. */
function findWrongSkip({ name, gate }: PhaseRecord, { evidence, verdicts }: Report): string[] {
  const isSeen = [...evidence, ...verdicts].some(({ phase }) => phase === name);
  const isGateless = gate === null && name !== restoredPhase;
  return [
    ...(isSeen ? [`The phase ${name} was passed by, but the report has evidence or verdicts of it.`] : []),
    ...(isGateless ? [`The phase ${name} was passed by, though it has no gate.`] : []),
    ...(gate?.when === 'always' ? [`The phase ${name} was passed by, though its gate opens at once.`] : []),
  ];
}
