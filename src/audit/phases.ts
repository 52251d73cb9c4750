/** Whether each phase was seen from every vantage, or passed by where its gate allows that. */
import { restoredPhase } from '../contract/phase.ts';
import type { PhaseRecord, Report } from '../contract/report.ts';
import { type AuditCheck, createCheck, isJudged } from './check.ts';

export const checkPhases = (report: Report): AuditCheck =>
  createCheck('Each phase was seen, or passed by for a reason that its gate allows.', [
    ...report.phases.flatMap((phase) =>
      phase.skipped === null ? findGaps(phase, report) : findWrongSkip(phase, report),
    ),
    ...findRedPhase(report),
  ]);

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
  return [
    ...([...evidence, ...verdicts].some(({ phase }) => phase === name)
      ? [`The phase ${name} was passed by, but the report has evidence or verdicts of it.`]
      : []),
    ...(gate === null && name !== restoredPhase ? [`The phase ${name} was passed by, though it has no gate.`] : []),
    ...(gate?.when === 'always' ? [`The phase ${name} was passed by, though its gate opens always.`] : []),
  ];
}

/** Nothing more is changed after a required phase that is not all PASS (W1); what undo proves may follow. */
function findRedPhase({ phases, evidence, verdicts }: Report): string[] {
  const seen = new Set(evidence.map(({ phase }) => phase));
  return phases.flatMap(({ name, required }, place) => {
    const isRed = required && verdicts.some(({ phase, verdict }) => phase === name && verdict !== 'PASS');
    const next = phases.slice(place + 1).find((later) => later.name !== restoredPhase && seen.has(later.name));
    return isRed && next !== undefined
      ? [`The phase ${next.name} was seen, though the required phase ${name} before it is not all PASS.`]
      : [];
  });
}
