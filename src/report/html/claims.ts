/** Phase by phase, what was proved, what was not, and what was not looked at. */
import type { PhaseRecord, Report } from '../../contract/report.ts';
import type { Verdict } from '../../contract/verdict.ts';
import { type Markup, markup } from '../markup.ts';
import { countThings, explainNoPlan, explainUnjudged, placeSentence } from '../words.ts';

const states = {
  proved: { word: '✓ Proved', tone: 'good' },
  disproved: { word: '✗ Disproved', tone: 'bad' },
  undecided: { word: '? Not decided', tone: 'unsure' },
  unseen: { word: '– Not looked at', tone: 'faint' },
} as const;

export function renderClaims(report: Report): Markup {
  const claims =
    report.phases.length === 0
      ? renderClaim('unseen', markup`${explainNoPlan(report)}`)
      : report.phases.map((phase) => renderPhase(report, phase));
  return markup`<ul class="claims">
${claims}</ul>`;
}

function renderClaim(state: keyof typeof states, text: Markup): Markup {
  const { word, tone } = states[state];
  return markup`<li class="claim ${tone}"><span class="mark">${word}</span><span class="text">${text}</span></li>
`;
}

type Sighted = Pick<Verdict, 'sentence' | 'vantage'>;

function renderPhase(report: Report, phase: PhaseRecord): Markup {
  const rows = report.verdicts.filter((one) => one.phase === phase.name);
  const objections = report.findings.filter((one) => one.phase === phase.name && one.result === 'CONTRADICTED');
  const transitions = report.transitions.filter((one) => one.phase === phase.name);
  const place = ({ sentence, vantage }: Sighted): string => placeSentence(sentence, vantage, report.vantages);
  const basis = rows.length === 0 ? explainUnjudged(report, phase) : describeBasis(rows);
  const parts = [
    markup`${phase.claim} <span class="faint">${basis}</span>`,
    ...rows.filter(isDoubtful).map((one) => markup`<strong>${place(one)}</strong>`),
    ...objections.map((one) => markup`<strong>But: ${place(one)}</strong>`),
    ...transitions.map((one) => markup`<span class="faint">${place(one)}</span>`),
  ];
  const text = markup`${parts.map((part, index) => (index === 0 ? part : markup` ${part}`))}`;
  return renderClaim(decideState(rows, objections.length > 0), text);
}

function decideState(rows: readonly Verdict[], isContradicted: boolean): keyof typeof states {
  if (rows.length === 0) return 'unseen';
  if (rows.some(({ verdict }) => verdict === 'FAIL')) return 'disproved';
  return isContradicted || rows.some(({ verdict }) => verdict === 'INCONCLUSIVE') ? 'undecided' : 'proved';
}

const isDoubtful = ({ verdict }: Verdict): boolean => verdict !== 'PASS';

function describeBasis(rows: readonly Verdict[]): string {
  const doubtful = rows.filter(isDoubtful);
  const ports = countThings(rows.length, 'port');
  if (doubtful.length > 0) {
    const isFailed = doubtful.some(({ verdict }) => verdict === 'FAIL');
    return `${doubtful.length} of ${ports} ${isFailed ? 'not as it should be' : 'could not be decided'}:`;
  }
  const sum = (count: (row: Verdict) => number): number => rows.reduce((total, row) => total + count(row), 0);
  const connections = countThings(
    sum(({ evidence }) => evidence.connections),
    'connection',
  );
  const syns = countThings(
    sum(({ evidence }) => evidence.syns),
    'SYN',
  );
  return `${rows.length} of ${ports} as expected; ${connections}, ${syns}.`;
}
