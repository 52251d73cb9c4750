/**
 * A change from just before it was asked for to just after it showed: a row for each moment, below them the dials of
 * the port.
 */
import type { Moment, ObservedMoment } from '../../contract/change.ts';
import type { Expected } from '../../contract/evidence.ts';
import type { Observation } from '../../contract/observation.ts';
import type { Transition } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { formatDuration } from '../words.ts';
import { drawDots, placeAt, type TimeScale, timeSlot } from './dials.ts';
import { pictureWidth, roundTenth, type Tone } from './marks.ts';
import { drawChange, drawRings, drawTimeAxis, findOrigin, isObserved, timePlace } from './time-axis.ts';

const rowHeight = 26;
const stripHeight = 74;
const placeRow = (index: number): number => 10 + index * rowHeight;

export function renderCloseUp(transition: Transition, observation: Observation | undefined): Markup {
  const { moments, target, to } = transition;
  const scale = chooseScale(transition, observation);
  const origin = findOrigin(transition);
  const unseen = explainUnseen(transition, observation);
  const rows = [
    ...moments.map((moment, index) => renderMoment(moment, placeRow(index), scale, origin)),
    ...unseen.map((one, index) => renderUnseen(one, placeRow(moments.length + index))),
  ];
  const end = placeRow(rows.length);
  const bottom = observation === undefined ? end : end + stripHeight;
  const change = `Time line of the change of ${target.id} to ${to === 'DROP' ? 'silence' : 'answers'}`;
  const label = `${change}; the sentence above says the same`;
  return markup`<svg viewBox="0 0 ${pictureWidth} ${bottom + 24}" role="img" aria-label="${label}">
${drawChange(transition, scale, bottom)}${drawTimeAxis(transition, scale, bottom)}
${rows}${observation && renderStrip(transition, observation, scale, end)}</svg>
`;
}

/** All moments but those that may come seconds later; with some dials before and after. */
function chooseScale({ moments }: Transition, observation: Observation | undefined): TimeScale {
  const soon = moments.filter((one) => !isObserved(one, 'proofComplete', 'lastLeak'));
  const near = soon.length > 0 ? soon : moments;
  const fromMs = Math.min(...near.map(({ from }) => Date.parse(from)));
  const toMs = Math.max(...near.map(({ to }) => Date.parse(to)));
  const margin = Math.max((toMs - fromMs) * 0.14, 10 * (observation?.cadenceMs ?? 10));
  return { fromMs: fromMs - margin * 0.6, toMs: toMs + margin, ...timePlace };
}

interface Unseen {
  readonly title: string;
  readonly why: string;
}

const edges: Readonly<Record<Expected, { readonly before: string; readonly after: string }>> = {
  DROP: { before: 'last answer before silence', after: 'first silent connection' },
  OPEN: { before: 'last silence before answers', after: 'first answer' },
};

/** The edges that were not seen, and why: so that an empty line is not taken for nothing to report. */
function explainUnseen({ to, censored }: Transition, observation: Observation | undefined): readonly Unseen[] {
  const { before, after } = edges[to];
  switch (censored) {
    case 'no':
      return [];
    case 'left':
      return [{ title: before, why: 'not seen: the change showed before the observer looked' }];
    case 'right':
      return [{ title: after, why: 'not seen: the change did not show while it was watched' }];
    case 'unobserved':
      return [{ title: after, why: `not seen: ${observation === undefined ? 'no observer ran' : 'no dial counts'}` }];
  }
}

function renderUnseen({ title, why }: Unseen, top: number): Markup {
  const y = top + rowHeight / 2 + 4;
  return markup`<text x="4" y="${y}">${title}</text>
<text class="unsure" x="${timePlace.left + 6}" y="${y}">${why}</text>`;
}

const tones: Readonly<Partial<Record<ObservedMoment, Tone>>> = {
  lastOpen: 'good',
  firstOpen: 'good',
  firstSilent: 'bad',
  lastSilent: 'bad',
  lastLeak: 'unsure',
};

const chooseTone = ({ role, name }: Moment): string =>
  (role === 'observed' ? (tones as Readonly<Record<string, Tone>>)[name] : undefined) ?? 'bar';

function renderMoment(moment: Moment, top: number, scale: TimeScale, origin: number | undefined): Markup {
  const y = top + rowHeight / 2;
  const title = markup`<text x="4" y="${y + 4}">${moment.title}</text>`;
  const when = formatWhen(moment, origin);
  const [fromMs, toMs] = [Date.parse(moment.from), Date.parse(moment.to)];
  if (fromMs > scale.toMs)
    return markup`${title}<text class="small" x="${scale.right}" y="${y + 4}" text-anchor="end">${when} →</text>`;
  const x1 = placeAt(fromMs, scale);
  const x2 = Math.max(x1 + 3, placeAt(toMs, scale));
  const label =
    x2 < scale.right - 150
      ? markup`<text class="small" x="${roundTenth(x2 + 9)}" y="${y + 4}">${when}</text>`
      : markup`<text class="small" x="${roundTenth(x1 - 8)}" y="${y + 4}" text-anchor="end">${when}</text>`;
  return markup`${title}<g class="${chooseTone(moment)}" stroke="currentColor">${drawBar(x1, x2, y)}</g>${label}
`;
}

/** A bar with a stroke at either end. */
function drawBar(x1: number, x2: number, y: number): Markup {
  const fill = markup`fill="currentColor" fill-opacity="0.35" stroke="none"`;
  const strokes = `M${x1} ${y - 8}v16M${roundTenth(x2)} ${y - 8}v16`;
  return markup`<rect x="${x1}" y="${y - 5}" width="${roundTenth(x2 - x1)}" height="10" ${fill} />
<path d="${strokes}" stroke-width="2" />`;
}

/** `+49 to +78 ms`, `-200 to -180 ms`, `+3.9 s`; the time of day where it is not known from when to count. */
function formatWhen({ from, to }: Moment, origin: number | undefined): string {
  if (origin === undefined) return from.slice(11, 23);
  const sign = (value: number): string => (value < 0 ? '−' : '+');
  const [fromMs, toMs] = [Date.parse(from) - origin, Date.parse(to) - origin];
  if (Math.abs(fromMs) >= 1000) return `${sign(fromMs)}${formatDuration(Math.abs(fromMs))}`;
  return `${sign(fromMs)}${Math.round(Math.abs(fromMs))} to ${sign(toMs)}${Math.round(Math.abs(toMs))} ms`;
}

/** The dials of the port that changes. */
function renderStrip(transition: Transition, observation: Observation, scale: TimeScale, top: number): Markup {
  const x = scale.left - 8;
  return markup`<text class="small" x="4" y="${top + 32}">each dial of this port</text>
<text class="small" x="${x}" y="${top + 22}" text-anchor="end">answered</text>
<text class="small" x="${x}" y="${top + 54}" text-anchor="end">silent</text>
${drawUnwatched(observation, scale, top + 8, 54)}
${drawDots(observation, transition.target.id, scale, { top: top + 18, low: top + 50 })}
${drawRings(transition, scale, top + 18, 7)}`;
}

/** Where the observer did not look. */
function drawUnwatched(observation: Observation, scale: TimeScale, y: number, height: number): Markup[] {
  const [fromMs, toMs] = [timeSlot(observation, 0), timeSlot(observation, observation.slots)];
  const parts = [
    { fromMs: scale.fromMs, toMs: Math.min(fromMs, scale.toMs), why: 'not watched yet' },
    { fromMs: Math.max(toMs, scale.fromMs), toMs: scale.toMs, why: 'not watched any more' },
  ];
  return parts
    .filter((part) => part.toMs > part.fromMs)
    .map((part) => {
      const [x1, x2] = [placeAt(part.fromMs, scale), placeAt(part.toMs, scale)];
      const label = markup`<text class="small" x="${x1 + 6}" y="${y + height / 2 + 4}">${part.why}</text>`;
      const size = markup`width="${roundTenth(x2 - x1)}" height="${height}"`;
      return markup`<rect class="unwatched" x="${x1}" y="${y}" ${size} />${x2 - x1 > 110 ? label : undefined}`;
    });
}
