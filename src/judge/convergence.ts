import type { Evidence } from '../contract/evidence.ts';
import type { Timings } from '../contract/report.ts';

/** By phase, how long the slowest vantage took to see the expectation; a phase that did not show it from everywhere has none. */
export function measureConvergence(
  evidence: readonly Pick<Evidence, 'phase' | 'convergence'>[],
): Timings['convergenceMs'] {
  const byPhase = Map.groupBy(evidence, ({ phase }) => phase);
  return Object.fromEntries(
    [...byPhase]
      .filter(([, all]) => all.every(({ convergence }) => convergence.reached))
      .map(([phase, all]) => [phase, Math.max(...all.map(({ convergence }) => convergence.elapsedMs))]),
  );
}
