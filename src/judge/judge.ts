/** What evidence means. Pure and free of Node: it runs in the workflow. */
import type { Evidence } from '../contract/evidence.ts';
import type { Expectation, Verdict, VerdictKind } from '../contract/verdict.ts';
import { type Facts, factsOf } from './facts.ts';
import * as says from './sentences/verdict.ts';
import type { Change } from './transitions.ts';

/** The least that proves silence: a lost packet, or a busy moment, cannot look like this. */
const proofOfSilence = { connections: 3, eachMs: 3000 };

export interface Rule {
  readonly when: (facts: Facts) => boolean;
  readonly verdict: VerdictKind;
  readonly says: (facts: Facts) => string;
}

const has = ({ proof }: Facts, ...outcomes: readonly string[]): boolean =>
  proof.some(({ outcome }) => outcomes.includes(outcome));
const otherPhase = ({ row, evidence }: Facts): boolean => evidence.phase !== row.phase;

/** Read from top to bottom; the first rule that holds decides. PASS stands last: nothing may speak against it (W4). */
const dropRules: readonly Rule[] = [
  { when: otherPhase, verdict: 'INCONCLUSIVE', says: says.otherPhase },
  { when: ({ proof }) => proof.length === 0, verdict: 'INCONCLUSIVE', says: says.nothingDialled },
  // One connection that gets through is a leak, whatever the controls show.
  { when: (facts) => has(facts, 'OPEN'), verdict: 'FAIL', says: says.leaked },
  { when: ({ watched }) => watched.leaks.length > 0, verdict: 'FAIL', says: says.leakedWhileWatched },
  { when: (facts) => has(facts, 'PROBE_FAULT'), verdict: 'INCONCLUSIVE', says: says.faulty },
  { when: ({ row }) => row.controls.length === 0, verdict: 'INCONCLUSIVE', says: says.noControls },
  { when: ({ controls }) => controls.some(({ live }) => !live), verdict: 'INCONCLUSIVE', says: says.controlFailed },
  { when: ({ backendsReady }) => !backendsReady, verdict: 'INCONCLUSIVE', says: says.backendNotReady },
  { when: (facts) => has(facts, 'RST', 'ICMP_REJECT'), verdict: 'FAIL', says: says.refusedInstead },
  { when: ({ watched }) => watched.refusals.length > 0, verdict: 'FAIL', says: says.refusedWhileWatched },
  { when: (facts) => !isProofOfSilence(facts), verdict: 'INCONCLUSIVE', says: says.tooLittle },
  { when: ({ otherCauses }) => otherCauses.length > 0, verdict: 'INCONCLUSIVE', says: says.otherCause },
  { when: () => true, verdict: 'PASS', says: says.silent },
];

const openRules: readonly Rule[] = [
  { when: otherPhase, verdict: 'INCONCLUSIVE', says: says.otherPhase },
  { when: ({ proof }) => proof.length === 0, verdict: 'INCONCLUSIVE', says: says.nothingDialled },
  { when: (facts) => has(facts, 'PROBE_FAULT'), verdict: 'INCONCLUSIVE', says: says.faulty },
  { when: ({ anyReply }) => !anyReply, verdict: 'INCONCLUSIVE', says: says.pathDead },
  {
    when: (facts) => facts.observed !== 'OPEN' && facts.row.target.kind === 'nodePort' && !facts.backendsReady,
    verdict: 'INCONCLUSIVE',
    says: says.backendNotReady,
  },
  { when: ({ observed }) => observed !== 'OPEN', verdict: 'FAIL', says: says.notOpen },
  { when: ({ around }) => !around.live, verdict: 'INCONCLUSIVE', says: says.unsteady },
  { when: () => true, verdict: 'PASS', says: says.answered },
];

/** The rules by what is expected; docs/verdicts.md lists what they say. */
export const rules = { DROP: dropRules, OPEN: openRules } as const satisfies Readonly<
  Record<Expectation['expected'], readonly Rule[]>
>;

/** A verdict for every row, in order. `change`: what led to the phase, where it is known. */
export function judge(expectations: readonly Expectation[], evidence: Evidence, change?: Change): Verdict[] {
  return expectations.map((row) => verdictOn(factsOf(row, evidence, change)));
}

function verdictOn(facts: Facts): Verdict {
  const { row, observed, proof, syns, windowMs, controls } = facts;
  const rule = rules[row.expected].find(({ when }) => when(facts));
  if (rule === undefined) throw new Error(`No rule judges ${row.target.id}.`); // the last rule of each table always holds
  return {
    phase: row.phase,
    node: row.target.node,
    target: row.target,
    expected: row.expected,
    observed,
    verdict: rule.verdict,
    sentence: rule.says(facts),
    evidence: { connections: proof.length, syns, windowMs, controls },
  };
}

/**
 * At least 3 independent connections of at least 3 s, with no reply to at least 3 SYNs each on average: 9 in total, and no connection with fewer than 2.
 * Kernels before 6.5, and those told to, double the time between SYNs from the first on, so 3 s hold only 2 of them: there 2 each are enough.
 */
function isProofOfSilence({ proof, independent, syns, evidence }: Facts): boolean {
  const { connections, eachMs } = proofOfSilence;
  const synsNeeded = sendsSynsEverySecond(evidence) ? 3 : 2;
  const eachLongEnough = proof.every((one) => one.elapsedMs >= eachMs && one.syns >= 2);
  return (
    independent >= connections &&
    proof.every(({ outcome }) => outcome === 'DROP') &&
    eachLongEnough &&
    syns >= connections * synsNeeded
  );
}

/** tcp_syn_linear_timeouts came with Linux 6.5, where it is 4. Where neither it nor the version can be read, the stricter rule holds. */
function sendsSynsEverySecond({ kernel, synLinearTimeouts }: Evidence): boolean {
  if (synLinearTimeouts !== undefined) return (synLinearTimeouts ?? 0) > 0;
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(kernel) ?? [];
  if (major === undefined || minor === undefined) return true;
  return Number(major) > 6 || (Number(major) === 6 && Number(minor) >= 5);
}
