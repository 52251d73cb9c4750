/** The top of the page: what somebody who reads nothing else takes away. */
import { type FindingResult, findingResults, type Report, type RunOutcome } from '../../contract/report.ts';
import { type Markup, markup } from '../markup.ts';
import { formatDuration, resultsByWeight } from '../words.ts';
import { renderClaims } from './claims.ts';
import type { Tone } from './marks.ts';

const outcomes: Readonly<Record<RunOutcome, { readonly sign: string; readonly tone: Tone; readonly means: string }>> = {
  PASS: { sign: '✓', tone: 'good', means: 'every port behaved as it should in every phase' },
  FAIL: { sign: '✗', tone: 'bad', means: 'at least one port did not behave as it should' },
  INCONCLUSIVE: { sign: '?', tone: 'unsure', means: 'nothing was disproved, but something could not be decided' },
  ERROR: { sign: '!', tone: 'bad', means: 'the run could not be carried out to its end' },
  CANCELLED: { sign: '■', tone: 'unsure', means: 'somebody stopped the run' },
  RUNNING: { sign: '…', tone: 'faint', means: 'the run is under way; this page is a snapshot' },
};

export function renderHead(report: Report): Markup {
  const { outcome, runId, workflowId, summary, timings, cluster, mission } = report;
  const { sign, tone, means } = outcomes[outcome];
  const where = mission?.cluster ?? cluster?.id.split('/').at(-1);
  const of = where === undefined ? '' : ` of cluster ${where}`;
  const took = timings.endedAt === null ? 'under way for' : 'took';
  return markup`<header>
<h1>hepflow: do Calico host endpoints protect the nodes' ports${of}?</h1>
<p><span class="outcome ${tone}">${sign} ${outcome}</span> <span class="faint">${means}</span></p>
<p class="lead">${summary}</p>
<p>${describeTest(report)}</p>
${renderClaims(report)}
<p class="faint">${describeLimits(report)}</p>
<p class="faint">Run <code>${runId}</code>, workflow <code>${workflowId}</code>,
started ${timings.startedAt}, ${took} ${formatDuration(timings.totalMs)}.</p>
</header>`;
}

/** The question that the run asks: which ports are dialled, from where, and around which changes. */
function describeTest(report: Report): string {
  const { vantages } = report;
  const from = vantages.map(({ id, sourceAddress }) => (sourceAddress === null ? id : `${id} (${sourceAddress})`));
  const place = from.length === 0 ? 'outside the cluster' : `outside the cluster, from ${joinNames(from)}`;
  return [
    `The test: ${describePorts(report)} are dialled from ${place}.`,
    describeChanges(report),
    'A port that is to be closed must not answer while others do: silence alone could be a broken network.',
  ].join(' ');
}

function describePorts({ targets }: Report): string {
  if (targets.length === 0) return 'ports of nodes';
  const nodes = new Set(targets.map(({ node }) => node)).size;
  const ports = new Set(targets.map(({ kind, port }) => `${kind === 'nodePort' ? 'NodePort' : 'port'} ${port}`));
  return `${joinNames([...ports])} of ${nodes === 1 ? 'a node' : `${nodes} nodes`}`;
}

/** What changes between the phases; what the first one needs is no part of the question. */
function describeChanges({ phases, changes }: Report): string {
  const later = new Set(phases.slice(1).map(({ name }) => name));
  const words = changes.filter(({ phase }) => phase !== null && later.has(phase)).map((change) => change.words);
  if (words.length === 0) return 'That is done before and after changes that are to close some of them.';
  return `That is done before and after these changes: ${words.join('; ')}.`;
}

/** `a`, `a and b`, `a, b and c`. */
const joinNames = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

const says: Readonly<Record<FindingResult, string>> = {
  CONFIRMED: 'Other sources agree',
  CONTRADICTED: 'Other sources contradict',
  UNKNOWN: 'Missing, at least in part',
};

/** What the proof rests on, and what nobody looked at. Of each source, the worst counts that it says in any phase. */
function describeLimits({ findings, vantages }: Report): string {
  const sources = [...Map.groupBy(findings, ({ about }) => about).values()].map((said) => ({
    title: said[0]?.title ?? '',
    worst: resultsByWeight.find((result) => said.some((one) => one.result === result)),
  }));
  const others = findingResults.flatMap((result) => {
    const titles = sources.filter(({ worst }) => worst === result).map(({ title }) => title);
    return titles.length === 0 ? [] : [`${says[result]}: ${titles.join('; ')}.`];
  });
  const from = joinNames(vantages.map(({ id }) => id)) || 'the vantage';
  return [
    `The verdicts rest on what was seen from ${from}.`,
    ...(others.length === 0 ? ['Nobody else was asked.'] : others),
    'Not looked at: other sources of connections, other protocols than TCP, other ports, other nodes and other times.',
  ].join(' ');
}
