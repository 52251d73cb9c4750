/** What the run changed, and what took each change back. */
import type { ChangeRecord, Report, StepRecord } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { formatTook } from '../words.ts';
import { renderSection, renderTable } from './marks.ts';

export function renderChanges({ changes, steps, outcome }: Report): Markup | undefined {
  if (changes.length === 0) return undefined;
  const missing = outcome === 'RUNNING' ? 'not yet' : 'not taken back by this run';
  const rows = changes.map((change) => {
    const made = steps.find(({ makes }) => makes === change.id);
    const undone = steps.find(({ undoes }) => undoes === change.id);
    return markup`<tr><td>${describeMade(change, made)}</td>
<td class="narrow">${made?.startedAt?.slice(11, 19)}</td>
<td>${renderUndone(undone, missing)}</td></tr>
`;
  });
  return renderSection(
    'changes',
    'What was changed, and taken back',
    renderTable(['Changed', 'At (UTC)', 'Taken back'], rows),
  );
}

function describeMade({ words }: ChangeRecord, made: StepRecord | undefined): string {
  if (made === undefined) return `${words} (not begun)`;
  return made.outcome === 'done' ? words : `${words} (${made.outcome})`;
}

function renderUndone(undone: StepRecord | undefined, missing: string): Markup {
  if (undone === undefined) return markup`<span class="unsure">– ${missing}</span>`;
  const took = undone.endedAt === null ? '' : ` (${formatTook(undone)})`;
  const sign =
    undone.outcome === 'done'
      ? markup`<span class="good">✓</span>`
      : markup`<span class="bad">✗ ${undone.outcome}</span>`;
  return markup`${sign} ${undone.detail}${took}`;
}
