/**
 * The whole watch around a change: the port on top, every other one below, so that one sees that the path was alive.
 */
import type { Observation } from '../../contract/observation.ts';
import type { Transition } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { formatDuration } from '../words.ts';
import { drawDots, type TimeScale, timeSlot } from './dials.ts';
import { pictureWidth, roundTenth, shorten } from './marks.ts';
import { drawChange, drawRings, drawTimeAxis, timePlace } from './time-axis.ts';

const rowHeight = 30;

export function renderWatch(transition: Transition, observation: Observation): Markup {
  const { slots, tracks } = observation;
  const { id } = transition.target;
  const scale = { fromMs: timeSlot(observation, 0), toMs: timeSlot(observation, slots), ...timePlace };
  const others = Object.keys(tracks).filter((one) => one !== id);
  const bottom = 6 + (others.length + 1) * rowHeight;
  const label = 'All dials of the observer, port by port';
  return markup`<svg viewBox="0 0 ${pictureWidth} ${bottom + 24}" role="img" aria-label="${label}">
${drawChange(transition, scale, bottom)}${drawTimeAxis(transition, scale, bottom)}
${renderPort(id, 'strong', observation, scale, 12)}${drawRings(transition, scale, 14, 5)}
${others.map((other, index) => renderPort(other, 'faint', observation, scale, 12 + (index + 1) * rowHeight))}</svg>
<figcaption>${describeWatch(observation)}</figcaption>`;
}

const renderPort = (id: string, tone: string, observation: Observation, scale: TimeScale, top: number): Markup =>
  markup`<text class="mono ${tone}" x="4" y="${top + 11}">${shorten(id, 34)}</text>
${drawDots(observation, id, scale, { top: top + 2, low: top + 14 })}
`;

function describeWatch({ cadenceMs, latenessMs, clock, slots, ended }: Observation): string {
  return [
    `The whole watch: every port dialled each ${cadenceMs} ms for ${formatDuration(slots * cadenceMs)},`,
    `at most ${Math.ceil(latenessMs)} ms late; the VM's clock is known to ${roundTenth(clock.uncertaintyMs)} ms.`,
    clock.movedMs === undefined
      ? ''
      : `It moved by ${formatDuration(Math.abs(clock.movedMs))} against the worker's meanwhile, which every time ` +
        'allows for.',
    ended === 'bound' ? 'The observer reached its own time limit before it was read.' : '',
  ].join(' ');
}
