/** Evidence in which every port behaves as its phase expects it to. */
import type { Connection, Expected, Target } from '../../src/contract/evidence.ts';
import type { Observation } from '../../src/contract/observation.ts';
import type { PhaseOutline } from '../../src/contract/plan.ts';
import type { Witness } from '../../src/contract/vantage.ts';
import type { Unsealed } from '../../src/evidence/seal.ts';

/** Milliseconds after a fixed moment. */
export const at = (ms: number): string => new Date(Date.parse('2026-01-01T00:00:00.000Z') + ms).toISOString();

/** By target id, what a phase expects from its vantage. */
export type Expectations = ReadonlyMap<string, Expected>;

export const readExpectations = ({ expectations }: PhaseOutline, vantage: string): Expectations =>
  new Map(expectations.filter((row) => row.vantage === vantage).map(({ target, expected }) => [target, expected]));

export interface Setting {
  readonly phase: string;
  readonly vantage: string;
  readonly startMs: number;
  readonly targets: readonly Target[];
  readonly expected: Expectations;
  /** What was expected in the phase before; null: this is the first one, which no observer watches. */
  readonly before: Expectations | null;
}

export function createEvidence(setting: Setting): Unsealed {
  const { phase, vantage, startMs, targets, expected, before } = setting;
  const readHealth = (ms: number) => ({
    readyEndpoints: 2,
    readAt: at(startMs + ms),
    pods: targets.slice(0, 1).map(({ node }) => ({ name: 'backend-0', node, ip: '10.244.0.5' })),
  });
  const services = new Set(targets.flatMap(({ service }) => service ?? []));
  const asked = targets.find(({ id, kind }) => kind === 'nodePort' && expected.get(id) === 'OPEN');
  return {
    phase,
    vantage,
    startedAt: at(startMs),
    endedAt: at(startMs + 6500),
    kernel: '6.8.0',
    targets,
    convergence: { reached: true, rounds: 2, elapsedMs: 31.5 },
    connections: targets.flatMap(({ id }, place) => dialTarget(id, place, setting)),
    backends: Object.fromEntries(
      [...services].map((each) => [each, { before: readHealth(1), after: readHealth(6000) }]),
    ),
    ...(asked && { answers: { [asked.id]: { 'backend-0': 12, 'backend-1': 12 } } }),
    ...(before && { observation: observe(setting, before) }),
    witnesses: listWitnesses(targets),
  };
}

function dialTarget(target: string, place: number, { expected, startMs }: Setting): Connection[] {
  const isOpen = expected.get(target) === 'OPEN';
  const dial = (stage: Connection['stage'], n: number): Connection => ({
    ...{ target, stage, outcome: isOpen ? 'OPEN' : 'DROP', sourcePort: 40_000 + 10 * place + n },
    startedAt: at(startMs + 2000 + 10 * n),
    elapsedMs: isOpen ? 1.25 : 3000.5,
    syns: isOpen ? 1 : 3,
    ...(isOpen && { response: `backend-${n % 2}` }),
  });
  const around = (['before', 'during', 'after'] as const).map((stage, n) => dial(stage, 6 + n));
  return [...[1, 2, 3].map((n) => dial('proof', n)), ...(isOpen ? around : [])];
}

/** For 100 slots of 25 ms as before, then as the phase expects. */
function observe({ targets, expected, startMs }: Setting, before: Expectations): Observation {
  const letterOf = (from: Expectations, id: string): string => (from.get(id) === 'DROP' ? 'd' : 'o');
  return {
    startedAt: at(startMs - 2500 + 7),
    slots: 400,
    cadenceMs: 25,
    dialTimeoutMs: 200,
    latenessMs: 1.5,
    clock: { offsetMs: 7, uncertaintyMs: 0.4, exchanges: 8 },
    tracks: Object.fromEntries(targets.map(({ id }) => [id, `100${letterOf(before, id)}300${letterOf(expected, id)}`])),
    held: targets
      .filter(({ kind }) => kind === 'nodePort')
      .map(({ id: target }) => ({
        target,
        openedAt: at(startMs - 2400),
        checkedAt: at(startMs + 6000),
        outcome: 'answered',
        response: 'backend-1',
      })),
    ended: 'read',
  };
}

const listWitnesses = (targets: readonly Target[]): Witness[] => [
  ...targets.map(
    ({ id }): Witness => ({
      ...{ by: 'securityRules', title: "Azure's effective security rules", of: 'way', about: id },
      ...{ says: 'allows', because: 'the rule AllowVnetOutBound lets it through' },
    }),
  ),
  {
    ...{ by: 'routes', title: "Azure's effective routes", of: 'way', about: null },
    ...{ says: 'missing', because: 'the routes could not be read' },
  },
  ...[...new Set(targets.map(({ node }) => node))].map(
    (node): Witness => ({
      ...{ by: 'deniedPackets', title: "The nodes' packet counters", of: 'policy', about: node },
      ...{ says: 'blocks', because: 'its counter calico_denied_packets rose by 12', packets: 12 },
    }),
  ),
];
