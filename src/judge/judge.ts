/** What evidence means, row by row. */
import type { Evidence, Expected, Outcome } from '../contract/evidence.ts';
import type { Expectation, Verdict, VerdictKind } from '../contract/verdict.ts';
import { countFacts, type RowFacts } from './facts.ts';
import * as sentences from './sentences/verdict.ts';
import type { Sighting } from './sighting.ts';

/** The least that proves silence: a lost packet, or a busy moment, cannot look like this. */
const proofOfSilence = { connections: 3, eachMs: 3000 };

export interface Rule {
  readonly when: (facts: RowFacts) => boolean;
  readonly verdict: VerdictKind;
  readonly explain: (facts: RowFacts) => string;
}

const has = ({ proof }: RowFacts, ...outcomes: readonly Outcome[]): boolean =>
  proof.some(({ outcome }) => outcomes.includes(outcome));
const isElsewhere = ({ row, evidence }: RowFacts): boolean =>
  evidence.phase !== row.phase || evidence.vantage !== row.vantage;

/** Read from top to bottom; the first rule that holds decides. PASS stands last: nothing may speak against it (W4). */
const dropRules: readonly Rule[] = [
  { when: isElsewhere, verdict: 'INCONCLUSIVE', explain: sentences.explainOtherEvidence },
  { when: ({ proof }) => proof.length === 0, verdict: 'INCONCLUSIVE', explain: sentences.explainNothingDialled },
  // One connection that gets through is a leak, whatever the controls show.
  { when: (facts) => has(facts, 'OPEN'), verdict: 'FAIL', explain: sentences.explainLeak },
  { when: ({ observer }) => observer.leaks.length > 0, verdict: 'FAIL', explain: sentences.explainObservedLeak },
  { when: (facts) => has(facts, 'PROBE_FAULT'), verdict: 'INCONCLUSIVE', explain: sentences.explainFault },
  { when: ({ row }) => row.controls.length === 0, verdict: 'INCONCLUSIVE', explain: sentences.explainNoControl },
  {
    when: ({ controls }) => controls.some(({ live }) => !live),
    verdict: 'INCONCLUSIVE',
    explain: sentences.explainFailedControl,
  },
  { when: ({ hasBackends }) => !hasBackends, verdict: 'INCONCLUSIVE', explain: sentences.explainMissingBackends },
  { when: (facts) => has(facts, 'RST', 'ICMP_REJECT'), verdict: 'FAIL', explain: sentences.explainRefusal },
  {
    when: ({ observer }) => observer.refusals.length > 0,
    verdict: 'FAIL',
    explain: sentences.explainObservedRefusal,
  },
  { when: (facts) => !provesSilence(facts), verdict: 'INCONCLUSIVE', explain: sentences.explainTooLittle },
  { when: ({ otherCauses }) => otherCauses.length > 0, verdict: 'INCONCLUSIVE', explain: sentences.explainOtherCause },
  { when: () => true, verdict: 'PASS', explain: sentences.explainSilence },
];

const openRules: readonly Rule[] = [
  { when: isElsewhere, verdict: 'INCONCLUSIVE', explain: sentences.explainOtherEvidence },
  { when: ({ proof }) => proof.length === 0, verdict: 'INCONCLUSIVE', explain: sentences.explainNothingDialled },
  { when: (facts) => has(facts, 'PROBE_FAULT'), verdict: 'INCONCLUSIVE', explain: sentences.explainFault },
  { when: ({ hasReply }) => !hasReply, verdict: 'INCONCLUSIVE', explain: sentences.explainDeadPath },
  {
    when: ({ observed, hasBackends }) => observed !== 'OPEN' && !hasBackends,
    verdict: 'INCONCLUSIVE',
    explain: sentences.explainMissingBackends,
  },
  { when: ({ observed }) => observed !== 'OPEN', verdict: 'FAIL', explain: sentences.explainNotOpen },
  { when: ({ around }) => !around.live, verdict: 'INCONCLUSIVE', explain: sentences.explainUnsteadiness },
  { when: () => true, verdict: 'PASS', explain: sentences.explainAnswers },
];

/** The rules by what is expected; docs/verdicts.md lists their sentences. */
export const rules: Readonly<Record<Expected, readonly Rule[]>> = { DROP: dropRules, OPEN: openRules };

/** The rule that decides, which is the first that holds. The last one of each table always does. */
export function findRule(facts: RowFacts): Rule {
  const rule = rules[facts.row.expected].find(({ when }) => when(facts));
  if (rule === undefined) throw new Error(`No rule judges ${facts.row.target.id}.`);
  return rule;
}

export function judgeRow(row: Expectation, sighting: Sighting, evidence: Evidence): Verdict {
  const facts = countFacts(row, sighting, evidence);
  const { observed, proof, syns, windowMs, controls } = facts;
  const { verdict, explain } = findRule(facts);
  return {
    phase: row.phase,
    vantage: row.vantage,
    node: row.target.node,
    target: row.target,
    expected: row.expected,
    observed,
    verdict,
    sentence: explain(facts),
    evidence: { connections: proof.length, syns, windowMs, controls },
  };
}

/**
 * At least 3 independent connections of at least 3 s, with no reply to at least 3 SYNs each on average: 9 in total, and
 * no connection with fewer than 2. Kernels before 6.5, and those told to, double the time between SYNs from the first
 * on, so 3 s hold only 2 of them: there 2 each are enough.
 */
function provesSilence({ proof, independent, syns, evidence }: RowFacts): boolean {
  const { connections, eachMs } = proofOfSilence;
  const synsNeeded = sendsSynsEverySecond(evidence) ? 3 : 2;
  return (
    independent >= connections &&
    proof.every((one) => one.outcome === 'DROP' && one.elapsedMs >= eachMs && one.syns >= 2) &&
    syns >= connections * synsNeeded
  );
}

/**
 * tcp_syn_linear_timeouts came with Linux 6.5, where it is 4. Where neither it nor the version can be read, the
 * stricter rule holds.
 */
function sendsSynsEverySecond({ kernel, synLinearTimeouts }: Evidence): boolean {
  if (synLinearTimeouts !== undefined) return (synLinearTimeouts ?? 0) > 0;
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(kernel) ?? [];
  if (major === undefined || minor === undefined) return true;
  return Number(major) > 6 || (Number(major) === 6 && Number(minor) >= 5);
}
