/** What the nodes' own packet counters say, as witnesses of the policy. */
import type { Witness } from '../../../contract/vantage.ts';

/** What a node counted, by policy; a policy that no counter named is not in it. */
export interface Count {
  /** Name of the metric. */
  readonly source: string;
  readonly before: Readonly<Record<string, number>>;
  readonly after: Readonly<Record<string, number>>;
}

/** One node's witness of a proof window; `found`: a count, or the reason why there is none. */
export function createCounterWitness(node: string, found: Count | string): Witness {
  const told = { by: 'deniedPackets', title: "The nodes' own packet counters", of: 'policy', about: node } as const;
  const missing = (because: string): Witness => ({ ...told, says: 'missing', because });
  if (typeof found === 'string') return missing(found);
  const { source, before, after } = found;
  const names = Object.keys({ ...before, ...after });
  // A counter that appears within the window counts from 0; one that vanishes does not say how far it got.
  const added = names.map((name) => (after[name] ?? Number.NaN) - (before[name] ?? 0));
  if (Object.keys(after).length === 0) return missing(`no counter of ${source} names the policy`);
  if (!added.every((count) => count >= 0)) return missing(`${source} began anew meanwhile`);
  const packets = added.reduce((sum, count) => sum + count, 0);
  if (packets === 0 && Object.keys(before).length === 0)
    return missing(`the counter of ${source} appeared only within the window, at 0`);
  return { ...told, says: packets > 0 ? 'blocks' : 'allows', because: source, packets };
}

/** Of a phase in which no policy is in force. */
export const notAsked = 'it was not asked';
