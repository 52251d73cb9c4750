import type { ChangeId, PlannedChange } from '../contract/change.ts';
import type { Plan } from '../contract/plan.ts';
import type { Vantage } from '../contract/vantage.ts';
import { runSideBySide } from './lanes.ts';
import type { Run } from './run.ts';
import type { UndoStack } from './undo/stack.ts';

/**
 * Makes everything that the plan's lanes hold, side by side as far as one change does not need another, and gives the
 * vantages.
 */
export async function provision(run: Run, plan: Plan, undo: UndoStack): Promise<readonly Vantage[]> {
  run.enter('provisioning');
  const making = new Map<ChangeId, () => Promise<void>>();
  for (const { changes } of plan.lanes) {
    const lane = undo.branch();
    for (const change of changes)
      making.set(
        change.id,
        once(() => makeAfterNeeds(run, change, making, lane)),
      );
  }
  await runSideBySide(...making.values());
  return plan.vantages.map((vantage) => run.open(vantage));
}

async function makeAfterNeeds(
  run: Run,
  change: PlannedChange,
  making: ReadonlyMap<ChangeId, () => Promise<void>>,
  lane: UndoStack,
): Promise<void> {
  await Promise.all(change.needs.map((id) => making.get(id)?.()));
  await run.apply(change, lane);
}

/** The first who asks has it made; all get the same promise. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
