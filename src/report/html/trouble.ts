/** What somebody has to act on: why the run failed, what it left behind, what it warns of. */
import type { Report } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';

export function renderTrouble(report: Report): Markup {
  return markup`${renderFailure(report)}${renderLeftovers(report)}${renderWarnings(report)}`;
}

function renderFailure({ failure }: Report): Markup | undefined {
  if (failure === null) return undefined;
  const { code, step, message, remedy, problems } = failure;
  const items = problems.map(
    (one) => markup`<li><code>${one.field || one.code}</code> ${one.message} ${one.remedy}</li>`,
  );
  const title = `Why the run failed: ${code}${step && ` in ${step}`}`;
  return markup`<section class="box bad" aria-labelledby="failure"><h2 id="failure">${title}</h2>
<div class="ink"><p>${message}</p>
${items.length === 0 ? undefined : markup`<ul>${items}</ul>`}
<p><strong>Remedy:</strong> ${remedy}</p></div></section>
`;
}

function renderLeftovers({ leftovers, outcome }: Report): Markup | undefined {
  if (leftovers.length === 0) return undefined;
  const when = outcome === 'RUNNING' ? 'So far' : 'The run could not take everything back';
  const title = `Left behind: ${leftovers.length}`;
  return markup`<section class="box bad" aria-labelledby="leftovers"><h2 id="leftovers">${title}</h2>
<div class="ink"><p>${when}. Each has the command that does it by hand.</p>
${leftovers.map(({ what, why, command }) => markup`<h3>${what}</h3><p>${why}</p><pre>${command}</pre>`)}</div></section>
`;
}

function renderWarnings({ warnings }: Report): Markup | undefined {
  if (warnings.length === 0) return undefined;
  return markup`<section class="box unsure" aria-labelledby="warnings"><h2 id="warnings">Warnings</h2>
<ul class="ink">${warnings.map((one) => markup`<li>${one}</li>`)}</ul></section>
`;
}
