import { ApplicationFailure, allHandlersFinished, CancellationScope, condition, log } from '@temporalio/workflow';
import { describeError } from '../contract/brief.ts';
import { failures } from '../contract/failures.ts';
import type { PhaseOutline } from '../contract/plan.ts';
import type { Report } from '../contract/report.ts';
import type { Verdict } from '../contract/verdict.ts';
import { sealReport } from '../evidence/report-seal.ts';
import { decideOutcome } from '../judge/outcome.ts';
import { publishOutcome } from './attributes.ts';
import { isCancelled, summarizeFailure } from './failure.ts';
import { fitBareReport, fitReport } from './fit-report.ts';
import { readNow } from './ledger.ts';
import { Messages } from './messages.ts';
import { callSignReport } from './proxies.ts';
import { createBareReport, createReport } from './report.ts';
import { Run } from './run.ts';
import { Undo } from './undo/undo.ts';

type CarriedMission = (run: Run, undo: Undo, messages: Messages) => Promise<void>;

/**
 * Opens a run, carries the mission out, undoes it whatever happened, and ends with the report: as result, or with the
 * failure (W8).
 */
export async function carryOut(mission: CarriedMission): Promise<Report> {
  const run = new Run();
  const messages = new Messages(run);
  const undo = new Undo();
  let thrown: unknown;
  try {
    await mission(run, undo, messages);
  } catch (error) {
    // An ordinary Error that left the workflow function would fail the workflow task, which Temporal repeats for ever;
    // so nothing leaves it but what is thrown below.
    thrown = error;
    if (!isCancelled(error)) run.failure ??= summarizeFailure(error, '');
  }
  try {
    await CancellationScope.nonCancellable(() => undo.run(run, thrown !== undefined));
  } catch (error) {
    thrown ??= error;
    run.failure ??= summarizeFailure(error, 'undo');
  }
  const report = await CancellationScope.nonCancellable(() => conclude(run, thrown !== undefined));
  logEnd(report);
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  if (run.outcome === 'CANCELLED') throw thrown;
  if (run.failure !== null)
    throw ApplicationFailure.create({
      type: run.failure.code,
      message: report.summary,
      nonRetryable: true,
      details: [report],
    });
  return report;
}

/** One line of the worker's log, which alerts can be built on. */
function logEnd({ runId: hepflowRun, outcome, verdicts, leftovers, failure }: Report): void {
  const count = (kind: Verdict['verdict']): number => verdicts.filter(({ verdict }) => verdict === kind).length;
  const counts = { pass: count('PASS'), fail: count('FAIL'), inconclusive: count('INCONCLUSIVE') };
  const level = outcome === 'PASS' && leftovers.length === 0 ? 'info' : 'warn';
  const code = failure?.code ?? '';
  log[level]('run over', { hepflowRun, outcome, code, ...counts, leftovers: leftovers.length });
}

/** The last report. One that cannot be made in full, or published, is the failure of the run. */
async function conclude(run: Run, hasFailed: boolean): Promise<Report> {
  run.endedAt = readNow();
  try {
    run.outcome = decideEnd(run, hasFailed);
    run.enter('over');
    run.sealed = await sealAndSign(run);
    publishOutcome(run, run.sealed);
  } catch (error) {
    run.failure ??= summarizeFailure(error, 'report');
    run.outcome = 'ERROR';
    run.ledger.warnings.push(`The report lacks what was planned and seen: ${describeError(error)}`);
    run.sealed = sealReport(fitBareReport(createBareReport(run)));
  }
  return run.sealed;
}

/** Sealed, and signed where the worker has a key. What cannot be signed is no failure of the run. */
async function sealAndSign(run: Run): Promise<Report> {
  const report = sealReport(fitReport(createReport(run)));
  if (run.preflighted?.signer === undefined || report.seal === null) return report;
  const signing = await callSignReport(report).catch((error: unknown) => ({ problem: describeError(error) }));
  if ('envelope' in signing) return { ...report, seal: { ...report.seal, envelope: signing.envelope } };
  run.ledger.warnings.push(`The report is not signed: ${signing.problem}`);
  return sealReport(fitReport(createReport(run)));
}

function decideEnd({ ledger, findings, failure }: Run, hasFailed: boolean): Report['outcome'] {
  if (!hasFailed) return decideOutcome(ledger.verdicts, findings);
  return failure === null ? 'CANCELLED' : 'ERROR';
}

/** W1: a policy only after a green baseline. */
export function requireGreen({ name }: PhaseOutline, verdicts: readonly Verdict[]): void {
  const red = verdicts.filter(({ verdict }) => verdict !== 'PASS');
  if (red.length === 0) return;
  const why = red.map(({ sentence }) => sentence).join(' ');
  const message = `The ${name} is not green: ${why} ${failures.BaselineRed.remedy}`;
  throw ApplicationFailure.create({ type: 'BaselineRed', message, nonRetryable: true });
}
