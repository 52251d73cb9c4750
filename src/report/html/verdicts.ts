/** Every verdict with its sentence, phase by phase. */
import type { Phase } from '../../contract/evidence.ts';
import type { Report } from '../../contract/report.ts';
import type { Verdict } from '../../contract/verdict.ts';
import { type Markup, markup } from '../markup.ts';
import { duration, phases, phaseTitles } from '../words.ts';
import { section, seen, verdictMark } from './marks.ts';

export function verdictTables(report: Report): Markup | undefined {
  return section(
    'verdicts',
    'Verdicts',
    phases.flatMap((phase) => table(report, phase) ?? []),
  );
}

function table({ verdicts, timings }: Report, phase: Phase): Markup | undefined {
  const rows = verdicts.filter((one) => one.phase === phase);
  if (rows.length === 0) return undefined;
  const convergence = timings.convergenceMs[phase];
  return markup`<h3>${phaseTitles[phase]}</h3>
${convergence === undefined ? undefined : markup`<p class="faint">Watched for ${duration(convergence)} before the connections that count were dialled.</p>`}
<table><thead><tr><th scope="col">Verdict</th><th scope="col">Port</th><th scope="col">Expected</th><th scope="col">Observed</th><th scope="col">Why</th></tr></thead>
<tbody>${rows.map(row)}</tbody></table>
`;
}

function row({ target, expected, observed, verdict, sentence }: Verdict): Markup {
  const kind = target.kind === 'nodePort' ? 'under test' : 'control';
  return markup`<tr><td class="narrow">${verdictMark(verdict)}</td><td class="port"><code>${target.id}</code> <span class="faint">${kind}</span></td><td class="narrow">${expected}<br /><span class="faint">${seen[expected]}</span></td><td class="narrow">${observed}<br /><span class="faint">${seen[observed]}</span></td><td>${sentence}</td></tr>
`;
}
