/** How long each change took to show: its moments as bars of uncertainty, and every dial of the observer as a dot. */
import { isMissing, type Observation } from '../../contract/observation.ts';
import type { Report, Transition } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { namePhase, namePort } from '../words.ts';
import { renderCloseUp } from './close-up.ts';
import { renderSection, type Tone } from './marks.ts';
import { renderWatch } from './whole-watch.ts';

export function renderWaterfalls(report: Report): Markup | undefined {
  const { transitions } = report;
  if (transitions.length === 0) return undefined;
  const legend = markup`<p class="faint">A bar reaches from the earliest to the latest moment at which a thing can have
happened: its width is what is not known (a request's way there and back, the time between two dials, the clocks'
difference). A dot is a new connection: <span class="good">● up, it was answered</span>;
<span class="bad">■ down, it was not answered</span>; other colours, it was refused or could not be tried;
<span class="bad">◯ a ring</span>, it got through after the first silence.
Times are counted from the moment at which the change was asked for.</p>`;
  return renderSection(
    'transitions',
    'How long each change took to show',
    legend,
    transitions.map((each) => renderFigure(each, report)),
  );
}

function renderFigure(transition: Transition, report: Report): Markup {
  const { phase, vantage, target, to, moments, sentence } = transition;
  const observation = findObservation(transition, report);
  const change = to === 'DROP' ? 'open to silent' : 'silent to open';
  return markup`<figure><h3>${namePort(target.id, vantage, report.vantages)}, ${change}
<span class="faint">(${namePhase(report, phase)})</span></h3>
<p class="${chooseTone(transition)}"><strong class="ink">${sentence}</strong></p>
${moments.length > 0 ? renderCloseUp(transition, observation) : undefined}
${observation && renderWatch(transition, observation)}</figure>
`;
}

function findObservation({ phase, vantage }: Transition, { evidence }: Report): Observation | undefined {
  const found = evidence.find((one) => one.phase === phase && one.vantage === vantage)?.observation;
  return found === undefined || isMissing(found) ? undefined : found;
}

function chooseTone({ censored, leaks }: Transition): Tone {
  if (leaks.length > 0) return 'bad';
  return censored === 'no' ? 'good' : 'unsure';
}
