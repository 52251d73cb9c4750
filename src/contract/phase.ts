/** Phases by name. A scenario names its own; one more is undo's own proof. */

/** As the scenario names it: `baseline`, `enforced`. */
export type PhaseName = string;

/** Undo's own proof, which is no phase of a scenario: every target is expected as in the first phase. */
export const restoredPhase = 'restored';
