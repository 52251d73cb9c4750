/** Every verdict with its sentence, phase by phase. */
import type { Report } from '../../contract/report.ts';
import type { Verdict } from '../../contract/verdict.ts';
import { type Markup, markup } from '../markup.ts';
import { formatDuration } from '../words.ts';
import { markVerdict, renderSection, renderTable, seen } from './marks.ts';
import { listViews, type PhaseView } from './views.ts';

export const renderVerdicts = (report: Report): Markup | undefined =>
  renderSection(
    'verdicts',
    'Verdicts',
    listViews(report).map((view) => renderView(view, report)),
  );

function renderView({ phase, title, rows }: PhaseView, { timings }: Report): Markup {
  const convergence = timings.convergenceMs[phase.name];
  const watched =
    convergence === undefined
      ? undefined
      : `Watched for ${formatDuration(convergence)} before the connections that count were dialled.`;
  return markup`<h3>${title}</h3>
${watched && markup`<p class="faint">${watched}</p>`}
${renderTable(['Verdict', 'Port', 'Expected', 'Observed', 'Why'], rows.map(renderRow))}
`;
}

const renderRow = ({ target, expected, observed, verdict, sentence }: Verdict): Markup => markup`<tr>
<td class="narrow">${markVerdict(verdict)}</td>
<td class="port"><code>${target.id}</code> <span class="faint">${target.service ?? 'open port'}</span></td>
<td class="narrow">${renderOutcome(expected)}</td>
<td class="narrow">${renderOutcome(observed)}</td>
<td>${sentence}</td></tr>
`;

const renderOutcome = (outcome: Verdict['observed']): Markup =>
  markup`${outcome}<br /><span class="faint">${seen[outcome]}</span>`;
