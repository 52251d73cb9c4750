/** Every connection that a verdict rests on, as a line from its start to its outcome; one time axis for each phase. */
import type { Connection, Phase } from '../../contract/evidence.ts';
import type { Report } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { duration, many, phases, phaseTitles } from '../words.ts';
import { outcomeLegend, round, section, shape, short, toneOfSeen, verdictSigns } from './marks.ts';
import { type Row, rowsOf } from './rows.ts';

const width = 1000;
const axis = { from: 350, to: 975 };

export function timelines(report: Report): Markup | undefined {
  const figures = phases.flatMap((phase) => figure(phase, rowsOf(report, phase)) ?? []);
  if (figures.length === 0) return undefined;
  return section('connections', 'Every connection behind the verdicts', outcomeLegend(), figures);
}

/** On the VM's clock: `startMs` is that of the first connection. */
interface Scale {
  readonly startMs: number;
  readonly spanMs: number;
}

const endOf = ({ startedAt, elapsedMs }: Connection): number => Date.parse(startedAt) + elapsedMs;
const placeOf = (atMs: number, { startMs, spanMs }: Scale): number =>
  round(axis.from + ((atMs - startMs) / spanMs) * (axis.to - axis.from));

function figure(phase: Phase, rows: readonly Row[]): Markup | undefined {
  const all = rows.flatMap((row) => row.proof);
  if (all.length === 0) return undefined;
  const startMs = Math.min(...all.map(({ startedAt }) => Date.parse(startedAt)));
  const scale = { startMs, spanMs: Math.max(1, ...all.map((one) => endOf(one) - startMs)) };
  const heights = rows.map(({ proof }) => Math.max(2, proof.length) * laneOf(proof) + 18);
  const tops = heights.map((_, index) => 8 + heights.slice(0, index).reduce((sum, height) => sum + height, 0));
  const bottom = 8 + heights.reduce((sum, height) => sum + height, 0);
  return markup`<figure><figcaption>${phaseTitles[phase]}. ${many(all.length, 'connection')} within ${duration(scale.spanMs)}, the first at ${new Date(startMs).toISOString()} on the VM’s clock.</figcaption>
<svg viewBox="0 0 ${width} ${bottom + 24}" role="img" aria-label="${many(all.length, 'connection')} on a time line; the table below says the same">
${ticks(scale, bottom)}${rows.map((row, index) => lanes(row, tops[index] ?? 0, scale))}</svg>
${controls(rows)}${details(rows)}</figure>
`;
}

const laneOf = (proof: readonly Connection[]): number => (proof.length > 12 ? 6 : 13);

function lanes({ target, verdict, evidence: { syns }, proof }: Row, top: number, scale: Scale): Markup {
  const { sign, tone } = verdictSigns[verdict];
  const dots = proof.map((one, index) => {
    const y = top + 11 + index * laneOf(proof);
    const [x1, x2] = [placeOf(Date.parse(one.startedAt), scale), placeOf(endOf(one), scale)];
    return markup`<g class="${toneOfSeen[one.outcome]}"><line x1="${x1}" x2="${x2}" y1="${y}" y2="${y}" stroke="currentColor" stroke-width="2" />${shape(one.outcome, x2, y)}</g>`;
  });
  return markup`<text class="strong ${tone}" x="4" y="${top + 15}">${sign}</text><text class="mono" x="22" y="${top + 15}">${short(target.id, 42)}</text><text class="small" x="22" y="${top + 31}">${proof.length === 0 ? 'not dialled' : `${many(proof.length, 'connection')}, ${many(syns, 'SYN')}`}</text>
${dots}
`;
}

function ticks(scale: Scale, y: number): Markup {
  const step =
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000].find((each) => scale.spanMs / each <= 8) ??
    scale.spanMs;
  const marks = Array.from({ length: Math.floor(scale.spanMs / step) + 1 }, (_, index) => index * step);
  return markup`<line class="axis" x1="${axis.from}" x2="${axis.to}" y1="${y}" y2="${y}" />${marks.map((ms) => {
    const x = placeOf(scale.startMs + ms, scale);
    return markup`<line class="axis" x1="${x}" x2="${x}" y1="4" y2="${y + 4}" stroke-dasharray="2 4" /><text class="small" x="${x}" y="${y + 18}" text-anchor="middle">${ms === 0 ? '0' : duration(ms)}</text>`;
  })}`;
}

/** The controls were dialled around the proof; the report holds what they showed, not when. */
function controls(rows: readonly Row[]): Markup | undefined {
  const denied = rows.filter(({ evidence }) => evidence.controls.length > 0);
  if (denied.length === 0) return undefined;
  return markup`<ul>${denied.map(
    ({ target, evidence }) =>
      markup`<li>The silence of <code>${target.id}</code> counts only if these answered meanwhile: ${evidence.controls.map(
        ({ control, live, seen }, index) =>
          markup`${index > 0 ? '; ' : ''}<code>${control}</code> <span class="${live ? 'good' : 'bad'}">${live ? '✓ alive' : '✗ not alive'}</span> (${seen})`,
      )}.</li>`,
  )}</ul>`;
}

function details(rows: readonly Row[]): Markup {
  const cells = rows
    .flatMap(({ proof }) => proof)
    .map(
      (one) =>
        markup`<tr><td class="port"><code>${one.target}</code></td><td>${one.sourcePort}</td><td class="narrow">${one.startedAt.slice(11, 23)}</td><td class="narrow">${duration(one.elapsedMs)}</td><td>${one.syns}</td><td class="narrow ${toneOfSeen[one.outcome]}">${one.outcome}</td><td>${[one.errno, one.icmp && `ICMP type ${one.icmp.type} code ${one.icmp.code}`, one.response, one.fault].filter(Boolean).join(', ')}</td></tr>
`,
    );
  return markup`<details><summary>The same as a table</summary><table><thead><tr><th scope="col">Port</th><th scope="col">From port</th><th scope="col">Start</th><th scope="col">Took</th><th scope="col">SYNs</th><th scope="col">Outcome</th><th scope="col">Answer</th></tr></thead><tbody>${cells}</tbody></table></details>`;
}
