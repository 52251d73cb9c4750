/** The top of the page: what somebody who reads nothing else takes away. */
import type { Phase } from '../../contract/evidence.ts';
import type { Finding, Report } from '../../contract/report.ts';
import type { Verdict } from '../../contract/verdict.ts';
import { type Markup, markup } from '../markup.ts';
import { duration, many, phases, whyNotLookedAt } from '../words.ts';
import type { Tone } from './marks.ts';

const outcomes: Readonly<
  Record<Report['outcome'], { readonly sign: string; readonly tone: Tone; readonly means: string }>
> = {
  PASS: { sign: '✓', tone: 'good', means: 'every port behaved as it should in every phase' },
  FAIL: { sign: '✗', tone: 'bad', means: 'at least one port did not behave as it should' },
  INCONCLUSIVE: { sign: '?', tone: 'unsure', means: 'nothing was disproved, but something could not be decided' },
  ERROR: { sign: '!', tone: 'bad', means: 'the run could not be carried out to its end' },
  CANCELLED: { sign: '■', tone: 'unsure', means: 'somebody stopped the run' },
  RUNNING: { sign: '…', tone: 'faint', means: 'the run is under way; this page is a snapshot' },
};

export function head(report: Report): Markup {
  const { outcome, runId, workflowId, summary, timings, cluster, mission } = report;
  const { sign, tone, means } = outcomes[outcome];
  const where = mission?.cluster ?? cluster?.id.split('/').at(-1);
  return markup`<header>
<h1>hepflow: do Calico host endpoints protect the nodes’ ports${where === undefined ? '' : ` of cluster ${where}`}?</h1>
<p><span class="outcome ${tone}">${sign} ${outcome}</span> <span class="faint">${means}</span></p>
<p class="lead">${summary}</p>
<p>${question(report)}</p>
<ul class="claims">
${phases.map((phase) => claim(report, phase))}</ul>
<p class="faint">${limits(report)}</p>
<p class="faint">Run <code>${runId}</code>, workflow <code>${workflowId}</code>, started ${timings.startedAt}, ${timings.endedAt === null ? `under way for ${duration(timings.totalMs)}` : `took ${duration(timings.totalMs)}`}.</p>
</header>`;
}

function question({ mission }: Report): string {
  const port = mission === null ? 'a NodePort' : `NodePort ${mission.workload.nodePort}`;
  const policy = mission === null ? 'a Calico policy' : `the Calico policy ${mission.policy.name}`;
  const label = mission === null ? 'a label' : `the label ${mission.label.key}=${mission.label.value}`;
  return `The test: a virtual machine outside the cluster dials ${port} of two nodes, before and after ${policy} denies it on nodes that carry ${label}. A port that should be closed has to stay silent, while others answer at the same time: silence alone could be a broken network.`;
}

const states = {
  proved: { word: '✓ Proved', tone: 'good' },
  disproved: { word: '✗ Disproved', tone: 'bad' },
  undecided: { word: '? Not decided', tone: 'unsure' },
  unseen: { word: '– Not looked at', tone: 'faint' },
} as const;

function claim(report: Report, phase: Phase): Markup {
  const rows = report.verdicts.filter((one) => one.phase === phase);
  const contradictions = report.findings.filter((one) => one.phase === phase && one.result === 'CONTRADICTED');
  const { word, tone } = states[stateOf(rows, contradictions.length > 0)];
  const against = rows.filter(({ verdict }) => verdict !== 'PASS');
  const says = against.some(({ verdict }) => verdict === 'FAIL') ? 'not as it should be' : 'could not be decided';
  const objection = `${against.length} of ${many(rows.length, 'port')} ${says}: `;
  const proof = rows.length === 0 ? whyNotLookedAt(report, phase) : against.length === 0 ? restsOn(rows) : objection;
  return markup`<li class="claim ${tone}"><span class="mark">${word}</span><span class="text">${claimOf(phase, rows)} <span class="faint">${proof}</span>${against.map(
    ({ sentence }, index) => markup`${index > 0 ? ' ' : ''}<strong>${sentence}</strong>`,
  )}${contradictions.map(({ sentence }) => markup` <strong>But: ${sentence}</strong>`)}${report.transitions
    .filter((one) => one.phase === phase)
    .map(({ sentence }) => markup` <span class="faint">${sentence}</span>`)}</span></li>
`;
}

function stateOf(rows: readonly Verdict[], contradicted: boolean): keyof typeof states {
  if (rows.length === 0) return 'unseen';
  if (rows.some(({ verdict }) => verdict === 'FAIL')) return 'disproved';
  return contradicted || rows.some(({ verdict }) => verdict === 'INCONCLUSIVE') ? 'undecided' : 'proved';
}

/** What a phase is to prove, of the nodes that its own rows name. */
function claimOf(phase: Phase, rows: readonly Verdict[]): string {
  const denied = rows
    .filter(({ expected }) => expected === 'DROP')
    .map(({ target }) => `${target.node} (port ${target.port})`);
  const silent = denied.length === 0 ? undefined : denied.join(' and ');
  return {
    baseline: 'Before any policy, every port answers, so the way from the VM to the nodes is open.',
    enforced: `With label and policy, ${silent ?? 'the first node'} is silent; the other node and the control ports still answer.`,
    second: `With the label on the second node too, ${silent ?? 'both nodes'} are silent; the control ports still answer.`,
    restored: 'With policy and labels gone, every port answers again.',
  }[phase];
}

function restsOn(rows: readonly Verdict[]): string {
  const sum = (of: (row: Verdict) => number): number => rows.reduce((total, row) => total + of(row), 0);
  return `${rows.length} of ${many(rows.length, 'port')} as expected; ${many(
    sum(({ evidence }) => evidence.connections),
    'connection',
  )}, ${many(
    sum(({ evidence }) => evidence.syns),
    'SYN',
  )}.`;
}

/** What the proof rests on, and what nobody looked at. */
function limits({ steps, findings }: Report): string {
  const from = steps.find(({ name }) => name === 'createInterface')?.detail;
  // Of each source the worst that it says in any phase.
  const worst = (about: string): Finding['result'] | undefined =>
    (['CONTRADICTED', 'UNKNOWN', 'CONFIRMED'] as const).find((result) =>
      findings.some((one) => one.about === about && one.result === result),
    );
  const named = (result: Finding['result']): string =>
    Object.entries(beside)
      .filter(([about]) => worst(about) === result)
      .map(([, words]) => words)
      .join(', ');
  const [agrees, contradicts, missing] = [named('CONFIRMED'), named('CONTRADICTED'), named('UNKNOWN')];
  const rests = [
    'The verdicts rest on what the VM saw',
    agrees && `beside it agree: ${agrees}`,
    contradicts && `it is contradicted by: ${contradicts}`,
    missing && `missing, at least in part: ${missing}`,
    ...(agrees || contradicts || missing ? [] : ['nobody else was asked']),
  ];
  return `${rests.filter(Boolean).join('; ')}. What this does not say: other sources than the probe VM${from ? ` (${from})` : ''}, other protocols than TCP, other ports, other nodes and other times were not looked at.`;
}

const beside: Readonly<Record<Finding['about'], string>> = {
  observer: 'an observer that dialled all the while',
  heldConnection: 'connections that stood before the deny',
  backendBehindDeny: 'the pods behind the denied node',
  deniedPackets: 'the nodes’ packet counters',
  securityRules: 'Azure’s security rules',
  routes: 'Azure’s routes',
  peerings: 'the peering’s state',
};
