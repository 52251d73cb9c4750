/** The topology as a picture: the vantage, the way, the nodes with their ports, and what became of each path. */
import type { Report } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { renderSection, seen, shorten, toneOfSeen, verdictSigns, pictureWidth as width } from './marks.ts';
import { listViews, type PhaseView, type ProvenVerdict } from './views.ts';

const left = { x: 10, width: 230 };
const right = { x: 520, width: 470 };
const portHeight = 44;
const vantageEdge = left.x + left.width - 15;
const portEdge = right.x + 30;
const bend = (left.x + left.width + right.x) / 2;

/** How a kind of vantage is drawn. */
interface Surroundings {
  readonly area: string;
  readonly name: string;
  readonly way: string;
}

const outside: Surroundings = { area: 'Outside the cluster', name: 'vantage', way: '' };
const surroundings: Readonly<Record<string, Surroundings>> = {
  azureVm: { area: 'VNet of this run', name: 'probe VM', way: 'VNet peering, both ways' },
};

export function renderPictures(report: Report): Markup | undefined {
  const shown = chooseViews(listViews(report));
  if (shown.length === 0) return undefined;
  const legend = markup`<p class="faint">Line: <span class="good">green and solid</span>, the port answered;
<span class="bad">red, dashed and cut</span>, it did not answer; <span class="unsure">another colour and dashed</span>,
something else, with an arrow head if some connections came through.
Sign at the port: <span class="good">✓</span> as it should be, <span class="bad">✗</span> not as it should be,
<span class="unsure">?</span> could not be decided.</p>`;
  return renderSection(
    'picture',
    'Who reached whom',
    legend,
    shown.map((view) => renderFigure(report, view)),
  );
}

/**
 * Every phase in which a port is expected to be silent for the first time, on whichever node, or the last phase there
 * is; and every one in which something was not as it should be.
 */
function chooseViews(views: readonly PhaseView[]): readonly PhaseView[] {
  const silent = ({ vantage, rows }: PhaseView): string[] =>
    rows.filter(({ expected }) => expected === 'DROP').map(({ target }) => `${vantage} ${target.port}`);
  const first = views.filter((view, index) => {
    const before = new Set(views.slice(0, index).flatMap(silent));
    return silent(view).some((port) => !before.has(port));
  });
  const main = first.length > 0 ? first : views.slice(-1);
  return views.filter((view) => main.includes(view) || view.rows.some(({ verdict }) => verdict !== 'PASS'));
}

interface NodeBox {
  readonly top: number;
  readonly height: number;
  readonly ports: readonly ProvenVerdict[];
}

/** The nodes below each other. */
function placeNodes(rows: readonly ProvenVerdict[]): readonly NodeBox[] {
  const boxes: NodeBox[] = [];
  let top = 50;
  for (const ports of Map.groupBy(rows, ({ node }) => node).values()) {
    const height = 40 + ports.length * portHeight;
    boxes.push({ top, height, ports });
    top += height + 14;
  }
  return boxes;
}

const placePort = ({ top }: NodeBox, index: number): number => top + 34 + index * portHeight;

function renderFigure(report: Report, view: PhaseView): Markup {
  const nodes = placeNodes(view.rows);
  const last = nodes.at(-1);
  const height = last === undefined ? 60 : last.top + last.height + 24;
  const middle = height / 2 + 10;
  const ports = view.rows.map(({ target, observed }) => `${target.id} ${seen[observed]}`);
  const label = `${view.title}. ${ports.join('; ')}`;
  const paths = nodes.flatMap((node) =>
    node.ports.map((row, index) => renderPath(row, middle, placePort(node, index) + 17)),
  );
  return markup`<figure><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
${renderVantage(report, view, height, middle)}
${renderCluster(report, height)}
${nodes.map((node) => renderNode(node, view))}
${paths}
</svg><figcaption>${view.title}.</figcaption></figure>
`;
}

function renderVantage({ vantages }: Report, { vantage }: PhaseView, height: number, middle: number): Markup {
  const known = vantages.find(({ id }) => id === vantage);
  const { area, name, way } = surroundings[known?.kind ?? ''] ?? outside;
  const title = vantages.length > 1 || name === outside.name ? `${name} ${vantage}` : name;
  const x = left.x + 30;
  return markup`<rect class="area" x="${left.x}" y="10" width="${left.width}" height="${height - 20}" rx="10" />
<text class="small" x="${left.x + 14}" y="32">${area}</text>
<rect class="card" x="${left.x + 15}" y="${middle - 32}" width="${left.width - 30}" height="64" rx="8" />
<text class="strong" x="${x}" y="${middle - 4}">${shorten(title, 24)}</text>
<text class="mono" x="${x}" y="${middle + 17}">${known?.sourceAddress ?? ''}</text>
<text class="small" x="${bend}" y="32" text-anchor="middle">${way}</text>
<line class="axis" x1="${left.x + left.width}" x2="${right.x}" y1="42" y2="42" stroke-width="6" />`;
}

function renderCluster({ cluster }: Report, height: number): Markup {
  const name = cluster?.vnetId.split('/').at(-1) ?? '';
  return markup`<rect class="area" x="${right.x}" y="10" width="${right.width}" height="${height - 20}" rx="10" />
<text class="small" x="${right.x + 14}" y="32">VNet of the cluster ${name}</text>`;
}

function renderNode(node: NodeBox, view: PhaseView): Markup {
  const { top, height, ports } = node;
  const [first] = ports;
  const y = top + 22;
  const end = right.x + right.width - 30;
  const size = markup`width="${right.width - 30}" height="${height}"`;
  return markup`<rect class="card" x="${right.x + 15}" y="${top}" ${size} rx="8" />
<text class="mono strong" x="${right.x + 30}" y="${y}">${shorten(first?.node ?? '', 38)}</text>
<text class="mono" x="${end}" y="${y}" text-anchor="end">${first?.target.address ?? ''}</text>
${ports.map((row, index) => renderPort(row, placePort(node, index), view))}`;
}

function renderPort(row: ProvenVerdict, top: number, { phase }: PhaseView): Markup {
  const { target, verdict } = row;
  const { sign, tone } = verdictSigns[verdict];
  const isControl = phase.expectations.some(({ controls }) => controls.includes(target.id));
  const name = `${target.kind === 'nodePort' ? 'NodePort' : 'port'} ${target.port}${isControl ? ', control' : ''}`;
  const [y, end] = [top + 22, portEdge + right.width - 74];
  const box = markup`x="${portEdge}" y="${top}" width="${right.width - 60}" height="34" rx="6" stroke-width="2"`;
  return markup`<g class="${tone}"><rect class="port" ${box} />
<text class="strong ${tone}" x="${portEdge + 14}" y="${y}">${sign}</text>
<text x="${portEdge + 34}" y="${y}">${name}</text>
<text class="${tone}" x="${end}" y="${y}" text-anchor="end">${describePort(row)}</text></g>
`;
}

const countThrough = ({ proof }: ProvenVerdict): number => proof.filter(({ outcome }) => outcome === 'OPEN').length;

function describePort(row: ProvenVerdict): string {
  const { expected, observed, verdict, proof } = row;
  const what = observed === 'MIXED' ? `${countThrough(row)} of ${proof.length} answered` : seen[observed];
  if (verdict === 'PASS') return `${what}, as it should be`;
  if (verdict === 'INCONCLUSIVE') return `${what}; proves nothing`;
  return `${what}; should ${expected === 'OPEN' ? 'answer' : 'be silent'}`;
}

/** From the vantage to a port. It arrives where any connection came through; only where every one did is it whole. */
function renderPath(row: ProvenVerdict, from: number, to: number): Markup {
  const { observed } = row;
  const isArriving = observed === 'OPEN' || countThrough(row) > 0;
  const end = isArriving ? portEdge - 3 : portEdge - 34;
  const curve = `M${vantageEdge} ${from}C${bend} ${from} ${bend - 30} ${to} ${end - 40} ${to}H${end}`;
  const arrow = `M${end - 9} ${to - 6}L${end} ${to}L${end - 9} ${to + 6}`;
  const cross = `M${end - 3} ${to - 8}l16 16m0-16l-16 16`;
  const dashes = observed === 'OPEN' ? undefined : markup`stroke-dasharray="9 6"`;
  return markup`<g class="${toneOfSeen[observed]}" fill="none" stroke="currentColor" stroke-width="3">
<path d="${curve}" ${dashes} /><path d="${isArriving ? arrow : cross}" /></g>
`;
}
