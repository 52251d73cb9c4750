import type { Evidence } from '../contract/evidence.ts';
import type { Timings } from '../contract/report.ts';

/** By phase, how long the slowest of the vantages that saw the expectation took to see it. */
export function measureConvergence(
  evidence: readonly Pick<Evidence, 'phase' | 'convergence'>[],
): Timings['convergenceMs'] {
  const reached = Map.groupBy(
    evidence.filter(({ convergence }) => convergence.reached),
    ({ phase }) => phase,
  );
  return Object.fromEntries(
    [...reached].map(([phase, all]) => [phase, Math.max(...all.map(({ convergence }) => convergence.elapsedMs))]),
  );
}
