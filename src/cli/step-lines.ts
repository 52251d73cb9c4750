/** The step table as lines of text. Pure: progress in, lines out. */
import type { LiveProof, Progress } from '../contract/messages.ts';
import type { StepOutcome, StepRecord } from '../contract/report.ts';
import type { Paint } from '../report/text.ts';
import { duration, titleOf, tookOf } from '../report/words.ts';
import { gridLines } from './grid-lines.ts';

const signs: Readonly<Record<StepOutcome, string>> = {
  pending: '·',
  running: '▸',
  waiting: '…',
  done: '✔',
  failed: '✘',
  cancelled: '⊘',
  skipped: '–',
};

function painted(outcome: StepOutcome, text: string, paint: Paint): string {
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

/** The whole table for a terminal: one line a step, the oldest ones folded when they do not fit into `rows`; below it the grid, when both fit, and what is waited for. */
export function tableLines(
  progress: Progress,
  now: string,
  { paint, columns, rows }: Room,
  proof?: LiveProof,
): string[] {
  const { steps, phase, waitingFor } = progress;
  const titleWidth = Math.max(0, ...steps.map((step) => titleOf(step).length));
  const line = (step: StepRecord): string => {
    const tries = step.attempts > 1 ? `try ${step.attempts}; ` : '';
    const head = ` ${signs[step.outcome]} ${titleOf(step).padEnd(titleWidth)} ${tookOf(step, now).padStart(12)}  `;
    return painted(step.outcome, head, paint) + cut(tries + step.detail, columns - head.length - 1);
  };
  const foot = waitingFor === '' ? phase : `${phase}: ${waitingFor}`;
  const grid = gridLines(progress, proof, paint);
  const below = grid.length > 0 && rows - 5 - grid.length >= 3 ? ['', ...grid] : [];
  const fitting = Math.max(3, rows - 4 - below.length);
  const folded = Math.max(0, steps.length - fitting);
  const fold = folded === 0 ? [] : [paint.faint(` ${signs.done} ${folded} earlier steps`)];
  return [...fold, ...steps.slice(folded).map(line), ...below, paint.faint(cut(`   ${foot}`, columns - 1))];
}

/** One line for each step that changed since the last time, for logs and pipes; `elapsedMs` is since the run's start. */
export function changeLines(before: Progress | undefined, after: Progress, elapsedMs: number): string[] {
  return after.steps.flatMap((step, index) => {
    const old = before?.steps[index];
    const sameWait = step.outcome !== 'waiting' || old?.detail === step.detail;
    if (old?.outcome === step.outcome && sameWait && old.attempts === step.attempts) return [];
    const took = step.endedAt === null ? '' : ` in ${tookOf(step)}`;
    const tries = step.attempts > 1 ? ` (try ${step.attempts})` : '';
    return [
      `${`+${duration(elapsedMs)}`.padEnd(14)} ${step.outcome.padEnd(9)} ${titleOf(step)}${took}${tries}${step.detail && `: ${step.detail.replaceAll('\n', ' ')}`}`,
    ];
  });
}

const cut = (text: string, width: number): string => {
  const flat = text.replaceAll('\n', ' ');
  return flat.length <= width ? flat : `${flat.slice(0, Math.max(0, width - 1))}…`;
};
