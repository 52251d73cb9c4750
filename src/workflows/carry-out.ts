import { ApplicationFailure, allHandlersFinished, CancellationScope, condition } from '@temporalio/workflow';
import { failures } from '../contract/failures.ts';
import type { Report } from '../contract/report.ts';
import type { ObserverInput } from '../contract/steps.ts';
import type { Verdict } from '../contract/verdict.ts';
import { judgedOutcome } from '../judge/outcome.ts';
import { publishOutcome } from './attributes.ts';
import { isCancelled, summaryOf } from './failure.ts';
import { now } from './ledger.ts';
import { Messages } from './messages.ts';
import { reportOf } from './report.ts';
import { Run } from './run.ts';
import { UndoStack } from './undo/stack.ts';

/** What the mission leaves to be undone: the rules come off first, then, with the VM still there, behaviour is proved restored; then the lanes; the cluster is free for others last. */
class Undo {
  readonly lanes = new UndoStack();
  readonly rules = new UndoStack();
  proof: (() => Promise<readonly Verdict[]>) | undefined;
  observer: ObserverInput | undefined;

  /** How to see that everything answers again, and who watches it come back; asked for once a rule was attempted. */
  provesBy(observer: ObserverInput, proof: () => Promise<readonly Verdict[]>): void {
    this.observer = observer;
    this.proof = proof;
  }
}

/** Opens a run, carries the mission out, undoes it whatever happened, and ends with the report: as result, or with the failure (W8). */
export async function carryOut(mission: (run: Run, undo: Undo, messages: Messages) => Promise<void>): Promise<Report> {
  const run = new Run();
  const messages = new Messages(run);
  const undo = new Undo();
  let thrown: unknown;
  try {
    await mission(run, undo, messages);
  } catch (error) {
    // An ordinary Error that left the workflow function would fail the workflow task, which Temporal repeats for ever; so nothing leaves it but what is thrown below.
    thrown = error;
    if (!isCancelled(error)) run.failure ??= summaryOf(error, '');
  }
  await CancellationScope.nonCancellable(() => undoAll(run, undo, thrown !== undefined));
  run.outcome =
    thrown === undefined
      ? judgedOutcome(run.ledger.verdicts, run.findings)
      : run.failure === null
        ? 'CANCELLED'
        : 'ERROR';
  run.endedAt = now();
  run.enter('over');
  const report = reportOf(run);
  publishOutcome(run, report);
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

async function undoAll(run: Run, undo: Undo, failed: boolean): Promise<void> {
  run.enter('undoing');
  const keep =
    failed && run.outputs.preflight?.mission.cleanup.when === 'on-success'
      ? 'Kept, because cleanup.when is on-success and the run failed.'
      : null;
  const rulesTouched = !undo.rules.isEmpty;
  await run.undo(undo.rules, keep, undo.observer);
  if (rulesTouched && keep === null && undo.proof !== undefined) await proveRestored(run, undo.proof);
  await run.undo(undo.lanes, keep);
}

/** A proof that could not run shows on the report and takes the PASS away; it neither stops the undo nor hides the first failure. */
async function proveRestored(run: Run, proof: () => Promise<readonly Verdict[]>): Promise<void> {
  const { failure } = run;
  try {
    await proof();
  } catch (error) {
    run.ledger.warnings.push(
      `Whether the nodes answer again after undo could not be probed: ${summaryOf(error, 'probe').message}`,
    );
    run.failure = failure;
  }
}

/** W1: a policy only after a green baseline. */
export function requireGreen(verdicts: readonly Verdict[]): void {
  const red = verdicts.filter(({ verdict }) => verdict !== 'PASS');
  if (red.length === 0) return;
  const message = `The baseline is not green: ${red.map(({ sentence }) => sentence).join(' ')} ${failures.BaselineRed.remedy}`;
  throw ApplicationFailure.create({ type: 'BaselineRed', message, nonRetryable: true });
}
