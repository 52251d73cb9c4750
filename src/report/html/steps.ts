/** The steps of the run on its time line. */
import type { Report, StepOutcome, StepRecord, Timings } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { titleOf, tookOf } from '../words.ts';
import { round, section, type Tone } from './marks.ts';

const signs: Readonly<Record<StepOutcome, { readonly sign: string; readonly tone: Tone }>> = {
  pending: { sign: '·', tone: 'faint' },
  running: { sign: '…', tone: 'unsure' },
  waiting: { sign: '…', tone: 'unsure' },
  done: { sign: '✓', tone: 'good' },
  failed: { sign: '✗', tone: 'bad' },
  cancelled: { sign: '■', tone: 'unsure' },
  skipped: { sign: '–', tone: 'faint' },
};

export function steps({ steps, timings }: Report): Markup | undefined {
  if (steps.length === 0) return undefined;
  return section(
    'steps',
    'Steps',
    markup`<table><thead><tr><th scope="col">Step</th><th scope="col">Outcome</th><th scope="col">Took</th><th scope="col">When</th><th scope="col">Found</th></tr></thead>
<tbody>${steps.map((step) => row(step, timings))}</tbody></table>`,
  );
}

function row(step: StepRecord, timings: Timings): Markup {
  const { sign, tone } = signs[step.outcome];
  const tries = step.attempts > 1 ? ` at try ${step.attempts}` : '';
  return markup`<tr><td>${titleOf(step)}</td><td class="narrow ${tone}">${sign} ${step.outcome}${tries}</td><td class="narrow">${tookOf(step, nowOf(timings))}</td><td>${bar(step, timings)}</td><td>${step.detail}</td></tr>
`;
}

/** When the report was made: a step under way lasts until then. */
const nowOf = ({ startedAt, endedAt, totalMs }: Timings): string =>
  endedAt ?? new Date(Date.parse(startedAt) + totalMs).toISOString();

/** The whole width is the run's time. */
function bar({ startedAt, endedAt }: StepRecord, timings: Timings): Markup | undefined {
  if (startedAt === null) return undefined;
  const total = Math.max(1, timings.totalMs);
  const place = (at: string): number =>
    Math.min(1000, Math.max(0, ((Date.parse(at) - Date.parse(timings.startedAt)) / total) * 1000));
  const from = Math.min(996, place(startedAt));
  const length = Math.max(4, place(endedAt ?? nowOf(timings)) - from);
  return markup`<svg class="bar" viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="1000" height="12" /><rect class="run" x="${round(from)}" width="${round(length)}" height="12" /></svg>`;
}
