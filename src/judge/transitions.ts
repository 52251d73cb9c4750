/** How long a change took to show, from what an observer saw around it. */
import type { Moment, ObservedMoment } from '../contract/change.ts';
import type { Evidence, Target } from '../contract/evidence.ts';
import { type Interval, isMissing } from '../contract/observation.ts';
import type { Transition } from '../contract/report.ts';
import { toWorkersClock } from '../evidence/track.ts';
import type { Move } from '../scenario/moves.ts';
import { explainTransition } from './sentences/transition.ts';
import type { Sighting } from './sighting.ts';
import { boundLeaks } from './watch.ts';

/** A port that has to change, when that was asked for, and what the observer saw of it. */
export interface WatchedMove extends Move {
  /** Of the changes, those that are about the port's node or about none. */
  readonly moments: readonly Moment[];
  readonly asked: Moment | null;
  readonly sighting: Sighting;
}

/** As many leaks are listed; the sentence counts them all. */
const listedLeaks = 100;

/**
 * A change needs all that was asked for, so the last counts; of what was taken back, one thing is enough, so the first
 * does.
 */
export function chooseAsked(moments: readonly Moment[]): Moment | null {
  const list = (wanted: Moment['role']): Moment[] =>
    moments.filter(({ role }) => role === wanted).toSorted(compareMoments);
  return list('asked').at(-1) ?? list('undone')[0] ?? null;
}

export function describeTransition(move: WatchedMove, evidence: Evidence): Transition {
  const { target, to, moments, asked, sighting } = move;
  const { phase, vantage } = evidence;
  const isChanged = sighting.kind === 'changed';
  const leaks = isChanged ? sighting.leaks : [];
  return {
    ...{ phase, vantage, target, to, asked },
    moments: [...moments, ...listEdgeMoments(move), ...timeProof(target, evidence)].toSorted(compareMoments),
    tookMs: isChanged ? sighting.took : null,
    censored: classifyCensoring(sighting),
    leaks: leaks.length > listedLeaks ? [...leaks.slice(0, listedLeaks - 1), ...leaks.slice(-1)] : leaks,
    silentDials: isChanged ? sighting.silent : 0,
    leakBound: to === 'DROP' ? boundShare(sighting) : null,
    sentence: explainTransition(move),
  };
}

const compareMoments = (a: Interval, b: Interval): number =>
  Date.parse(a.from) - Date.parse(b.from) || Date.parse(a.to) - Date.parse(b.to);

function classifyCensoring(sighting: Sighting): Transition['censored'] {
  if (sighting.kind === 'unwatched') return 'unobserved';
  if (sighting.kind === 'unchanged') return 'right';
  return sighting.last === null ? 'left' : 'no';
}

function boundShare(sighting: Sighting): number | null {
  if (sighting.kind !== 'changed' || sighting.leaks.length + sighting.uncounted > 0) return null;
  return boundLeaks(sighting.silent);
}

const titles: Readonly<Record<ObservedMoment, string>> = {
  lastOpen: 'last answer before silence',
  firstSilent: 'first silent connection',
  lastLeak: 'last connection that got through',
  lastSilent: 'last silence before answers',
  firstOpen: 'first answer',
  proofComplete: 'proof complete',
};

const observe = (name: ObservedMoment, { from, to }: Interval): Moment => ({
  ...{ name, title: titles[name], words: '', role: 'observed', from, to },
});

function listEdgeMoments({ to, sighting }: WatchedMove): Moment[] {
  if (sighting.kind !== 'changed') return [];
  const { last, showed, leaks } = sighting;
  const leak = leaks.at(-1);
  return [
    ...(last === null ? [] : [observe(to === 'DROP' ? 'lastOpen' : 'lastSilent', last)]),
    observe(to === 'DROP' ? 'firstSilent' : 'firstOpen', showed),
    ...(leak === undefined ? [] : [observe('lastLeak', leak)]),
  ];
}

/** The end of the connections that the verdict rests on, brought from the VM's clock to the worker's. */
function timeProof({ id }: Target, { connections, observation }: Evidence): Moment[] {
  if (observation === undefined || isMissing(observation)) return [];
  const ends = connections
    .filter(({ target, stage }) => target === id && stage === 'proof')
    .map(({ startedAt, elapsedMs }) => Date.parse(startedAt) + elapsedMs);
  if (ends.length === 0) return [];
  const endMs = Math.max(...ends);
  return [observe('proofComplete', toWorkersClock(endMs, endMs, observation.clock))];
}
