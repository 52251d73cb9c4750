import type { Moment } from '../contract/change.ts';
import { type PhaseName, restoredPhase } from '../contract/phase.ts';
import type { ChangeRecord } from '../contract/report.ts';

/**
 * When the changes that lead to a phase were asked for and arrived; for undo's own proof, when all of them were taken
 * back.
 */
export function listMoments(changes: readonly Pick<ChangeRecord, 'phase' | 'moments'>[], phase: PhaseName): Moment[] {
  const isUndo = phase === restoredPhase;
  return changes
    .filter((change) => isUndo || change.phase === phase)
    .flatMap(({ moments }) => moments.filter(({ role }) => (role === 'undone') === isUndo));
}
