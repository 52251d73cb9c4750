/** Who else was asked, and whether they agree. */
import type { Finding, FindingResult, Report } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { findingWords, namePort, sortByWeight } from '../words.ts';
import { renderSection, renderTable, type Tone } from './marks.ts';

const signs: Readonly<Record<FindingResult, { readonly sign: string; readonly tone: Tone }>> = {
  CONFIRMED: { sign: '✓', tone: 'good' },
  CONTRADICTED: { sign: '✗', tone: 'bad' },
  UNKNOWN: { sign: '?', tone: 'unsure' },
};

export function renderFindings(report: Report): Markup | undefined {
  const { findings } = report;
  if (findings.length === 0) return undefined;
  const sources = [...Map.groupBy(findings, ({ about }) => about).values()];
  const legend =
    'The verdicts rest on what was seen from outside. These sources are independent of it, or ask another question. ' +
    'One that contradicts takes the PASS away; one that is missing is named.';
  return renderSection(
    'findings',
    'Who else was asked',
    markup`<p class="faint">${legend}</p>`,
    renderTable(
      ['Source', 'What it says'],
      sources.map((said) => renderSource(said, report)),
    ),
  );
}

/** A source says the same in several phases: the sentence stands once, with all of them. */
function renderSource(said: readonly Finding[], { vantages }: Report): Markup {
  const lines = [...Map.groupBy(sortByWeight(said), ({ result, sentence }) => `${result} ${sentence}`).values()];
  const where = (same: readonly Finding[]): string =>
    [...new Set(same.map(({ phase, vantage }) => namePort(phase, vantage, vantages)))].join(', ');
  return markup`<tr><td>${said[0]?.title}</td>
<td>${lines.flatMap((same) => same.slice(0, 1).map((one) => renderLine(one, where(same))))}</td></tr>
`;
}

function renderLine({ result, sentence }: Finding, where: string): Markup {
  const { sign, tone } = signs[result];
  const mark = markup`<span class="mark ${tone}">${sign} ${findingWords[result]}</span>`;
  return markup`<p class="said">${mark} ${sentence} <span class="faint">(${where})</span></p>`;
}
