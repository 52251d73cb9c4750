import type { Progress } from '../contract/messages.ts';
import { escapeMarkdown, limitText } from '../contract/printable.ts';
import type { StepOutcome } from '../contract/report.ts';
import type { Verdict } from '../contract/verdict.ts';

const signs: Record<StepOutcome, string> = {
  running: '▶',
  waiting: '⏳',
  done: '✔',
  failed: '✘',
  cancelled: '⊘',
  skipped: '–',
};

/**
 * Markdown for the Web UI's current details: what is waited for, the grid, the step table, the verdicts. Live counts
 * would cost events: they are in the pending activity's heartbeat.
 */
export function renderDetails(progress: Progress, verdicts: readonly Verdict[]): string {
  const steps = progress.steps.map(
    ({ outcome, name, subject, startedAt, endedAt, attempts, detail }) =>
      `| ${signs[outcome]} ${outcome} | ${escapeCell(name)} | ${escapeCell(subject)} | ` +
      `${describeSeconds(startedAt, endedAt)} | ` +
      `${attempts > 1 ? `${escapeCell(detail)} (${attempts} tries)` : escapeCell(detail)} |`,
  );
  const judged = verdicts.map(
    ({ phase, node, target, expected, observed, verdict, sentence }) =>
      `| ${verdict} | ${escapeCell(phase)} | ${escapeCell(`${node}:${target.port}`)} | ` +
      `${expected} | ${observed} | ${escapeCell(sentence)} |`,
  );
  return [
    `**Run ${escapeCell(progress.runId)}**: ${escapeCell(describeStage(progress))}`,
    ...renderGrid(progress),
    ['| state | step | about | took | detail |', '|---|---|---|---|---|', ...steps].join('\n'),
    ...(judged.length > 0
      ? [
          ['| verdict | phase | target | expected | observed | because |', '|---|---|---|---|---|---|', ...judged].join(
            '\n',
          ),
        ]
      : []),
  ].join('\n\n');
}

const describeStage = ({ stage, waitingFor }: Progress): string =>
  waitingFor === '' ? stage : `${stage}; waiting for ${waitingFor}`;

function renderGrid({ grid = [] }: Progress): string[] {
  if (grid.length === 0) return [];
  const rows = grid.map(
    ({ target, phase, expected, observed, verdict }) =>
      `| ${escapeCell(target)} | ${escapeCell(phase)} | ${expected} | ` +
      `${observed ?? '⏳ being probed'} | ${verdict ?? ''} |`,
  );
  return [['| port | phase | expected | observed | verdict |', '|---|---|---|---|---|', ...rows].join('\n')];
}

const escapeCell = (text: string): string => escapeMarkdown(limitText(text));

const describeSeconds = (startedAt: string | null, endedAt: string | null): string =>
  startedAt === null || endedAt === null
    ? ''
    : `${((Date.parse(endedAt) - Date.parse(startedAt)) / 1000).toFixed(1)} s`;
