/**
 * Whether each phase was seen from every vantage, or passed by where its gate allows that, and whether a PASS has every
 * deny that the phases expect.
 */
import { gateStep } from '../contract/messages.ts';
import { restoredPhase } from '../contract/phase.ts';
import type { PhaseRecord, Report } from '../contract/report.ts';
import { type AuditCheck, createCheck, isJudged } from './check.ts';

export function checkPhases(report: Report): AuditCheck {
  const red = findRedPhase(report);
  const after = red === undefined ? [] : listAfter(red, report.phases);
  return createCheck('Each phase was seen with its denies, or passed by for a reason that its gate allows.', [
    ...report.phases.flatMap((phase) => {
      if (phase.skipped !== null) return findWrongSkip(phase, report);
      return after.includes(phase) ? [] : [...findGaps(phase, report), ...findUnprovedDenies(phase, report)];
    }),
    ...report.phases.flatMap((phase) => findUntoldProbes(phase, report)),
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

/** A PASS rests on every deny of a phase that was not passed by. */
function findUnprovedDenies({ name, expectations }: PhaseRecord, { outcome, verdicts }: Report): string[] {
  if (outcome !== 'PASS') return [];
  const isProved = (vantage: string, target: string): boolean =>
    verdicts.some(
      (one) =>
        one.phase === name &&
        one.vantage === vantage &&
        one.target.id === target &&
        one.expected === 'DROP' &&
        one.verdict === 'PASS',
    );
  return expectations
    .filter(({ vantage, target, expected }) => expected === 'DROP' && !isProved(vantage, target))
    .map(
      ({ vantage, target }) =>
        `The outcome is PASS, but the deny of ${target} from ${vantage} in phase ${name} was not judged PASS.`,
    );
}

/**
 * Every probe that was carried out has its evidence; but undo's own, when it cannot be judged, only takes a PASS away.
 */
function findUntoldProbes({ name }: PhaseRecord, { outcome, steps, evidence }: Report): string[] {
  if (!isJudged(outcome) || (name === restoredPhase && outcome !== 'PASS')) return [];
  const probes = steps.filter((step) => step.name === 'probe' && step.subject === name && step.outcome === 'done');
  const links = evidence.filter(({ phase }) => phase === name);
  return probes.length === links.length
    ? []
    : [`The steps have ${probes.length} probes of phase ${name} that were carried out, the evidence ${links.length}.`];
}

/** Undo's own proof has no gate, and may be left out: then nothing is a PASS. */
function findWrongSkip(phase: PhaseRecord, report: Report): string[] {
  const { name, gate } = phase;
  const { evidence, verdicts, changes } = report;
  const isSeen = [...evidence, ...verdicts].some((one) => one.phase === name);
  const isChanged = changes.some((change) => change.phase === name);
  const isGateless = gate === null && name !== restoredPhase;
  return [
    ...(isSeen ? [`The phase ${name} was passed by, but the report has evidence or verdicts of it.`] : []),
    ...(isChanged ? [`The phase ${name} was passed by, but the report has changes that led to it.`] : []),
    ...(hasWaited(phase, report) ? [] : [`The phase ${name} was passed by, but no step waited for ${gate?.signal}.`]),
    ...(isGateless ? [`The phase ${name} was passed by, though it has no gate.`] : []),
    ...(gate?.when === 'always' ? [`The phase ${name} was passed by, though its gate opens at once.`] : []),
  ];
}

/** A gate that a signal opens was waited at, and the wait ended with the reason for passing by. */
const hasWaited = ({ gate, skipped }: PhaseRecord, { steps }: Report): boolean =>
  gate?.when !== 'on-signal' ||
  steps.some(
    ({ name, subject, outcome, detail }) =>
      name === gateStep && subject === gate.signal && outcome === 'skipped' && detail === skipped,
  );
