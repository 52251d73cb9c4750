/** Runs that were ended from outside: Temporal gives a workflow that it terminates no chance to undo anything. */

import { failures } from '../contract/failures.ts';
import type { Leftover, Report, StepRecord } from '../contract/report.ts';
import { formCommand } from '../contract/shell.ts';
import { sealReport } from '../evidence/report-seal.ts';
import { summarize } from '../judge/sentences/summary.ts';
import { CommandError, exitCodes } from './exit-code.ts';

/** By Temporal's status. */
const endings: Readonly<Record<string, string>> = {
  TERMINATED: 'terminated',
  TIMED_OUT: "ended by Temporal's time limit",
};

export const isCutShort = (status: string): boolean => Object.hasOwn(endings, status);

/** How a command ends that cannot have the report of a run. `otherwise`: what is said of one that ended by itself. */
export function explainNoReport(id: string, status: string, otherwise: string): CommandError {
  if (!isCutShort(status)) return new CommandError(otherwise);
  return new CommandError(
    `The run ${id} was ${endings[status]}, which gave it no chance to undo anything; ` +
      'no worker answers for what it had changed.\n' +
      `What it left is found and removed by: ${formSweep(null)}`,
    exitCodes.leftBehind,
  );
}

/**
 * The report of such a run, as the run itself would have ended it: what it had changed by then and did not undo is left
 * behind. It is sealed here, since the run could not do it.
 */
export function closeReport(report: Report, status: string, endedAt: string): Report {
  const message = `The run was ${endings[status]} at ${endedAt}, which gave it no chance to undo anything.`;
  const failure = { code: 'RunTerminated', step: '', message, remedy: failures.RunTerminated.remedy } as const;
  const leftovers = [...report.leftovers, ...listOpen(report, message)];
  const closed = {
    ...report,
    ...{ outcome: 'ERROR', stage: 'over', failure: { ...failure, problems: [] }, leftovers },
    steps: report.steps.map((step) => closeStep(step, endedAt)),
    timings: { ...report.timings, endedAt, totalMs: Date.parse(endedAt) - Date.parse(report.timings.startedAt) },
  } as const satisfies Report;
  return sealReport({ ...closed, summary: summarize(closed) });
}

const closeStep = (step: StepRecord, endedAt: string): StepRecord =>
  step.outcome === 'running' || step.outcome === 'waiting' ? { ...step, outcome: 'cancelled', endedAt } : step;

/** What was changed, not undone and not told as left yet. A change that nobody began is not among the changes. */
function listOpen({ changes, steps, mission, leftovers }: Report, message: string): Leftover[] {
  const command = formSweep(mission);
  const told = new Set(leftovers.map(({ what }) => what));
  const hasKept = leftovers.some(({ reason }) => reason === 'kept');
  return changes.flatMap(({ id, words: what }): Leftover[] => {
    const undo = steps.find(({ undoes }) => undoes === id);
    if (undo === undefined) return hasKept ? [] : [{ what, why: message, command, reason: 'kept', code: '' }];
    if (undo.outcome === 'done' || told.has(`${undo.name} ${undo.subject}`)) return [];
    return [{ what, why: undo.detail || message, command, reason: 'failed', code: 'RunTerminated' }];
  });
}

/** `null`: nobody can give the mission. */
function formSweep(mission: Report['mission']): string {
  if (mission === null) return formCommand('hepflow', 'sweep', '--file', 'RUN-SPEC', '--older-than', '0');
  const { subscriptionId, resourceGroup, cluster, vm } = mission;
  const where = ['--subscription', subscriptionId, '--resource-group', resourceGroup, '--cluster', cluster];
  const elsewhere = vm.resourceGroup === resourceGroup ? [] : ['--vm-resource-group', vm.resourceGroup];
  return formCommand('hepflow', 'sweep', ...where, ...elsewhere, '--older-than', '0');
}
