/** What the evidence holds about one row of the table: counted, not yet judged. */
import type { Connection, Evidence, Outcome } from '../contract/evidence.ts';
import { type Interval, isMissing } from '../contract/observation.ts';
import type { ControlEvidence, Expectation, Verdict } from '../contract/verdict.ts';
import { type Dial, dialAt } from '../evidence/track.ts';
import { askedFor, type Change, marksOf, slotOf } from './transitions.ts';
import { after, countedIn, refusalsIn, silenceIn, steady, watchOf } from './watch.ts';
import { otherCauses } from './witnesses.ts';

export interface Facts {
  readonly row: Expectation;
  readonly evidence: Evidence;
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
  readonly backendsReady: boolean;
  /** Whether anything at all replied to the VM, be it with a refusal. */
  readonly anyReply: boolean;
  /** The observer's connections after the row's port had fallen silent. */
  readonly watched: Watched;
  /** What witnesses name as another cause of silence than the policy. */
  readonly otherCauses: readonly string[];
}

export interface Watched {
  /** Those that got through while all controls answered. */
  readonly leaks: readonly Interval[];
  /** Those that were refused, where there was no silence without. */
  readonly refusals: readonly Dial[];
  /** All that count, whether they got through or not. */
  readonly dials: number;
}

const bracket = ['before', 'during', 'after'] as const;

/** `change`: what led to the phase, where it is known. */
export function factsOf(row: Expectation, evidence: Evidence, change?: Change): Facts {
  const proof = evidence.connections.filter(({ target, stage }) => target === row.target.id && stage === 'proof');
  const { backends } = evidence;
  const syns = proof.reduce((sum, { syns }) => sum + syns, 0);
  return {
    row,
    evidence,
    observed: observedIn(proof),
    proof,
    independent: new Set(proof.map(({ sourcePort }) => sourcePort)).size,
    syns,
    windowMs: windowOf(proof),
    controls: row.controls.map((id) => controlEvidence(id, evidence)),
    around: controlEvidence(row.target.id, evidence),
    backendsReady: backends.before.readyEndpoints > 0 && backends.after.readyEndpoints > 0,
    anyReply: evidence.connections.some(({ outcome }) => outcome !== 'DROP' && outcome !== 'PROBE_FAULT'),
    watched: watchedIn(row, evidence, change),
    otherCauses: otherCauses(row.target, syns, evidence),
  };
}

function watchedIn(
  { phase, target }: Expectation,
  { observation, targets }: Evidence,
  change: Change | undefined,
): Watched {
  const nothing: Watched = { leaks: [], refusals: [], dials: 0 };
  if (observation === undefined || isMissing(observation)) return nothing;
  const watch = watchOf(observation, target.id, steady(phase, [target], targets));
  const changes = change?.targets.some(({ id }) => id === target.id) === true;
  const asked = changes ? slotOf(askedFor('DROP', marksOf(target, change.marks)), observation) : 0;
  const edge = silenceIn(watch, asked);
  if (edge === null)
    return {
      ...nothing,
      refusals: refusalsIn(watch, asked),
      dials: countedIn(watch).filter((slot) => slot >= asked).length,
    };
  const { leaks, silent } = after(edge.first, watch);
  return { ...nothing, leaks: leaks.map((slot) => dialAt(observation, slot)), dials: leaks.length + silent };
}

function observedIn(proof: readonly Connection[]): Verdict['observed'] {
  const [first, ...more] = new Set<Outcome>(proof.map(({ outcome }) => outcome));
  if (first === undefined) return 'NONE';
  return more.length > 0 ? 'MIXED' : first;
}

function windowOf(proof: readonly Connection[]): number {
  if (proof.length === 0) return 0;
  const starts = proof.map(({ startedAt }) => Date.parse(startedAt));
  const ends = proof.map(({ startedAt, elapsedMs }) => Date.parse(startedAt) + elapsedMs);
  return Math.round(Math.max(...ends) - Math.min(...starts));
}

/** Live: dialled at least once before, during and after, and open each time. */
function controlEvidence(id: string, { connections }: Evidence): ControlEvidence {
  const dials = bracket.map((stage) => ({
    stage,
    outcomes: connections.filter((one) => one.target === id && one.stage === stage).map(({ outcome }) => outcome),
  }));
  return {
    control: id,
    live: dials.every(({ outcomes }) => outcomes.length > 0 && outcomes.every((outcome) => outcome === 'OPEN')),
    seen: dials.map(({ stage, outcomes }) => `${stage} ${counted(outcomes)}`).join(', '),
  };
}

/** `OPEN x3`, `OPEN x2 and DROP`, `not dialled`. */
export function counted(outcomes: readonly Outcome[]): string {
  const kinds = [...new Set(outcomes)].map((kind) => {
    const times = outcomes.filter((outcome) => outcome === kind).length;
    return times > 1 ? `${kind} x${times}` : kind;
  });
  return kinds.join(' and ') || 'not dialled';
}
