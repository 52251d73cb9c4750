/**
 * What close-up and whole watch of a change share: its time axis, the moment that it counts from, and where it showed.
 */
import type { Moment, ObservedMoment } from '../../contract/change.ts';
import type { Interval } from '../../contract/observation.ts';
import type { Transition } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { formatDuration } from '../words.ts';
import { findMiddle, isWithin, placeAt, type TimeScale } from './dials.ts';
import { roundTenth } from './marks.ts';

export const timePlace = { left: 290, right: 985 } as const;

export const isObserved = ({ role, name }: Moment, ...names: readonly ObservedMoment[]): boolean =>
  role === 'observed' && names.some((one) => one === name);

/** From which times are counted, in milliseconds; undefined: it is not known when the change was asked for. */
export const findOrigin = ({ asked }: Transition): number | undefined =>
  asked === null ? undefined : Date.parse(asked.from);

/** The stretch in which the change showed, and the moment at which it was asked for. */
export function drawChange(transition: Transition, scale: TimeScale, bottom: number): Markup {
  const showed = transition.moments.find((one) => isObserved(one, 'firstSilent', 'firstOpen'));
  const origin = findOrigin(transition);
  const isVisible = origin !== undefined && isWithin(origin, scale);
  return markup`${showed && drawBand(showed, scale, bottom)}
${isVisible ? drawAsked(origin, scale, bottom) : undefined}`;
}

function drawBand({ from, to }: Interval, scale: TimeScale, bottom: number): Markup {
  const [x1, x2] = [placeAt(Date.parse(from), scale), placeAt(Date.parse(to), scale)];
  const width = roundTenth(Math.max(2, x2 - x1));
  return markup`<rect class="edge" x="${x1}" y="2" width="${width}" height="${bottom - 2}" />`;
}

function drawAsked(atMs: number, scale: TimeScale, bottom: number): Markup {
  const x = placeAt(atMs, scale);
  return markup`<line class="asked" x1="${x}" x2="${x}" y1="2" y2="${bottom}" stroke-width="1.5" />`;
}

/** A ring around each connection that got through after the first silence. */
export function drawRings({ leaks }: Transition, scale: TimeScale, y: number, radius: number): Markup[] {
  const stroke = markup`fill="none" stroke="currentColor" stroke-width="1.5"`;
  return leaks
    .map(findMiddle)
    .filter((atMs) => isWithin(atMs, scale))
    .map((atMs) => markup`<circle class="bad" cx="${placeAt(atMs, scale)}" cy="${y}" r="${radius}" ${stroke} />`);
}

const steps = [5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000];

export function drawTimeAxis(transition: Transition, scale: TimeScale, y: number): Markup {
  const origin = findOrigin(transition) ?? scale.fromMs;
  const spanMs = scale.toMs - scale.fromMs;
  const step = steps.find((each) => spanMs / each <= 7) ?? spanMs;
  const first = Math.ceil((scale.fromMs - origin) / step);
  const count = Math.max(0, Math.floor((scale.toMs - origin) / step) - first + 1);
  const ticks = Array.from({ length: count }, (_, index) => {
    const sinceMs = (first + index) * step;
    const x = placeAt(origin + sinceMs, scale);
    const label = sinceMs === 0 ? '0' : `${sinceMs < 0 ? '−' : ''}${formatDuration(Math.abs(sinceMs))}`;
    return markup`<line class="axis" x1="${x}" x2="${x}" y1="${y}" y2="${y + 5}" />
<text class="small" x="${x}" y="${y + 19}" text-anchor="middle">${label}</text>`;
  });
  return markup`<line class="axis" x1="${scale.left}" x2="${scale.right}" y1="${y}" y2="${y}" />${ticks}`;
}
