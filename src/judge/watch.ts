/**
 * What an observer's dials of one port show: which of them count, when it fell silent, when it answered again, what got
 * through.
 */
import type { Observation } from '../contract/observation.ts';
import { type Dial, readTrack } from '../evidence/track.ts';

/**
 * So many counted dials in a row are no accident: with one packet in twenty lost each way, 8 silent ones by chance are
 * one in a hundred million.
 */
export const streak = 8;

/** A port's dials by slot. */
export interface Watch {
  readonly dials: readonly Dial[];
  /** Whether the slot shows anything: the port was dialled, and every control answered in the same slot (W4). */
  readonly counted: readonly boolean[];
}

/** An edge by its slots. It lies after `before.earliest` and not after `latest`. */
export interface Edge {
  /** The first dial that showed the new state. */
  readonly first: number;
  /** `first`, or later by the dials that may have been lost packets. */
  readonly latest: number;
  /**
   * The last dial that showed the old state, and the earliest that may have been the last one; null: there was none.
   */
  readonly before: { readonly earliest: number; readonly last: number } | null;
}

/** Without controls nothing counts. */
export function readWatch({ tracks, slots }: Observation, target: string, controls: readonly string[]): Watch {
  const dials = readTrack(tracks[target] ?? '', slots);
  const others = controls.map((id) => readTrack(tracks[id] ?? '', slots));
  const isDialled = (dial: Dial): boolean => dial !== '-' && dial !== 'f';
  return {
    dials,
    counted: dials.map(
      (dial, slot) => others.length > 0 && isDialled(dial) && others.every((other) => other[slot] === 'o'),
    ),
  };
}

/** The slots that count. */
export const listCounted = ({ counted }: Watch): number[] => counted.flatMap((counts, slot) => (counts ? [slot] : []));

/**
 * Dials that count and were refused, from a slot on. Kernels limit how often they refuse by ICMP, so most dials of a
 * port that refuses may look silent.
 */
export const listRefusals = ({ dials, counted }: Watch, from: number): Dial[] =>
  dials.filter((dial, slot) => slot >= from && counted[slot] && (dial === 'r' || dial === 'i'));

/**
 * When it fell silent: the start of the first streak in which every dial that counts is silent, and none at all got
 * through. A silence that was over before slot `asked`, in which the change was asked for, is not this one. One in
 * which a dial is refused is none.
 */
export function findSilence(watch: Watch, asked: number): Edge | null {
  const over = watch.dials.slice(0, asked).lastIndexOf('o');
  const run = findSilentRun(watch, over + 1);
  const [first] = run;
  if (first === undefined || listRefusals(watch, first).length > 0) return null;
  const last = watch.dials.lastIndexOf('o', first);
  const spare = countLosable(
    listCounted(watch)
      .filter((slot) => slot < first)
      .map((slot) => watch.dials[slot] === 'd'),
  );
  return { first, latest: run[spare] ?? first, before: last === -1 ? null : { earliest: last, last } };
}

/** The slots of the first streak of silent dials from a slot on; empty: there is none. */
function findSilentRun({ dials, counted }: Watch, from: number): readonly number[] {
  let run: number[] = [];
  for (let slot = from; slot < dials.length && run.length < streak; slot += 1) {
    const dial = dials[slot];
    if (dial === 'o' || (counted[slot] && dial !== 'd')) run = [];
    else if (counted[slot]) run.push(slot);
  }
  return run.length < streak ? [] : run;
}

/**
 * When it answered again: the first answer of a streak of dials that count, most of which were answered. A silent one
 * among them may be a lost packet; an answer is an answer. `asked` as above.
 */
export function findOpening(watch: Watch, asked: number): Edge | null {
  const slots = listCounted(watch);
  const isOpen = (slot: number): boolean => watch.dials[slot] === 'o';
  const shutUntil = slots.findLast((slot) => slot < asked && !isOpen(slot)) ?? -1;
  const start = slots.findIndex((slot, index) => {
    const next = slots.slice(index, index + streak);
    return slot > shutUntil && isOpen(slot) && next.length === streak && next.filter(isOpen).length > streak / 2;
  });
  const first = slots[start];
  if (first === undefined) return null;
  const shut = slots.slice(0, start);
  const last = shut.findLast((slot) => !isOpen(slot));
  const spare = countLosable(slots.slice(start).map((slot) => watch.dials[slot] === 'd'));
  return {
    first,
    latest: first,
    before: last === undefined ? null : { earliest: shut.at(-1 - spare) ?? last, last },
  };
}

/**
 * Dials at an edge that may have been lost packets (but for one case in a hundred), given which dials of the open port
 * were silent.
 */
function countLosable(silent: readonly boolean[]): number {
  const lost = silent.filter(Boolean).length;
  if (lost === 0) return 0;
  const share = (lost + 1) / (silent.length + 2);
  return Math.min(streak, Math.ceil(Math.log(0.01) / Math.log(share))) - 1;
}

/** What came after the first silence. */
export interface Aftermath {
  /** Slots that count in which a connection got through. */
  readonly leaks: readonly number[];
  /** Dials that count and were silent. */
  readonly silent: number;
  /**
   * Connections that got through while a control did not answer: they are not counted as leaks, but forbid to state a
   * bound.
   */
  readonly uncounted: number;
}

export function readAftermath({ dials, counted }: Watch, first: number): Aftermath {
  const listLater = (letter: Dial, counts: boolean): number[] =>
    dials.flatMap((dial, slot) => (slot > first && dial === letter && counted[slot] === counts ? [slot] : []));
  return {
    leaks: listLater('o', true),
    silent: listLater('d', true).length,
    uncounted: listLater('o', false).length,
  };
}

/** At most this share passes, at 95 % confidence, when none of `dials` did. */
export const boundLeaks = (dials: number): number => 1 - 0.05 ** (1 / dials);
