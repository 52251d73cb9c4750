/** What an observer's dials of one port say: which of them count, when it fell silent, when it answered again, what got through. Pure and free of Node. */
import type { Phase, Target } from '../contract/evidence.ts';
import type { Observation } from '../contract/observation.ts';
import { type Dial, dialsOf } from '../evidence/track.ts';

/** So many counted dials in a row are no accident: with one packet in twenty lost each way, 8 silent ones by chance are one in a hundred million. */
export const streak = 8;

/** A port's dials by slot. */
export interface Watch {
  readonly dials: readonly Dial[];
  /** Whether the slot says anything: the port was dialled, and every control answered in the same slot (W4). */
  readonly counted: readonly boolean[];
}

/** An edge by its slots. */
export interface Edge {
  /** The first dial that showed the new state. */
  readonly first: number;
  /** The last dial that showed the old one before it; null: there was none, it showed from the start. */
  readonly last: number | null;
  /** From, to: the slots between which the edge lies. Wider than `last` to `first` by the dials that may have been lost packets. */
  readonly within: readonly [number | null, number];
}

/** Ports that stay open while `changing` change: when the first node is denied already, only the ports that no policy names. */
export function steady(phase: Phase, changing: readonly Target[], all: readonly Target[]): readonly string[] {
  const moved = new Set(changing.map(({ id }) => id));
  return all
    .filter(({ id, kind }) => !moved.has(id) && (phase !== 'second' || kind === 'openPort'))
    .map(({ id }) => id);
}

/** Without controls nothing counts. */
export function watchOf({ tracks, slots }: Observation, target: string, controls: readonly string[]): Watch {
  const dials = dialsOf(tracks[target] ?? '', slots);
  const others = controls.map((id) => dialsOf(tracks[id] ?? '', slots));
  const said = (dial: Dial): boolean => dial !== '-' && dial !== 'f';
  return {
    dials,
    counted: dials.map((dial, slot) => others.length > 0 && said(dial) && others.every((other) => other[slot] === 'o')),
  };
}

/** The slots that count. */
export const countedIn = ({ counted }: Watch): number[] => counted.flatMap((counts, slot) => (counts ? [slot] : []));

/** Dials that count and were refused, from a slot on. Kernels limit how often they refuse by ICMP, so most dials of a port that refuses may look silent. */
export const refusalsIn = ({ dials, counted }: Watch, from: number): Dial[] =>
  dials.filter((dial, slot) => slot >= from && counted[slot] && (dial === 'r' || dial === 'i'));

/**
 * When it fell silent: the start of the first streak in which every dial that counts is silent, and none at all got through.
 * A silence that was over before slot `asked`, in which the change was asked for, is not this one, and one in which a dial is refused is none.
 */
export function silenceIn(watch: Watch, asked = 0): Edge | null {
  const openUntil = asked === 0 ? -1 : watch.dials.lastIndexOf('o', asked - 1);
  const run: number[] = [];
  for (const [slot, dial] of watch.dials.entries()) {
    if (dial === 'o' || (watch.counted[slot] && dial !== 'd')) run.length = 0;
    else if (watch.counted[slot]) run.push(slot);
    if (run.length < streak) continue;
    if (slot > openUntil) break;
    run.length = 0;
  }
  const [first] = run;
  if (first === undefined || run.length < streak || refusalsIn(watch, first).length > 0) return null;
  const before = watch.dials.lastIndexOf('o', first);
  const last = before === -1 ? null : before;
  const spare = lostInARow(
    countedIn(watch)
      .filter((slot) => slot < first)
      .map((slot) => watch.dials[slot] === 'd'),
  );
  return { first, last, within: [last, run[spare] ?? first] };
}

/** When it answered again: the first answer of a streak of dials that count, most of which were answered. A silent one among them may be a lost packet; an answer is an answer. `asked` as above. */
export function openingIn(watch: Watch, asked = 0): Edge | null {
  const slots = countedIn(watch);
  const isOpen = (slot: number): boolean => watch.dials[slot] === 'o';
  const shutUntil = slots.findLast((slot) => slot < asked && !isOpen(slot)) ?? -1;
  const start = slots.findIndex((slot, index) => {
    const next = slots.slice(index, index + streak);
    return slot > shutUntil && isOpen(slot) && next.length === streak && next.filter(isOpen).length > streak / 2;
  });
  const first = slots[start];
  if (first === undefined) return null;
  const shut = slots.slice(0, start);
  const last = shut.findLast((slot) => !isOpen(slot)) ?? null;
  const spare = lostInARow(slots.slice(start).map((slot) => watch.dials[slot] === 'd'));
  return { first, last, within: [last === null ? null : (shut.at(-1 - spare) ?? last), first] };
}

/** Dials at an edge that may have been lost packets (but for one case in a hundred), given which dials of the open port stayed silent. */
function lostInARow(silent: readonly boolean[]): number {
  const lost = silent.filter(Boolean).length;
  if (lost === 0) return 0;
  const share = (lost + 1) / (silent.length + 2);
  return Math.min(streak, Math.ceil(Math.log(0.01) / Math.log(share))) - 1;
}

/** What came after the first silence. */
export interface Aftermath {
  /** Slots that count in which a connection got through. */
  readonly leaks: readonly number[];
  /** Dials that count and stayed silent. */
  readonly silent: number;
  /** Connections that got through while a control did not answer: they are not counted as leaks, but forbid to state a bound. */
  readonly uncounted: number;
}

export function after(first: number, watch: Watch): Aftermath {
  const later = watch.dials
    .map((dial, slot) => ({ dial, slot, counts: watch.counted[slot] === true }))
    .slice(first + 1);
  return {
    leaks: later.filter(({ dial, counts }) => dial === 'o' && counts).map(({ slot }) => slot),
    silent: later.filter(({ dial, counts }) => dial === 'd' && counts).length,
    uncounted: later.filter(({ dial, counts }) => dial === 'o' && !counts).length,
  };
}

/** At most this share passes, at 95 % confidence, when none of `dials` did. */
export const leakBound = (dials: number): number => 1 - 0.05 ** (1 / dials);
