/** Which targets change on the way from one judged phase to the next. */
import type { Expected, Target } from '../contract/evidence.ts';
import type { Expectation } from '../contract/verdict.ts';

/** A target that has to change, and to what. */
export interface Move {
  readonly target: Target;
  readonly to: Expected;
}

/**
 * In the order of the rows. `before`: the rows of the phase that was judged last; null: this is the first one, nothing
 * has changed yet.
 */
export function findMoves(rows: readonly Expectation[], before: readonly Expectation[] | null): readonly Move[] {
  const last = new Map(before?.map(({ target, expected }) => [target.id, expected]));
  return rows.flatMap(({ target, expected }) => {
    const was = last.get(target.id);
    return was === undefined || was === expected ? [] : [{ target, to: expected }];
  });
}

/** Ids of the targets that are OPEN before the move and after it: while they answer, the way is alive (W4). */
export function listSteady(rows: readonly Expectation[], before: readonly Expectation[] | null): readonly string[] {
  const open = (some: readonly Expectation[]): readonly string[] =>
    some.filter(({ expected }) => expected === 'OPEN').map(({ target }) => target.id);
  const wereOpen = before === null ? null : new Set(open(before));
  return open(rows).filter((id) => wereOpen === null || wereOpen.has(id));
}
