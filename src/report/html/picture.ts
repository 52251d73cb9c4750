/** The topology as a picture: the probe VM, its VNet, the peering, the nodes with their ports, and what became of each path. */
import type { Phase } from '../../contract/evidence.ts';
import type { Report } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { phases, phaseTitles } from '../words.ts';
import { section, seen, short, toneOfSeen, verdictSigns } from './marks.ts';
import { type Row, rowsOf } from './rows.ts';

const width = 1000;
const portHeight = 44;
const left = { x: 10, width: 230 };
const right = { x: 520, width: 470 };
const vmEdge = left.x + left.width - 15;
const portEdge = right.x + 30;

/** The enforced phase, or the last one there is; and every phase in which something was not as it should be. */
export function pictures(report: Report): Markup | undefined {
  const present = phases.filter((phase) => report.verdicts.some((one) => one.phase === phase));
  const main = present.includes('enforced') ? 'enforced' : present.at(-1);
  const shown = present.filter(
    (phase) => phase === main || report.verdicts.some((one) => one.phase === phase && one.verdict !== 'PASS'),
  );
  if (shown.length === 0) return undefined;
  const legend = markup`<p class="faint">Line: <span class="good">green and solid</span>, the port answered; <span class="bad">red, dashed and cut</span>, it kept silent; <span class="unsure">another colour and dashed</span>, something else, with an arrow head if some connections came through. Sign at the port: <span class="good">✓</span> as it should be, <span class="bad">✗</span> not as it should be, <span class="unsure">?</span> could not be decided.</p>`;
  return section(
    'picture',
    'Who reached whom',
    legend,
    shown.map((phase) => figure(report, phase)),
  );
}

function figure(report: Report, phase: Phase): Markup {
  const rows = rowsOf(report, phase);
  const nodes = [...new Set(rows.map(({ node }) => node))].map((node) => rows.filter((row) => row.node === node));
  const heights = nodes.map((ports) => 40 + ports.length * portHeight);
  const tops = heights.map((_, index) => 50 + heights.slice(0, index).reduce((sum, height) => sum + height + 14, 0));
  const height = 60 + heights.reduce((sum, each) => sum + each + 14, 0);
  const middle = height / 2 + 10;
  return markup`<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${phaseTitles[phase]}. ${rows.map((row) => `${row.target.id} ${seen[row.observed]}`).join('; ')}">
${probeVm(report, height, middle)}
${clusterBox(report, height)}
${nodes.map((ports, index) => nodeBox(ports, tops[index] ?? 0, heights[index] ?? 0))}
${nodes.flatMap((ports, index) => ports.map((row, place) => path(row, middle, portTop(tops[index] ?? 0, place) + 17)))}
</svg><figcaption>${phaseTitles[phase]}.</figcaption></figure>
`;
}

const portTop = (nodeTop: number, place: number): number => nodeTop + 34 + place * portHeight;

function probeVm({ mission, steps }: Report, height: number, middle: number): Markup {
  const address = steps.find(({ name }) => name === 'createInterface')?.detail;
  return markup`<rect class="area" x="${left.x}" y="10" width="${left.width}" height="${height - 20}" rx="10" />
<text class="small" x="${left.x + 14}" y="32">VNet of this run ${mission?.vm.addressSpace ?? ''}</text>
<rect class="card" x="${left.x + 15}" y="${middle - 32}" width="${left.width - 30}" height="64" rx="8" />
<text class="strong" x="${left.x + 30}" y="${middle - 4}">probe VM</text>
<text class="mono" x="${left.x + 30}" y="${middle + 17}">${address ?? ''}</text>
<text class="small" x="${(left.x + left.width + right.x) / 2}" y="32" text-anchor="middle">VNet peering, both ways</text>
<line class="axis" x1="${left.x + left.width}" x2="${right.x}" y1="42" y2="42" stroke-width="6" />`;
}

function clusterBox({ cluster }: Report, height: number): Markup {
  return markup`<rect class="area" x="${right.x}" y="10" width="${right.width}" height="${height - 20}" rx="10" />
<text class="small" x="${right.x + 14}" y="32">VNet of the cluster ${cluster?.vnetId.split('/').at(-1) ?? ''}</text>`;
}

function nodeBox(ports: readonly Row[], top: number, height: number): Markup {
  const [first] = ports;
  return markup`<rect class="card" x="${right.x + 15}" y="${top}" width="${right.width - 30}" height="${height}" rx="8" />
<text class="mono strong" x="${right.x + 30}" y="${top + 22}">${short(first?.node ?? '', 38)}</text><text class="mono" x="${right.x + right.width - 30}" y="${top + 22}" text-anchor="end">${first?.target.address ?? ''}</text>
${ports.map((row, place) => portBox(row, portTop(top, place)))}`;
}

function portBox(row: Row, top: number): Markup {
  const { target, verdict } = row;
  const { sign, tone } = verdictSigns[verdict];
  const name = target.kind === 'nodePort' ? `NodePort ${target.port}` : `port ${target.port}, control`;
  const told = whatHappened(row);
  return markup`<g class="${tone}"><rect class="port" x="${portEdge}" y="${top}" width="${right.width - 60}" height="34" rx="6" stroke-width="2" />
<text class="strong ${tone}" x="${portEdge + 14}" y="${top + 22}">${sign}</text><text x="${portEdge + 34}" y="${top + 22}">${name}</text><text class="${tone}" x="${portEdge + right.width - 74}" y="${top + 22}" text-anchor="end">${told}</text></g>
`;
}

const through = ({ proof }: Row): number => proof.filter(({ outcome }) => outcome === 'OPEN').length;

function whatHappened(row: Row): string {
  const { expected, observed, verdict, proof } = row;
  const what = observed === 'MIXED' ? `${through(row)} of ${proof.length} answered` : seen[observed];
  if (verdict === 'PASS') return `${what}, as it should be`;
  if (verdict === 'INCONCLUSIVE') return `${what}; proves nothing`;
  return `${what}; should ${expected === 'OPEN' ? 'answer' : 'be silent'}`;
}

/** From the VM to a port. It arrives where any connection came through; only where every one did is it whole. */
function path(row: Row, from: number, to: number): Markup {
  const { observed } = row;
  const arrives = observed === 'OPEN' || through(row) > 0;
  const end = arrives ? portEdge - 3 : portEdge - 34;
  const bend = (left.x + left.width + right.x) / 2;
  const curve = `M${vmEdge} ${from}C${bend} ${from} ${bend - 30} ${to} ${end - 40} ${to}H${end}`;
  const tip = arrives
    ? `M${end - 9} ${to - 6}L${end} ${to}L${end - 9} ${to + 6}`
    : `M${end - 3} ${to - 8}l16 16m0-16l-16 16`;
  const dashes = observed === 'OPEN' ? undefined : markup`stroke-dasharray="9 6"`;
  return markup`<g class="${toneOfSeen[observed]}" fill="none" stroke="currentColor" stroke-width="3"><path d="${curve}" ${dashes} /><path d="${tip}" /></g>
`;
}
