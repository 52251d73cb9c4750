/** The step table as lines of text. Pure: progress in, lines out. */

import type { LiveProof, Progress } from '../contract/messages.ts';
import { limitText, makeLine, mapTexts } from '../contract/printable.ts';
import type { StepOutcome, StepRecord } from '../contract/report.ts';
import type { Paint } from '../report/text.ts';
import { formatTook, nameStep } from '../report/words.ts';
import { formatGrid } from './grid-lines.ts';
import { formatSince } from './since.ts';

const signs: Readonly<Record<StepOutcome, string>> = {
  running: '▸',
  waiting: '…',
  done: '✔',
  failed: '✘',
  cancelled: '⊘',
  skipped: '–',
};

function paintStep(outcome: StepOutcome, text: string, paint: Paint): string {
  if (outcome === 'done') return paint.good(text);
  if (outcome === 'failed') return paint.bad(text);
  if (outcome === 'running' || outcome === 'waiting') return paint.unsure(text);
  return paint.faint(text);
}

interface Room {
  readonly paint: Paint;
  readonly columns: number;
  readonly rows: number;
}

/**
 * The whole table for a terminal: one line a step, the oldest ones folded when they do not fit into `rows`; below it
 * the grid, when both fit, and what is waited for.
 */
export function formatTable(told: Progress, now: string, { paint, columns, rows }: Room, proof?: LiveProof): string[] {
  const progress = mapTexts(told, makeLine);
  const { steps, stage, waitingFor } = progress;
  const titleWidth = Math.min(60, Math.max(0, ...steps.map((step) => nameStep(step).length)));
  const line = (step: StepRecord): string => {
    const tries = step.attempts > 1 ? `try ${step.attempts}; ` : '';
    const title = limitText(nameStep(step), 60).padEnd(titleWidth);
    const head = ` ${signs[step.outcome]} ${title} ${formatTook(step, now).padStart(12)}  `;
    return paintStep(step.outcome, head, paint) + cutLine(tries + step.detail, columns - head.length - 1);
  };
  const foot = waitingFor === '' ? stage : `${stage}: ${waitingFor}`;
  const grid = formatGrid(progress, proof, paint);
  const below = grid.length > 0 && rows - 5 - grid.length >= 3 ? ['', ...grid] : [];
  const fitting = Math.max(3, rows - 4 - below.length);
  const folded = Math.max(0, steps.length - fitting);
  const fold = folded === 0 ? [] : [paint.faint(` ${signs.done} ${folded} earlier steps`)];
  return [...fold, ...steps.slice(folded).map(line), ...below, paint.faint(cutLine(`   ${foot}`, columns - 1))];
}

/**
 * One line for each step that changed since the last time, for logs and pipes. A step that began or ended tells its own
 * time, whenever it is looked at; what changed in between, that of the look: `elapsedMs` since the run's start.
 */
export function formatStepChanges(before: Progress | undefined, after: Progress, elapsedMs: number): string[] {
  const startMs = Date.parse(after.steps[0]?.startedAt ?? '');
  const lines = mapTexts(after.steps, makeLine).flatMap((step, index) => {
    const old = before?.steps[index];
    const sameDetail = makeLine(old?.detail ?? '') === step.detail;
    if (old?.outcome === step.outcome && sameDetail && old.attempts === step.attempts) return [];
    const took = step.endedAt === null ? '' : ` in ${formatTook(step)}`;
    const tries = step.attempts > 1 ? ` (try ${step.attempts})` : '';
    const detail = step.detail && `: ${limitText(step.detail)}`;
    const at = step.endedAt ?? (old === undefined ? step.startedAt : null);
    const sinceMs = at === null ? elapsedMs : Math.max(0, Date.parse(at) - startMs);
    const what = `${step.outcome.padEnd(9)} ${nameStep(step)}${took}${tries}${detail}`;
    return [{ sinceMs, line: `${formatSince(sinceMs)} ${what}` }];
  });
  return lines.toSorted((a, b) => a.sinceMs - b.sinceMs).map(({ line }) => line);
}

/** One line of what goes on without a change. */
export function formatStill(told: Progress, elapsedMs: number): string {
  const { stage, waitingFor } = mapTexts(told, makeLine);
  return limitText(`${formatSince(elapsedMs)} still      ${waitingFor === '' ? stage : `${stage}: ${waitingFor}`}`);
}

const cutLine = (text: string, width: number): string => limitText(text, Math.max(1, width));
