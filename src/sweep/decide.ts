import type { Decision, MarkedThing } from '../contract/sweep.ts';

/** What is to become of a thing, and why. `remove`: nobody needs it any more. */
export interface SweepDecision {
  readonly decision: 'remove' | Extract<Decision, `kept: ${string}`>;
  readonly why: string;
}

/**
 * A thing is removed only when it is proved to be a run's (W14); when that run is over, or cannot be asked for and the
 * thing has expired; and when it is old enough.
 */
export function decideLeftover(
  { owner, ownership, runIs, trouble, createdAt, expiresAt }: MarkedThing,
  nowMs: number,
  olderThanMs: number,
): SweepDecision {
  if (ownership === 'copy')
    return { decision: 'kept: a copy', why: 'Its marks were copied from an object of a run; no run made it.' };
  if (runIs === 'alive' && trouble !== undefined)
    return {
      decision: 'kept: its run cannot go on',
      why:
        `${owner} is running, but ${trouble}: so it makes no progress and undoes nothing. Where no worker can ` +
        'continue it, terminate it and sweep again.',
    };
  if (runIs === 'alive')
    return { decision: 'kept: its run lives', why: `${owner} is running; it removes its own things.` };
  if (ownership === 'unproved')
    return {
      decision: 'kept: not signed',
      why:
        "Its marks carry no signature of this worker's secret: an older hepflow, a worker with another secret, or " +
        'somebody else wrote them.',
    };
  if (createdAt !== null && nowMs - Date.parse(createdAt) < olderThanMs) {
    return {
      decision: 'kept: too young',
      why: `Its run began ${describeAge(nowMs - Date.parse(createdAt))} ago, less than ${describeAge(olderThanMs)}.`,
    };
  }
  if (runIs === 'over')
    return { decision: 'remove', why: owner === '' ? 'Its other side is gone.' : `${owner} is over.` };
  if (expiresAt !== null && Date.parse(expiresAt) <= nowMs)
    return {
      decision: 'remove',
      why: `Temporal does not know ${describeOwner(owner)}, and it expired at ${expiresAt}.`,
    };
  const until =
    expiresAt === null ? 'it says neither whose it is nor until when it is needed' : `it expires at ${expiresAt}`;
  return { decision: 'kept: its run may live', why: `Temporal does not know ${describeOwner(owner)}; ${until}.` };
}

const describeOwner = (owner: string): string => (owner === '' ? 'its run' : owner);

/** The largest whole unit. */
export function describeAge(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ] as const;
  const [unitMs, unit] = units.find(([unitMs]) => ms >= unitMs) ?? [1, 'ms'];
  return `${Math.floor(ms / unitMs)} ${unit}`;
}
