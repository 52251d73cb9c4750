/** An observer's dials as dots on a time line: a dot up is a connection that was answered, a dot down one that stayed silent. */
import type { Observation } from '../../contract/observation.ts';
import { type Dial, dialsOf } from '../../evidence/track.ts';
import { type Markup, markup } from '../markup.ts';
import { round, type Tone } from './marks.ts';

/** A stretch of the worker's clock, in milliseconds, and where it lies in a picture. */
export interface Scale {
  readonly fromMs: number;
  readonly toMs: number;
  readonly left: number;
  readonly right: number;
}

export const placeOf = (atMs: number, { fromMs, toMs, left, right }: Scale): number =>
  round(left + ((atMs - fromMs) / Math.max(1, toMs - fromMs)) * (right - left));

/** When a slot began on the worker's clock, leaving uncertainty aside. */
export const slotAt = ({ startedAt, cadenceMs, clock }: Observation, slot: number): number =>
  Date.parse(startedAt) + slot * cadenceMs - clock.offsetMs;

const kinds: Readonly<
  Record<Exclude<Dial, '-'>, { readonly tone: Tone; readonly low: boolean; readonly cap: 'round' | 'square' }>
> = {
  o: { tone: 'good', low: false, cap: 'round' },
  d: { tone: 'bad', low: true, cap: 'square' },
  r: { tone: 'unsure', low: true, cap: 'round' },
  i: { tone: 'other', low: true, cap: 'round' },
  f: { tone: 'faint', low: true, cap: 'square' },
};

/** The dots of one port between two levels, `top` and `low`. A path for each kind of outcome, for there are thousands. */
export function dots(
  observation: Observation,
  target: string,
  scale: Scale,
  { top, low }: { readonly top: number; readonly low: number },
): Markup[] {
  const dials = dialsOf(observation.tracks[target] ?? '', observation.slots);
  const gap = placeOf(scale.fromMs + observation.cadenceMs, scale) - scale.left;
  const size = round(Math.min(7, Math.max(1.6, gap * 0.75)));
  return Object.entries(kinds).flatMap(([letter, { tone, low: isLow, cap }]) => {
    const places = dials.flatMap((dial, slot) => {
      const at = slotAt(observation, slot);
      return dial === letter && at >= scale.fromMs && at <= scale.toMs ? [placeOf(at, scale)] : [];
    });
    if (places.length === 0) return [];
    const y = isLow ? low : top;
    return [
      markup`<path class="${tone}" d="${places.map((x) => `M${x} ${y}h0`).join('')}" fill="none" stroke="currentColor" stroke-width="${size}" stroke-linecap="${cap}" />`,
    ];
  });
}
