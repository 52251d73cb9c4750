/** What the evidence holds about one row of the table: counted, not yet judged. */
import type { Connection, Evidence, Outcome, Target } from '../contract/evidence.ts';
import type { Interval } from '../contract/observation.ts';
import type { ControlEvidence, Expectation, Verdict } from '../contract/verdict.ts';
import type { Dial } from '../evidence/track.ts';
import { countOutcomes } from './sentences/words.ts';
import type { Sighting } from './sighting.ts';
import { listOtherCauses } from './witnesses.ts';

export interface RowFacts {
  readonly row: Expectation;
  readonly evidence: Evidence;
  readonly observer: ObserverFacts;
  readonly observed: Verdict['observed'];
  readonly proof: readonly Connection[];
  /** Proof connections with a source port of their own. */
  readonly independent: number;
  readonly syns: number;
  readonly windowMs: number;
  /** Each control of the row, in its order. */
  readonly controls: readonly ControlEvidence[];
  /** The row's own dials around its proof, for targets that are expected open. */
  readonly around: ControlEvidence;
  /** Whether its service had somebody to answer before and after; true of a port without service. */
  readonly hasBackends: boolean;
  /** Whether anything at all replied to the vantage, be it with a refusal. */
  readonly hasReply: boolean;
  /** What witnesses name as another cause of silence than the policy. */
  readonly otherCauses: readonly string[];
}

/** What the observer's connections add to those of the proof. */
interface ObserverFacts {
  /** Those that got through after the port had fallen silent. */
  readonly leaks: readonly Interval[];
  /** Those that were refused, where the port did not fall silent. */
  readonly refusals: readonly Dial[];
  /** All that count, whether they got through or not. */
  readonly dials: number;
}

const bracket = ['before', 'during', 'after'] as const;

export function countFacts(row: Expectation, sighting: Sighting, evidence: Evidence): RowFacts {
  const { connections, witnesses = [] } = evidence;
  const proof = connections.filter(({ target, stage }) => target === row.target.id && stage === 'proof');
  const syns = proof.reduce((sum, one) => sum + one.syns, 0);
  return {
    ...{ row, evidence, proof, syns },
    observer: countObserved(sighting),
    observed: summarizeOutcomes(proof),
    independent: new Set(proof.map(({ sourcePort }) => sourcePort)).size,
    windowMs: measureWindow(proof),
    controls: row.controls.map((id) => examineControl(id, evidence)),
    around: examineControl(row.target.id, evidence),
    hasBackends: hasBackends(row.target, evidence),
    hasReply: connections.some(({ outcome }) => outcome !== 'DROP' && outcome !== 'PROBE_FAULT'),
    otherCauses: listOtherCauses(row.target, syns, witnesses),
  };
}

function countObserved(sighting: Sighting): ObserverFacts {
  if (sighting.kind !== 'changed') return { leaks: [], refusals: sighting.refusals, dials: sighting.dials };
  return { leaks: sighting.leaks, refusals: [], dials: sighting.leaks.length + sighting.silent };
}

function summarizeOutcomes(proof: readonly Connection[]): Verdict['observed'] {
  const [first, ...more] = new Set<Outcome>(proof.map(({ outcome }) => outcome));
  if (first === undefined) return 'NONE';
  return more.length > 0 ? 'MIXED' : first;
}

function measureWindow(proof: readonly Connection[]): number {
  if (proof.length === 0) return 0;
  const starts = proof.map(({ startedAt }) => Date.parse(startedAt));
  const ends = proof.map(({ startedAt, elapsedMs }) => Date.parse(startedAt) + elapsedMs);
  return Math.round(Math.max(...ends) - Math.min(...starts));
}

/** Live: dialled at least once before, during and after, and open each time. */
function examineControl(id: string, { connections }: Evidence): ControlEvidence {
  const dials = bracket.map((stage) => ({
    stage,
    outcomes: connections.filter((one) => one.target === id && one.stage === stage).map(({ outcome }) => outcome),
  }));
  return {
    control: id,
    live: dials.every(({ outcomes }) => outcomes.length > 0 && outcomes.every((outcome) => outcome === 'OPEN')),
    seen: dials.map(({ stage, outcomes }) => `${stage} ${countOutcomes(outcomes)}`).join(', '),
  };
}

function hasBackends({ kind, service = '' }: Target, { backends }: Evidence): boolean {
  const { before, after } = backends[service] ?? {};
  return kind !== 'nodePort' || [before, after].every((health) => health !== undefined && health.readyEndpoints > 0);
}
