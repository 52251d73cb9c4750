/**
 * What an observer saw of one port around a change, on the worker's clock: verdicts, transitions and findings read it
 * here.
 */
import type { Moment } from '../contract/change.ts';
import type { Evidence } from '../contract/evidence.ts';
import { type Interval, isMissing, type Observation } from '../contract/observation.ts';
import type { Transition } from '../contract/report.ts';
import { type Dial, locateDial } from '../evidence/track.ts';
import type { Move } from '../scenario/moves.ts';
import {
  type Edge,
  findOpening,
  findSilence,
  listCounted,
  listRefusals,
  readAftermath,
  readWatch,
  streak,
  type Watch,
} from './watch.ts';

export type Sighting = UnwatchedPort | UnchangedPort | ChangedPort;

/** Dials that count, from the change's being asked for. */
interface CountedDials {
  readonly dials: number;
  readonly refusals: readonly Dial[];
}

/** No observer saw it, or too few of its dials count to show a change. */
export interface UnwatchedPort extends CountedDials {
  readonly kind: 'unwatched';
  readonly why: string;
}

/** The change did not show. */
export interface UnchangedPort extends CountedDials {
  readonly kind: 'unchanged';
  /** When the last dial that counts began. */
  readonly until: string;
  /** Whether the observer reached its own time limit, so that what came later was not seen. */
  readonly isCutShort: boolean;
}

export interface ChangedPort {
  readonly kind: 'changed';
  /** The first connection that showed it. */
  readonly showed: Interval;
  /** The last connection before that showed the old state; null: it showed from the first look on. */
  readonly last: Interval | null;
  /** Null when an end is not known. */
  readonly took: Transition['tookMs'];
  /** Whether it showed before it was asked for: then something else did it. */
  readonly isPremature: boolean;
  /**
   * Of a port that fell silent, what came after that: connections that got through, those that did not, and those that
   * nothing counts.
   */
  readonly leaks: readonly Interval[];
  readonly silent: number;
  readonly uncounted: number;
}

/**
 * `asked`: when the change was asked for, where that is known. `steady`: the ports that must answer beside each dial
 * for it to count.
 */
export function seeTarget(
  { target, to }: Move,
  asked: Moment | null,
  steady: readonly string[],
  observation: Evidence['observation'],
): Sighting {
  if (observation === undefined || isMissing(observation))
    return { kind: 'unwatched', why: observation?.missing ?? 'no observer ran', dials: 0, refusals: [] };
  const watch = readWatch(observation, target.id, steady);
  const from = findSlot(asked, observation);
  const edge = to === 'DROP' ? findSilence(watch, from) : findOpening(watch, from);
  if (edge === null) return seeNoChange(watch, from, observation);
  const after = to === 'DROP' ? readAftermath(watch, edge.first) : { leaks: [], silent: 0, uncounted: 0 };
  return {
    kind: 'changed',
    ...timeChange(edge, asked, observation),
    ...after,
    leaks: after.leaks.map((slot) => locateDial(observation, slot)),
  };
}

/** The first slot whose dial may have come after something was asked for; 0 when that is not known. */
function findSlot(asked: Moment | null, observation: Observation): number {
  if (asked === null) return 0;
  const pastMs = Date.parse(asked.from) - Date.parse(locateDial(observation, 0).to);
  return Math.min(observation.slots, Math.max(0, Math.ceil(pastMs / observation.cadenceMs)));
}

function seeNoChange(watch: Watch, from: number, observation: Observation): UnwatchedPort | UnchangedPort {
  const counted = listCounted(watch).filter((slot) => slot >= from);
  const found = { dials: counted.length, refusals: listRefusals(watch, from) };
  const last = counted.at(-1);
  if (last === undefined || counted.length < streak)
    return { kind: 'unwatched', why: 'its controls did not answer beside it while an observer ran', ...found };
  const until = locateDial(observation, last).from;
  return { kind: 'unchanged', until, isCutShort: observation.ended === 'bound', ...found };
}

function timeChange(
  { first, latest, before }: Edge,
  asked: Moment | null,
  observation: Observation,
): Pick<ChangedPort, 'showed' | 'last' | 'took' | 'isPremature'> {
  const join = (from: number, to: number): Interval => ({
    from: locateDial(observation, from).from,
    to: locateDial(observation, to).to,
  });
  const showed = join(before?.earliest ?? first, latest);
  const isPremature = asked !== null && Date.parse(showed.to) < Date.parse(asked.from);
  return {
    showed,
    last: before && join(before.earliest, before.last),
    took: asked === null || before === null || isPremature ? null : measureSince(asked, showed),
    isPremature,
  };
}

function measureSince(asked: Moment, { from, to }: Interval): NonNullable<Transition['tookMs']> {
  const sinceMs = (at: string): number => Math.max(0, Date.parse(at) - Date.parse(asked.from));
  return { atLeast: sinceMs(from), atMost: sinceMs(to) };
}
