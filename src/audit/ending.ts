/** What the end of a report says of its middle: outcome, sentence, times, and what is left. */
import { stages } from '../contract/messages.ts';
import type { Report } from '../contract/report.ts';
import { measureConvergence } from '../judge/convergence.ts';
import { decideOutcome } from '../judge/outcome.ts';
import { summarize } from '../judge/sentences/summary.ts';
import { type AuditCheck, createCheck, isJudged } from './check.ts';
import { findDifferences } from './compare.ts';

/** Each gives what is wrong, a sentence each. */
const rules: readonly ((report: Report) => readonly string[])[] = [
  findWrongOutcome,
  findUnfitFailure,
  findUnfitEnd,
  findUnfitStage,
  findWrongLength,
  findWrongSummary,
  findWrongConvergence,
  findWrongLeftovers,
  findUntoldLeftovers,
];

export const checkEnding = (report: Report): AuditCheck =>
  createCheck(
    `The outcome ${report.outcome}, its sentence and its counts follow from the verdicts.`,
    rules.flatMap((findProblems) => findProblems(report)),
  );

const isRunning = ({ outcome }: Report): boolean => outcome === 'RUNNING';

/** `holds`: whether all is well. */
const unless = (holds: boolean, problem: string): string[] => (holds ? [] : [problem]);

function findWrongOutcome({ outcome, verdicts, findings }: Report): string[] {
  if (!isJudged(outcome)) return [];
  const follows = decideOutcome(verdicts, findings);
  return unless(
    outcome === follows,
    `The outcome does not follow from the verdicts and findings: it is ${outcome}, not ${follows}.`,
  );
}

function findUnfitFailure({ outcome, failure }: Report): string[] {
  return unless(
    (outcome === 'ERROR') === (failure !== null),
    `The outcome is ${outcome}, but ${failure === null ? 'no failure is' : 'a failure is'} reported.`,
  );
}

function findUnfitEnd(report: Report): string[] {
  const { outcome, timings } = report;
  return unless(
    isRunning(report) === (timings.endedAt === null),
    `The outcome is ${outcome}, but the end of the run is ${timings.endedAt ?? 'not known'}.`,
  );
}

function findUnfitStage(report: Report): string[] {
  const { outcome, stage, phases } = report;
  const known = [...stages, ...phases.map(({ name }) => name)];
  return [
    ...unless(
      isRunning(report) === (stage !== 'over'),
      `The outcome is ${outcome}, but the stage of the run is ${stage}.`,
    ),
    ...unless(known.includes(stage), `The stage of the run is ${stage}, which is no phase of the report.`),
  ];
}

function findWrongLength({ timings: { startedAt, endedAt, totalMs } }: Report): string[] {
  if (endedAt === null) return [];
  return findDifferences(totalMs, Date.parse(endedAt) - Date.parse(startedAt), 'timings.totalMs').map(
    (difference) => `The length of the run is not that between its start and end: ${difference}`,
  );
}

function findWrongSummary(report: Report): string[] {
  return findDifferences(report.summary, summarize(report), 'summary').map(
    (difference) => `The sentence of the outcome does not follow: ${difference}`,
  );
}

function findWrongConvergence({ timings, evidence }: Report): string[] {
  return findDifferences(timings.convergenceMs, measureConvergence(evidence), 'timings.convergenceMs').map(
    (difference) => `A time does not follow from the evidence: ${difference}`,
  );
}

/** What was undone is not left, and only a failure has a code. */
function findWrongLeftovers({ leftovers }: Report): string[] {
  return leftovers.flatMap(({ what, reason, code }) => [
    ...unless(
      reason !== 'done' && reason !== 'nothing',
      `The leftover ${what} is not left: its undo ended with ${reason}.`,
    ),
    ...unless(
      (reason === 'failed') === (code !== ''),
      `The leftover ${what} has ${code === '' ? 'no code' : `the code ${code}`}, but its reason is ${reason}.`,
    ),
  ]);
}

/** Once a run is over, each change was taken back, or is told as a leftover. */
function findUntoldLeftovers(report: Report): string[] {
  if (isRunning(report)) return [];
  const { steps, changes, leftovers } = report;
  const undos = steps.filter(({ undoes }) => undoes !== undefined);
  const failed = undos.filter(({ outcome }) => outcome !== 'done').length;
  const untried = changes.filter(({ id }) => undos.every(({ undoes }) => undoes !== id)).length;
  const kept = leftovers.filter(({ reason }) => reason === 'kept').length;
  const told = leftovers.length - kept;
  return [
    ...unless(failed === told, `The leftovers name ${told} failed undos, and the steps have ${failed}.`),
    ...unless(
      untried === kept,
      `The leftovers name ${kept} kept changes, and ${untried} have no undo among the steps.`,
    ),
  ];
}
