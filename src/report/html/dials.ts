/**
 * An observer's dials as dots on a time line: a dot up is a connection that was answered, a dot down one that was not.
 */
import type { Interval, Observation } from '../../contract/observation.ts';
import { type Dial, locateDial, readTrack } from '../../evidence/track.ts';
import { type Markup, markup } from '../markup.ts';
import { roundTenth, type Tone } from './marks.ts';

/** A stretch of the worker's clock, in milliseconds, and where it lies in a picture. */
export interface TimeScale {
  readonly fromMs: number;
  readonly toMs: number;
  readonly left: number;
  readonly right: number;
}

export const placeAt = (atMs: number, { fromMs, toMs, left, right }: TimeScale): number =>
  roundTenth(left + ((atMs - fromMs) / Math.max(1, toMs - fromMs)) * (right - left));

export const isWithin = (atMs: number, { fromMs, toMs }: TimeScale): boolean => atMs >= fromMs && atMs <= toMs;

export const findMiddle = ({ from, to }: Interval): number => (Date.parse(from) + Date.parse(to)) / 2;

/** The middle of where a slot's dial can have begun. */
export const timeSlot = (observation: Observation, slot: number): number => findMiddle(locateDial(observation, slot));

/** How a dial is drawn: its colour, whether it lies low, and the shape of its dot. */
interface DotStyle {
  readonly tone: Tone;
  readonly isLow: boolean;
  readonly cap: 'round' | 'square';
}

const styles: Readonly<Record<Exclude<Dial, '-'>, DotStyle>> = {
  o: { tone: 'good', isLow: false, cap: 'round' },
  d: { tone: 'bad', isLow: true, cap: 'square' },
  r: { tone: 'unsure', isLow: true, cap: 'round' },
  i: { tone: 'other', isLow: true, cap: 'round' },
  f: { tone: 'faint', isLow: true, cap: 'square' },
};

/**
 * The dots of one port between two levels, `top` and `low`. A path for each kind of outcome, for there are thousands.
 */
export function drawDots(
  observation: Observation,
  target: string,
  scale: TimeScale,
  { top, low }: { readonly top: number; readonly low: number },
): Markup[] {
  const dials = readTrack(observation.tracks[target] ?? '', observation.slots)
    .map((dial, slot) => ({ dial, atMs: timeSlot(observation, slot) }))
    .filter(({ atMs }) => isWithin(atMs, scale));
  const gap = placeAt(scale.fromMs + observation.cadenceMs, scale) - scale.left;
  const size = roundTenth(Math.min(7, Math.max(1.6, gap * 0.75)));
  return Object.entries(styles).flatMap(([letter, { tone, isLow, cap }]) => {
    const places = dials.filter(({ dial }) => dial === letter).map(({ atMs }) => placeAt(atMs, scale));
    if (places.length === 0) return [];
    const path = places.map((x) => `M${x} ${isLow ? low : top}h0`).join('');
    const stroke = markup`fill="none" stroke="currentColor" stroke-width="${size}" stroke-linecap="${cap}"`;
    return [markup`<path class="${tone}" d="${path}" ${stroke} />`];
  });
}
