/** The steps of the run on its time line. */
import type { Report, StepOutcome, StepRecord, Timings } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { formatTook, nameStep } from '../words.ts';
import { pictureWidth, renderSection, renderTable, roundTenth, type Tone } from './marks.ts';

const signs: Readonly<Record<StepOutcome, { readonly sign: string; readonly tone: Tone }>> = {
  running: { sign: '…', tone: 'unsure' },
  waiting: { sign: '…', tone: 'unsure' },
  done: { sign: '✓', tone: 'good' },
  failed: { sign: '✗', tone: 'bad' },
  cancelled: { sign: '■', tone: 'unsure' },
  skipped: { sign: '–', tone: 'faint' },
};

export function renderSteps({ steps, timings }: Report): Markup | undefined {
  if (steps.length === 0) return undefined;
  const rows = steps.map((step) => renderRow(step, timings));
  return renderSection('steps', 'Steps', renderTable(['Step', 'Outcome', 'Took', 'When', 'Found'], rows));
}

function renderRow(step: StepRecord, timings: Timings): Markup {
  const { sign, tone } = signs[step.outcome];
  const tries = step.attempts > 1 ? ` at try ${step.attempts}` : '';
  return markup`<tr><td>${nameStep(step)}</td>
<td class="narrow ${tone}">${sign} ${step.outcome}${tries}</td>
<td class="narrow">${formatTook(step, readEnd(timings))}</td>
<td>${drawBar(step, timings)}</td><td>${step.detail}</td></tr>
`;
}

/** When the report was made: a step under way lasts until then. */
const readEnd = ({ startedAt, endedAt, totalMs }: Timings): string =>
  endedAt ?? new Date(Date.parse(startedAt) + totalMs).toISOString();

/** The whole width is the run's time. */
function drawBar({ startedAt, endedAt }: StepRecord, timings: Timings): Markup | undefined {
  if (startedAt === null) return undefined;
  const totalMs = Math.max(1, timings.totalMs);
  const locate = (at: string): number => {
    const share = (Date.parse(at) - Date.parse(timings.startedAt)) / totalMs;
    return Math.min(1, Math.max(0, share)) * pictureWidth;
  };
  const from = Math.min(pictureWidth - 4, locate(startedAt));
  const length = Math.max(4, locate(endedAt ?? readEnd(timings)) - from);
  const bar = markup`<rect class="run" x="${roundTenth(from)}" width="${roundTenth(length)}" height="12" />`;
  return markup`<svg class="bar" viewBox="0 0 ${pictureWidth} 12" preserveAspectRatio="none" aria-hidden="true">
<rect class="track" width="${pictureWidth}" height="12" />${bar}</svg>`;
}
