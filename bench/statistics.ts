/** Figures of a sample, without assumptions about its distribution. */

export const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);

/** The smallest value that at least this share of the sample does not exceed (nearest rank). */
export function quantile(values: readonly number[], share: number): number {
  return sorted(values)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const ordered = sorted(values);
  const [low = Number.NaN, high = Number.NaN] = [
    ordered[Math.floor((ordered.length - 1) / 2)],
    ordered[Math.floor(ordered.length / 2)],
  ];
  return (low + high) / 2;
}

export interface MedianInterval {
  readonly from: number;
  readonly to: number;
  /** Ranks of the two order statistics, from 1. */
  readonly ranks: readonly [number, number];
  /** Exact probability that the interval holds the true median. */
  readonly coverage: number;
}

/**
 * The narrowest symmetric pair of order statistics that holds the median with at least 95 %: the number of values below
 * it is binomial with 1/2, whatever
 * the distribution. Needs at least 6 values.
 */
export function medianInterval(values: readonly number[]): MedianInterval {
  const n = values.length;
  if (n < 6) throw new RangeError(`${n} values say nothing at 95 %; at least 6 are needed.`);
  // Both tails outside rank k: 2 P(X < k), X ~ Binomial(n, 1/2).
  let probability = 0.5 ** n;
  let tail = probability;
  let k = 1;
  for (;;) {
    probability *= (n - k + 1) / k;
    if (2 * (tail + probability) > 0.05) break;
    tail += probability;
    k += 1;
  }
  const ordered = sorted(values);
  return {
    from: ordered[k - 1] ?? Number.NaN,
    to: ordered[n - k] ?? Number.NaN,
    ranks: [k, n + 1 - k],
    coverage: 1 - 2 * tail,
  };
}
