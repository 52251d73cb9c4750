/** Every connection that a verdict rests on, as a line from its start to its outcome; one time axis for each phase. */
import type { Connection } from '../../contract/evidence.ts';
import type { Report } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { countThings, formatDuration } from '../words.ts';
import { placeAt, type TimeScale } from './dials.ts';
import {
  drawShape,
  pictureWidth,
  renderOutcomeLegend,
  renderSection,
  renderTable,
  shorten,
  toneOfSeen,
  verdictSigns,
} from './marks.ts';
import { listViews, type PhaseView, type ProvenVerdict } from './views.ts';

const place = { left: 350, right: 975 } as const;

export function renderTimelines(report: Report): Markup | undefined {
  const figures = listViews(report).flatMap((view) => renderFigure(view) ?? []);
  if (figures.length === 0) return undefined;
  return renderSection('connections', 'Every connection behind the verdicts', renderOutcomeLegend(), figures);
}

const timeStart = ({ startedAt }: Connection): number => Date.parse(startedAt);
const timeEnd = (one: Connection): number => timeStart(one) + one.elapsedMs;

/** On the VM's clock. */
function renderFigure({ title, rows }: PhaseView): Markup | undefined {
  const all = rows.flatMap(({ proof }) => proof);
  if (all.length === 0) return undefined;
  const fromMs = Math.min(...all.map(timeStart));
  const scale = { fromMs, toMs: Math.max(fromMs + 1, ...all.map(timeEnd)), ...place };
  const lanes = placeLanes(rows);
  const bottom = lanes.reduce((sum, { height }) => sum + height, 8);
  const count = countThings(all.length, 'connection');
  const within = formatDuration(scale.toMs - fromMs);
  const first = new Date(fromMs).toISOString();
  const label = `${count} on a time line; the table below says the same`;
  return markup`<figure>
<figcaption>${title}. ${count} within ${within}, the first at ${first} on the VM's clock.</figcaption>
<svg viewBox="0 0 ${pictureWidth} ${bottom + 24}" role="img" aria-label="${label}">
${drawTicks(scale, bottom)}${lanes.map(({ row, top }) => renderLane(row, top, scale))}</svg>
${renderControls(rows)}${renderDetails(all)}</figure>
`;
}

interface TimelineLane {
  readonly row: ProvenVerdict;
  readonly top: number;
  readonly height: number;
}

/** The ports below each other. */
function placeLanes(rows: readonly ProvenVerdict[]): readonly TimelineLane[] {
  const lanes: TimelineLane[] = [];
  let top = 8;
  for (const row of rows) {
    const height = Math.max(2, row.proof.length) * chooseLineHeight(row) + 18;
    lanes.push({ row, top, height });
    top += height;
  }
  return lanes;
}

const chooseLineHeight = ({ proof }: ProvenVerdict): number => (proof.length > 12 ? 6 : 13);

function renderLane(row: ProvenVerdict, top: number, scale: TimeScale): Markup {
  const { target, verdict, evidence, proof } = row;
  const { sign, tone } = verdictSigns[verdict];
  const counts = `${countThings(proof.length, 'connection')}, ${countThings(evidence.syns, 'SYN')}`;
  const lines = proof.map((one, index) => renderConnection(one, top + 11 + index * chooseLineHeight(row), scale));
  return markup`<text class="strong ${tone}" x="4" y="${top + 15}">${sign}</text>
<text class="mono" x="22" y="${top + 15}">${shorten(target.id, 42)}</text>
<text class="small" x="22" y="${top + 31}">${proof.length === 0 ? 'not dialled' : counts}</text>
${lines}
`;
}

function renderConnection(one: Connection, y: number, scale: TimeScale): Markup {
  const [x1, x2] = [placeAt(timeStart(one), scale), placeAt(timeEnd(one), scale)];
  const line = markup`<line x1="${x1}" x2="${x2}" y1="${y}" y2="${y}" stroke="currentColor" stroke-width="2" />`;
  return markup`<g class="${toneOfSeen[one.outcome]}">${line}${drawShape(one.outcome, x2, y)}</g>`;
}

const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

function drawTicks(scale: TimeScale, y: number): Markup {
  const spanMs = scale.toMs - scale.fromMs;
  const step = steps.find((each) => spanMs / each <= 8) ?? spanMs;
  const ticks = Array.from({ length: Math.floor(spanMs / step) + 1 }, (_, index) => {
    const x = placeAt(scale.fromMs + index * step, scale);
    const label = index === 0 ? '0' : formatDuration(index * step);
    return markup`<line class="axis" x1="${x}" x2="${x}" y1="4" y2="${y + 4}" stroke-dasharray="2 4" />
<text class="small" x="${x}" y="${y + 18}" text-anchor="middle">${label}</text>`;
  });
  return markup`<line class="axis" x1="${scale.left}" x2="${scale.right}" y1="${y}" y2="${y}" />${ticks}`;
}

/** The controls that were dialled around the proof. */
function renderControls(rows: readonly ProvenVerdict[]): Markup | undefined {
  const items = rows
    .filter(({ evidence }) => evidence.controls.length > 0)
    .map(({ target, evidence }) => {
      const controls = evidence.controls.map(({ control, live, seen }, index) => {
        const sign = live ? markup`<span class="good">✓ alive</span>` : markup`<span class="bad">✗ not alive</span>`;
        return markup`${index > 0 ? '; ' : ''}<code>${control}</code> ${sign} (${seen})`;
      });
      const silence = markup`The silence of <code>${target.id}</code>`;
      return markup`<li>${silence} counts only if these answered meanwhile: ${controls}.</li>`;
    });
  return items.length === 0 ? undefined : markup`<ul>${items}</ul>`;
}

const heads = ['Port', 'From port', 'Start', 'Took', 'SYNs', 'Outcome', 'Answer'];

const renderDetails = (all: readonly Connection[]): Markup =>
  markup`<details><summary>The same as a table</summary>${renderTable(heads, all.map(renderDetail))}</details>`;

function renderDetail(one: Connection): Markup {
  const icmp = one.icmp && `ICMP type ${one.icmp.type} code ${one.icmp.code}`;
  const answer = [one.errno, icmp, one.response, one.fault].filter(Boolean).join(', ');
  return markup`<tr><td class="port"><code>${one.target}</code></td><td>${one.sourcePort}</td>
<td class="narrow">${one.startedAt.slice(11, 23)}</td><td class="narrow">${formatDuration(one.elapsedMs)}</td>
<td>${one.syns}</td><td class="narrow ${toneOfSeen[one.outcome]}">${one.outcome}</td><td>${answer}</td></tr>
`;
}
