/** What probes of runs that tests tell saw: a world that behaves as expected, but for what is told. */
import type { Moment } from '../../src/contract/change.ts';
import type { Connection, Evidence, Outcome, Target } from '../../src/contract/evidence.ts';
import type { HeldConnection, Missing, Observation } from '../../src/contract/observation.ts';
import type { Witness } from '../../src/contract/vantage.ts';
import type { Expectation } from '../../src/contract/verdict.ts';
import type { Unsealed } from '../../src/evidence/seal.ts';
import { type Dial, writeTrack } from '../../src/evidence/track.ts';
import type { Grounds } from '../../src/judge/judgement.ts';
import { findMoves, type Move } from '../../src/scenario/moves.ts';
import { dial, dialAround } from './evidence.ts';
import { formTime, readTime, timePhase } from './told-time.ts';

/** What differs in a phase from what is expected of it. */
export interface PhaseStory {
  /** Outcomes of a target's proof, by its id. */
  readonly proofs?: Readonly<Record<string, readonly Outcome[]>>;
  /** Dials of the ports that change, by slot. */
  readonly dials?: Readonly<Record<number, Dial>>;
  /** The observer's first slot: what came before it was not watched. */
  readonly from?: number;
  readonly observation?: Missing;
  readonly held?: HeldConnection['outcome'];
  /** What the witnesses of one source say, by its `by`. */
  readonly witnesses?: Readonly<Record<string, Partial<Witness>>>;
}

const slots = 260;
const cadenceMs = 25;
const showsAfterMs = 115;

export function createToldEvidence({ rows, before, moments }: Grounds, story: PhaseStory, index: number): Unsealed {
  const baseMs = timePhase(index);
  const targets = rows.map(({ target }) => target);
  const moves = findMoves(rows, before);
  return {
    phase: rows[0]?.phase ?? '',
    vantage: rows[0]?.vantage ?? '',
    startedAt: formTime(baseMs),
    endedAt: formTime(baseMs + 20_000),
    kernel: '6.8.0-1021-azure',
    targets,
    convergence: { reached: true, rounds: 2, elapsedMs: 412 },
    connections: rows.flatMap((row) => connect(row, story.proofs?.[row.target.id], baseMs + 3000)),
    backends: createBackends(targets, baseMs),
    ...(moves.length > 0 && {
      observation: story.observation ?? createObservation(rows, moves, moments, story, baseMs),
      witnesses: hearWitnesses(rows, story),
      answers: hearAnswers(rows),
    }),
  };
}

function connect({ target, expected }: Expectation, proof: readonly Outcome[] | undefined, atMs: number): Connection[] {
  const outcomes = proof ?? [expected, expected, expected];
  const proofs = outcomes.flatMap((outcome, place) =>
    dial(target, 'proof', [outcome], { startedAt: formTime(atMs + place * 5), sourcePort: 40_000 + place }),
  );
  return [...proofs, ...(expected === 'OPEN' ? dialAround(target) : [])];
}

const listPods = (targets: readonly Target[]) =>
  [...new Set(targets.map(({ node }) => node))].map((node, index) => ({
    ...{ name: `pod-6c9d-${index}`, node, ip: `10.244.0.${index + 9}` },
  }));

function createBackends(targets: readonly Target[], baseMs: number): Evidence['backends'] {
  const pods = listPods(targets);
  const health = { readyEndpoints: pods.length, readAt: formTime(baseMs), pods };
  const services = targets.flatMap(({ service }) => service ?? []);
  return Object.fromEntries(services.map((service) => [service, { before: health, after: health }]));
}

/** Beside a deny, every pod answers through each open NodePort. */
function hearAnswers(rows: readonly Expectation[]): NonNullable<Evidence['answers']> {
  const pods = listPods(rows.map(({ target }) => target));
  const lines = Object.fromEntries(pods.map(({ name, node }, index) => [`pod=${name} node=${node}`, 9 + index]));
  const open = rows.filter(({ target, expected }) => target.kind === 'nodePort' && expected === 'OPEN');
  return Object.fromEntries(open.map(({ target }) => [target.id, lines]));
}

function createObservation(
  rows: readonly Expectation[],
  moves: readonly Move[],
  moments: readonly Moment[],
  { from = 0, dials = {}, held = 'answered' }: PhaseStory,
  baseMs: number,
): Observation {
  const tracks = rows.map(({ target, expected }) => {
    const move = moves.find((one) => one.target.id === target.id);
    const edge = move === undefined ? 0 : findEdge(move, moments, baseMs);
    const track = Array.from({ length: slots - from }, (_, index): Dial => {
      const slot = index + from;
      const isSilent = slot >= edge === (expected === 'DROP');
      return (move && dials[slot]) ?? (isSilent ? 'd' : 'o');
    });
    return [target.id, writeTrack(track)] as const;
  });
  return {
    startedAt: formTime(baseMs + from * cadenceMs),
    slots: slots - from,
    ...{ cadenceMs, dialTimeoutMs: 200, latenessMs: 1.8 },
    clock: { offsetMs: 0, uncertaintyMs: 0.9, exchanges: 8 },
    tracks: Object.fromEntries(tracks),
    held: moves.map(({ target }) => ({
      ...{ target: target.id, outcome: held },
      ...{ openedAt: formTime(baseMs + from * cadenceMs + 100), checkedAt: formTime(baseMs + 6400) },
    })),
    ended: 'read',
  };
}

/** The first slot that shows a change: a while after the last thing that it needs, or the first that was taken back. */
function findEdge({ target }: Move, moments: readonly Moment[], baseMs: number): number {
  const own = moments.filter(({ node }) => node === undefined || node === target.node);
  const times = (role: Moment['role']): number[] =>
    own.filter((one) => one.role === role).map((one) => readTime(one.from) - baseMs);
  const asked = times('asked');
  const askedMs = asked.length > 0 ? Math.max(...asked) : Math.min(...times('undone'));
  return Math.floor((askedMs + showsAfterMs) / cadenceMs);
}

function hearWitnesses(rows: readonly Expectation[], { witnesses = {} }: PhaseStory): readonly Witness[] {
  const way = { of: 'way', says: 'allows' } as const;
  const rules = { by: 'securityRules', title: "Azure's effective security rules", because: 'AllowVnetOutBound' };
  const routes = { by: 'routes', title: "Azure's effective routes", because: 'VNetPeering by 10.240.0.0/16' };
  const peering = { by: 'peerings', title: 'Both sides of the peering', because: 'both are Connected' };
  const counters = { by: 'deniedPackets', title: "The nodes' own packet counters", of: 'policy' } as const;
  const nodes = [...new Set(rows.map(({ target }) => target.node))];
  const all: readonly Witness[] = [
    ...nodes.map((node): Witness => {
      const packets = 9 * rows.filter(({ target, expected }) => target.node === node && expected === 'DROP').length;
      return {
        ...counters,
        about: node,
        says: packets > 0 ? 'blocks' : 'allows',
        because: 'calico_denied_packets',
        packets,
      };
    }),
    ...rows.map(({ target }): Witness => ({ ...rules, ...way, about: target.id })),
    ...rows.map(({ target }): Witness => ({ ...routes, ...way, about: target.id })),
    { ...peering, ...way, about: null },
  ];
  return all.map((one) => ({ ...one, ...witnesses[one.by] }));
}
