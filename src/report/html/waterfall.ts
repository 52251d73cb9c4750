/** How long each change took to show: its marks as bars of uncertainty, and every dial of the observer as a dot, on one time line. */
import { isMissing, type Observation } from '../../contract/observation.ts';
import type { Mark, Report, Transition } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { duration, markTitles, phaseTitles } from '../words.ts';
import { dots, placeOf, type Scale, slotAt } from './dials.ts';
import { round, section, short, type Tone } from './marks.ts';

const width = 1000;
const place = { left: 290, right: 985 } as const;
const rowHeight = 26;
const ms = (at: string): number => Date.parse(at);

export function waterfalls(report: Report): Markup | undefined {
  const { transitions } = report;
  if (transitions.length === 0) return undefined;
  const legend = markup`<p class="faint">A bar reaches from the earliest to the latest moment at which a thing can have happened: its width is what is not known (a request’s way there and back, the time between two dials, the clocks’ difference). A dot is a new connection: <span class="good">● up, it was answered</span>; <span class="bad">■ down, it stayed silent</span>; other colours, it was refused or could not be tried; <span class="bad">◯ a ring</span>, it got through after the first silence. Times are counted from the moment at which the change was asked for.</p>`;
  return section(
    'transitions',
    'How long each change took to show',
    legend,
    transitions.map((each) => figure(each, report)),
  );
}

function figure(transition: Transition, { evidence }: Report): Markup {
  const { phase, target, sentence } = transition;
  const seen = evidence.find((one) => one.phase === phase)?.observation;
  const observation = seen === undefined || isMissing(seen) ? undefined : seen;
  return markup`<figure><h3>${target.id}, ${transition.to === 'DROP' ? 'open to silent' : 'silent to open'} <span class="faint">(${phaseTitles[phase]})</span></h3>
<p class="${toneOf(transition)}"><strong class="ink">${sentence}</strong></p>
${transition.marks.length > 0 ? closeUp(transition, observation) : undefined}${observation && whole(transition, observation)}</figure>
`;
}

const toneOf = ({ censored, leaks }: Transition): Tone =>
  leaks.length > 0 ? 'bad' : censored === 'no' ? 'good' : 'unsure';

/** What the change was asked for by, as checks/transitions.ts chooses it: the last thing a deny needs, the first that opens. */
function originOf({ to, marks }: Transition): number | undefined {
  const asks = marks.filter(({ name }) =>
    (to === 'DROP' ? ['labelWritten', 'policyAccepted'] : ['policyDeleted', 'labelRestored']).includes(name),
  );
  const times = asks.map(({ from }) => ms(from));
  return times.length === 0 ? undefined : to === 'DROP' ? Math.max(...times) : Math.min(...times);
}

const edgeOf = ({ marks }: Transition): Mark | undefined =>
  marks.find(({ name }) => name === 'firstSilent' || name === 'firstOpen');

/** All marks but those that may come seconds later; with some dials before and after. */
function closeUpScale({ marks }: Transition, observation: Observation | undefined): Scale {
  const soon = marks.filter(({ name }) => name !== 'proofComplete' && name !== 'lastLeak');
  const near = soon.length > 0 ? soon : marks;
  const [from, to] = [Math.min(...near.map((mark) => ms(mark.from))), Math.max(...near.map((mark) => ms(mark.to)))];
  const margin = Math.max((to - from) * 0.14, 10 * (observation?.cadenceMs ?? 10));
  return { fromMs: from - margin * 0.6, toMs: to + margin, ...place };
}

function closeUp(transition: Transition, observation: Observation | undefined): Markup {
  const { marks, target, to } = transition;
  const scale = closeUpScale(transition, observation);
  const origin = originOf(transition);
  const never = unseen(transition, observation);
  const rows = 10 + (marks.length + never.length) * rowHeight;
  const bottom = observation === undefined ? rows : rows + 74;
  const edge = edgeOf(transition);
  const lines = marks.map((mark, index) => markRow(mark, 10 + index * rowHeight, scale, origin));
  const gaps = never.map(
    ([name, why], index) =>
      markup`<text x="4" y="${10 + (marks.length + index + 0.5) * rowHeight + 4}">${markTitles[name]}</text><text class="unsure" x="${place.left + 6}" y="${10 + (marks.length + index + 0.5) * rowHeight + 4}">${why}</text>`,
  );
  const strip = observation && [
    markup`<text class="small" x="4" y="${rows + 32}">each dial of this port</text><text class="small" x="${place.left - 8}" y="${rows + 22}" text-anchor="end">answered</text><text class="small" x="${place.left - 8}" y="${rows + 54}" text-anchor="end">silent</text>`,
    ...unwatched(observation, scale, rows + 8, 54),
    ...dots(observation, target.id, scale, { top: rows + 18, low: rows + 50 }),
    ...rings(transition, scale, rows + 18, 7),
  ];
  return markup`<svg viewBox="0 0 ${width} ${bottom + 24}" role="img" aria-label="Time line of the change of ${target.id} to ${to === 'DROP' ? 'silence' : 'answers'}; the sentence above says the same">
${edge && band(edge, scale, bottom)}${origin === undefined ? undefined : lineAt(origin, scale, bottom)}${ticks(scale, bottom, origin ?? scale.fromMs)}
${lines}${gaps}${strip}</svg>
`;
}

/** The edges that were not seen, and why: so that an empty line is not taken for nothing to tell. */
function unseen(
  { to, censored }: Transition,
  observation: Observation | undefined,
): readonly (readonly [Mark['name'], string])[] {
  const [before, after] =
    to === 'DROP' ? (['lastOpen', 'firstSilent'] as const) : (['lastSilent', 'firstOpen'] as const);
  if (censored === 'left') return [[before, 'not seen: the change showed before the observer looked']];
  if (censored === 'right') return [[after, 'not seen: the change did not show while it was watched']];
  return censored === 'unobserved'
    ? [[after, observation === undefined ? 'not seen: nobody watched' : 'not seen: nothing that counts']]
    : [];
}

/** A ring around each connection that got through after the first silence. */
function rings({ leaks }: Transition, scale: Scale, y: number, radius: number): Markup[] {
  const middle = ({ from, to }: Transition['leaks'][number]): number => (ms(from) + ms(to)) / 2;
  return leaks
    .filter((leak) => middle(leak) >= scale.fromMs && middle(leak) <= scale.toMs)
    .map(
      (leak) =>
        markup`<circle class="bad" cx="${placeOf(middle(leak), scale)}" cy="${y}" r="${radius}" fill="none" stroke="currentColor" stroke-width="1.5" />`,
    );
}

/** The stretch in which the change showed. */
const band = ({ from, to }: Mark, scale: Scale, bottom: number): Markup => {
  const [x1, x2] = [placeOf(ms(from), scale), placeOf(ms(to), scale)];
  return markup`<rect class="edge" x="${x1}" y="2" width="${round(Math.max(2, x2 - x1))}" height="${bottom - 2}" />`;
};
const lineAt = (atMs: number, scale: Scale, bottom: number): Markup =>
  markup`<line class="asked" x1="${placeOf(atMs, scale)}" x2="${placeOf(atMs, scale)}" y1="2" y2="${bottom}" stroke-width="1.5" />`;

const tones: Readonly<Partial<Record<Mark['name'], Tone>>> = {
  lastOpen: 'good',
  firstOpen: 'good',
  firstSilent: 'bad',
  lastSilent: 'bad',
  lastLeak: 'unsure',
};

function markRow({ name, from, to }: Mark, top: number, scale: Scale, origin: number | undefined): Markup {
  const y = top + rowHeight / 2;
  const title = markup`<text x="4" y="${y + 4}">${markTitles[name]}</text>`;
  const when = origin === undefined ? `${from.slice(11, 23)}` : since(ms(from) - origin, ms(to) - origin);
  if (ms(from) > scale.toMs)
    return markup`${title}<text class="small" x="${place.right}" y="${y + 4}" text-anchor="end">${when} →</text>`;
  const [x1, x2] = [placeOf(ms(from), scale), placeOf(ms(to), scale)];
  const right = x2 < place.right - 150;
  return markup`${title}<g class="${tones[name] ?? 'bar'}" stroke="currentColor"><rect x="${x1}" y="${y - 5}" width="${round(Math.max(3, x2 - x1))}" height="10" fill="currentColor" fill-opacity="0.35" stroke="none" /><path d="M${x1} ${y - 8}v16M${round(Math.max(x1 + 3, x2))} ${y - 8}v16" stroke-width="2" /></g><text class="small" x="${right ? round(x2 + 9) : round(x1 - 8)}" y="${y + 4}"${right ? undefined : markup` text-anchor="end"`}>${when}</text>
`;
}

/** `+49 to +78 ms`, `-200 to -180 ms`, `+3.9 s`. */
function since(from: number, to: number): string {
  const sign = (value: number): string => (value < 0 ? '−' : '+');
  if (Math.abs(from) >= 1000) return `${sign(from)}${duration(Math.abs(from))}`;
  return `${sign(from)}${Math.round(Math.abs(from))} to ${sign(to)}${Math.round(Math.abs(to))} ms`;
}

/** Where the observer did not look. */
function unwatched(observation: Observation, scale: Scale, y: number, height: number): Markup[] {
  const [from, to] = [slotAt(observation, 0), slotAt(observation, observation.slots)];
  const parts = [
    { from: scale.fromMs, to: Math.min(from, scale.toMs), says: 'not watched yet' },
    { from: Math.max(to, scale.fromMs), to: scale.toMs, says: 'not watched any more' },
  ];
  return parts
    .filter((part) => part.to > part.from)
    .map((part) => {
      const [x1, x2] = [placeOf(part.from, scale), placeOf(part.to, scale)];
      const label =
        x2 - x1 > 110
          ? markup`<text class="small" x="${x1 + 6}" y="${y + height / 2 + 4}">${part.says}</text>`
          : undefined;
      return markup`<rect class="unwatched" x="${x1}" y="${y}" width="${round(x2 - x1)}" height="${height}" />${label}`;
    });
}

/** The whole watch: the port on top, its controls below, so that one sees that the path was alive. */
function whole(transition: Transition, observation: Observation): Markup {
  const { target } = transition;
  const end = slotAt(observation, observation.slots);
  const scale: Scale = { fromMs: slotAt(observation, 0), toMs: end, ...place };
  const ids = [target.id, ...Object.keys(observation.tracks).filter((id) => id !== target.id)];
  const edge = edgeOf(transition);
  const origin = originOf(transition);
  const bottom = 6 + ids.length * 30;
  const strips = ids.map((id, index) => {
    const top = 12 + index * 30;
    return markup`<text class="mono ${index === 0 ? 'strong' : 'faint'}" x="4" y="${top + 11}">${short(id, 34)}</text>${dots(observation, id, scale, { top: top + 2, low: top + 14 })}${index === 0 ? rings(transition, scale, top + 2, 5) : undefined}
`;
  });
  const { cadenceMs, latenessMs, clock, slots } = observation;
  return markup`<svg viewBox="0 0 ${width} ${bottom + 24}" role="img" aria-label="All dials of the observer, port by port">
${edge && band(edge, scale, bottom)}${origin !== undefined && origin >= scale.fromMs && origin <= end ? lineAt(origin, scale, bottom) : undefined}${ticks(scale, bottom, origin ?? scale.fromMs)}
${strips}</svg>
<figcaption>The whole watch: every port dialled each ${cadenceMs} ms for ${duration(slots * cadenceMs)}, at most ${Math.ceil(latenessMs)} ms late; the VM’s clock is known to ${round(clock.uncertaintyMs)} ms. ${observation.ended === 'bound' ? 'The observer reached its own time limit before it was read.' : ''}</figcaption>`;
}

function ticks(scale: Scale, y: number, origin: number): Markup {
  const span = scale.toMs - scale.fromMs;
  const step =
    [5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000].find(
      (each) => span / each <= 7,
    ) ?? span;
  const first = Math.ceil((scale.fromMs - origin) / step);
  const count = Math.max(0, Math.floor((scale.toMs - origin) / step) - first + 1);
  const marks = Array.from({ length: count }, (_, index) => (first + index) * step);
  return markup`<line class="axis" x1="${scale.left}" x2="${scale.right}" y1="${y}" y2="${y}" />${marks.map((at) => {
    const x = placeOf(origin + at, scale);
    const says = at === 0 ? '0' : `${at < 0 ? '−' : ''}${duration(Math.abs(at))}`;
    return markup`<line class="axis" x1="${x}" x2="${x}" y1="${y}" y2="${y + 5}" /><text class="small" x="${x}" y="${y + 19}" text-anchor="middle">${says}</text>`;
  })}`;
}
