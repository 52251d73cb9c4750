/** How long a change took to show, from what an observer saw around it. Pure and free of Node: it runs in the workflow. */
import type { Evidence, Phase, Target } from '../contract/evidence.ts';
import { type Interval, isMissing, type Observation } from '../contract/observation.ts';
import type { Mark, Transition } from '../contract/report.ts';
import { dialAt, onWorkersClock } from '../evidence/track.ts';
import * as says from './sentences/transition.ts';
import {
  type Aftermath,
  after,
  countedIn,
  type Edge,
  leakBound,
  openingIn,
  silenceIn,
  steady,
  streak,
  type Watch,
  watchOf,
} from './watch.ts';

export interface Change {
  readonly phase: Phase;
  readonly to: Transition['to'];
  /** The ports that are to change. */
  readonly targets: readonly Target[];
  /** What the steps of the change reported, on the worker's clock. */
  readonly marks: readonly Mark[];
}

/** What is known about one port's change: the sentence is told from it. */
export interface Seen {
  readonly target: Target;
  readonly to: Transition['to'];
  /** The last thing that had to be asked for; undefined when no step reported when. */
  readonly asked: Mark | undefined;
  readonly edge: Edge | null;
  /** When it showed; null without an edge. */
  readonly showed: Interval | null;
  readonly tookMs: Transition['tookMs'];
  readonly censored: Transition['censored'];
  /** Whether it showed before it was asked for. */
  readonly premature: boolean;
  readonly aftermath: Aftermath;
  readonly lastLeak: Interval | undefined;
  readonly leakBound: number | null;
  /** For a change that did not show: the last dial that counts. */
  readonly until: string | undefined;
  /** Why nothing was seen. */
  readonly blind: string;
}

/** As many leaks are listed; the sentence counts them all. */
const listedLeaks = 100;

const none: Aftermath = { leaks: [], silent: 0, uncounted: 0 };
const ms = (at: string): number => Date.parse(at);

/** One for each port that was to change. */
export function transitionsOf(change: Change, evidence: Evidence): Transition[] {
  return change.targets.map((target) => transitionOf(target, change, evidence));
}

function transitionOf(target: Target, change: Change, evidence: Evidence): Transition {
  const { phase, to, targets } = change;
  const marks = marksOf(target, change.marks);
  const asked = askedFor(to, marks);
  const { observation } = evidence;
  if (observation === undefined || isMissing(observation)) {
    const blind = observation === undefined ? 'nobody watched it' : observation.missing;
    return told(phase, marks, [], unseen(target, to, asked, blind));
  }
  const watch = watchOf(observation, target.id, steady(phase, targets, evidence.targets));
  const seen = seenIn(watch, target, to, asked, observation);
  const leaks = seen.aftermath.leaks.map((slot) => dialAt(observation, slot));
  return told(
    phase,
    [...marks, ...edgeMarks(seen, observation), ...proofMark(target, evidence, observation)],
    leaks,
    seen,
  );
}

/** A deny needs all its changes, so the last counts; an opening needs only one of them, so the first does. */
export function askedFor(to: Transition['to'], marks: readonly Mark[]): Mark | undefined {
  const named = (...names: readonly Mark['name'][]): Mark[] =>
    marks.filter(({ name }) => names.includes(name)).sort((a, b) => ms(a.from) - ms(b.from));
  return to === 'DROP' ? named('labelWritten', 'policyAccepted').at(-1) : named('policyDeleted', 'labelRestored')[0];
}

/** The first slot whose dial may have come after something was asked for; 0 when that is not known. */
export function slotOf(asked: Mark | undefined, observation: Observation): number {
  if (asked === undefined) return 0;
  const past = ms(asked.from) - ms(dialAt(observation, 0).to);
  return Math.min(observation.slots, Math.max(0, Math.ceil(past / observation.cadenceMs)));
}

/** The marks that are about a port's own node, or about none. */
export const marksOf = ({ node }: Target, marks: readonly Mark[]): Mark[] =>
  marks.filter((mark) => mark.node === undefined || mark.node === node);

/** Whether it showed before it was asked for: then something else did it. */
export function isPremature({ to, marks }: Pick<Transition, 'to' | 'marks'>): boolean {
  const asked = askedFor(to, marks);
  const showed = marks.find(({ name }) => name === (to === 'DROP' ? 'firstSilent' : 'firstOpen'));
  return asked !== undefined && showed !== undefined && ms(showed.to) < ms(asked.from);
}

function unseen(target: Target, to: Transition['to'], asked: Mark | undefined, blind: string): Seen {
  return {
    target,
    to,
    asked,
    blind,
    edge: null,
    showed: null,
    tookMs: null,
    censored: 'unobserved',
    premature: false,
    aftermath: none,
    lastLeak: undefined,
    leakBound: null,
    until: undefined,
  };
}

function seenIn(
  watch: Watch,
  target: Target,
  to: Transition['to'],
  asked: Mark | undefined,
  observation: Observation,
): Seen {
  const edge =
    to === 'DROP' ? silenceIn(watch, slotOf(asked, observation)) : openingIn(watch, slotOf(asked, observation));
  if (edge === null) {
    const blind = unseen(target, to, asked, 'its controls did not answer beside it while it was watched');
    const afterwards = countedIn(watch).filter((slot) => slot >= slotOf(asked, observation));
    const [last] = afterwards.slice(-1);
    if (last === undefined || afterwards.length < streak) return blind;
    return { ...blind, censored: 'right', until: dialAt(observation, last).from };
  }
  const [low, high] = edge.within;
  const showed = { from: dialAt(observation, low ?? edge.first).from, to: dialAt(observation, high).to };
  const premature = asked !== undefined && ms(showed.to) < ms(asked.from);
  const known = asked !== undefined && edge.last !== null && !premature;
  const aftermath = to === 'DROP' ? after(edge.first, watch) : none;
  const lastLeak = aftermath.leaks.at(-1);
  return {
    target,
    to,
    asked,
    edge,
    showed,
    tookMs: known
      ? { atLeast: Math.max(0, ms(showed.from) - ms(asked.from)), atMost: Math.max(0, ms(showed.to) - ms(asked.from)) }
      : null,
    censored: edge.last === null ? 'left' : 'no',
    premature,
    aftermath,
    lastLeak: lastLeak === undefined ? undefined : dialAt(observation, lastLeak),
    leakBound: to === 'OPEN' || aftermath.leaks.length + aftermath.uncounted > 0 ? null : leakBound(aftermath.silent),
    until: undefined,
    blind: '',
  };
}

function edgeMarks({ to, edge, showed, lastLeak }: Seen, observation: Observation): Mark[] {
  if (edge === null || showed === null) return [];
  const [low] = edge.within;
  const before: Mark['name'] = to === 'DROP' ? 'lastOpen' : 'lastSilent';
  const old =
    edge.last === null
      ? []
      : [{ name: before, from: dialAt(observation, low ?? edge.last).from, to: dialAt(observation, edge.last).to }];
  const leak = lastLeak === undefined ? [] : [{ name: 'lastLeak', ...lastLeak } as const];
  return [...old, { name: to === 'DROP' ? 'firstSilent' : 'firstOpen', ...showed }, ...leak];
}

/** The end of the connections that the verdict rests on, brought from the VM's clock to the worker's. */
function proofMark({ id }: Target, { connections }: Evidence, { clock }: Observation): Mark[] {
  const ends = connections
    .filter(({ target, stage }) => target === id && stage === 'proof')
    .map(({ startedAt, elapsedMs }) => ms(startedAt) + elapsedMs);
  if (ends.length === 0) return [];
  const end = Math.max(...ends);
  return [{ name: 'proofComplete', ...onWorkersClock(end, end, clock) }];
}

function told(phase: Phase, marks: readonly Mark[], leaks: readonly Interval[], seen: Seen): Transition {
  const { target, to, tookMs, censored, aftermath, leakBound } = seen;
  return {
    phase,
    target,
    to,
    marks: marks.toSorted((a, b) => ms(a.from) - ms(b.from) || ms(a.to) - ms(b.to)),
    tookMs,
    censored,
    leaks: leaks.length > listedLeaks ? [...leaks.slice(0, listedLeaks - 1), ...leaks.slice(-1)] : leaks,
    silentDials: aftermath.silent,
    leakBound,
    sentence: says.sentenceOf(seen),
  };
}
