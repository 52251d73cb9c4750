/** What the mission leaves to be undone, and in which order. */
import { restoredPhase } from '../../contract/phase.ts';
import type { Plan } from '../../contract/plan.ts';
import type { Vantage } from '../../contract/vantage.ts';
import { summarizeFailure } from '../failure.ts';
import type { Run } from '../run.ts';
import { findForgotten, isReset } from './forgotten.ts';
import { UndoStack } from './stack.ts';

/**
 * The rules come off first; then, with the vantages still there, behaviour is proved restored; then the lanes, with the
 * lease below them: the cluster is free for others last.
 */
export class Undo {
  readonly lanes = new UndoStack();
  readonly rules = new UndoStack();
  #proof: { readonly plan: Plan; readonly vantages: readonly Vantage[] } | undefined;

  /** From where to see that everything answers again, and watch it come back; asked for once a rule was attempted. */
  proveBy(plan: Plan, vantages: readonly Vantage[]): void {
    this.#proof = { plan, vantages };
  }

  /** Undoes all of it; never cancelled (W5). */
  async run(run: Run, hasFailed: boolean): Promise<void> {
    run.enter('undoing');
    try {
      await this.#undoOrKeep(run, hasFailed);
    } finally {
      await run.undo(this.lanes);
      if (isReset()) await undoForgotten(run);
    }
  }

  async #undoOrKeep(run: Run, hasFailed: boolean): Promise<void> {
    if (hasFailed && run.preflighted?.mission.cleanup.when === 'on-success') {
      const why = 'Kept, because cleanup.when is on-success and the run failed.';
      // A run that is over holds no cluster, whatever it keeps.
      for (const stack of [this.rules, this.lanes]) run.keep(stack, why);
    } else {
      await this.#undoRules(run);
    }
  }

  async #undoRules(run: Run): Promise<void> {
    const hadRules = !this.rules.isEmpty;
    const proof = this.#proof;
    const observers = proof && hadRules ? run.createObservers(restoredPhase, proof.plan.targets, proof.vantages) : [];
    await run.undo(this.rules, observers);
    if (proof !== undefined && hadRules) await proveRestored(run, proof.plan, proof.vantages);
  }
}

/** After everything that the run remembers. What is kept on purpose, or could not be undone, is left as it was told. */
async function undoForgotten(run: Run): Promise<void> {
  const { identity, preflighted, leftovers, ledger } = run;
  if (preflighted === undefined || leftovers.some(({ reason }) => reason === 'kept')) return;
  try {
    const told = new Set(leftovers.map(({ command }) => command));
    await run.undo(await findForgotten(identity, preflighted.mission, told));
  } catch (error) {
    const { message } = summarizeFailure(error, 'findLeftovers');
    const remedy = 'hepflow sweep looks for it.';
    ledger.warnings.push(`This run was reset, and what it left before could not be looked for: ${message} ${remedy}`);
  }
}

/**
 * A proof that could not run shows on the report and takes the PASS away; it neither stops the undo nor hides the first
 * failure.
 */
async function proveRestored(run: Run, plan: Plan, vantages: readonly Vantage[]): Promise<void> {
  const { failure } = run;
  try {
    await run.judge(plan.restored, plan, vantages);
  } catch (error) {
    const { message } = summarizeFailure(error, 'probe');
    run.ledger.warnings.push(`Whether the nodes answer again after undo could not be probed: ${message}`);
    run.failure = failure;
  }
}
