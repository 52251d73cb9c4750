/** Evidence for every rule of src/judge/judge.ts, and for every way in which its sentence can run. */
import type { BackendHealth, Connection, Evidence, Outcome, Target } from '../src/contract/evidence.ts';
import type { Expectation } from '../src/contract/verdict.ts';

export interface Example {
  readonly row: Expectation;
  readonly evidence: Evidence;
}

const at = '2026-01-02T03:04:05.000Z';
const portOf = (node: string, port: number, kind: Target['kind']): Target => ({
  id: `${node}:${port}`,
  node,
  address: '10.0.0.1',
  port,
  kind,
});
const tested = portOf('node-1', 30080, 'nodePort');
const other = portOf('node-2', 30080, 'nodePort');
const open = portOf('node-1', 10250, 'openPort');

export const drop: Expectation = { phase: 'enforced', target: tested, expected: 'DROP', controls: [other.id, open.id] };
export const answer: Expectation = { ...drop, expected: 'OPEN', controls: [] };

const looks: Readonly<Record<Outcome, Partial<Connection>>> = {
  OPEN: { elapsedMs: 1.5, response: 'frontend-1' },
  DROP: { elapsedMs: 3001, syns: 3 },
  RST: { errno: 'ECONNREFUSED' },
  ICMP_REJECT: { errno: 'EHOSTUNREACH', icmp: { type: 3, code: 13 } },
  PROBE_FAULT: { syns: 0, fault: 'this host could not send: Network is unreachable' },
};

function dials(target: Target, stage: Connection['stage'], ...outcomes: readonly Outcome[]): Connection[] {
  return outcomes.map((outcome, place) => ({
    target: target.id,
    stage,
    outcome,
    sourcePort: 40_000 + place,
    startedAt: at,
    elapsedMs: 1,
    syns: 1,
    ...looks[outcome],
  }));
}

const around = (target: Target, outcome: Outcome): Connection[] =>
  (['before', 'during', 'after'] as const).flatMap((stage) => dials(target, stage, outcome));
const live = [...around(other, 'OPEN'), ...around(open, 'OPEN')];
const silence = ['DROP', 'DROP', 'DROP'] as const;
const answers = ['OPEN', 'OPEN', 'OPEN'] as const;

const health = (readyEndpoints: number): BackendHealth => ({ readyEndpoints, readAt: at });
const seen = (connections: readonly Connection[], more: Partial<Evidence> = {}): Evidence => ({
  phase: 'enforced',
  startedAt: at,
  endedAt: at,
  kernel: '6.8.0-1021-azure',
  targets: [tested, other, open],
  convergence: { reached: true, rounds: 1, elapsedMs: 1 },
  connections,
  backends: { before: health(2), after: health(2) },
  ...more,
});
const proof = (...outcomes: readonly Outcome[]): Connection[] => dials(tested, 'proof', ...outcomes);
const noBackends = { backends: { before: health(2), after: health(0) } };
const silently = (...outcomes: readonly Outcome[]): Evidence => seen([...proof(...outcomes), ...live]);
const openly = (...outcomes: readonly Outcome[]): Evidence =>
  seen([...proof(...outcomes), ...around(tested, 'OPEN'), ...live]);

const observation = (tested: string): NonNullable<Evidence['observation']> => ({
  startedAt: at,
  slots: 100,
  cadenceMs: 25,
  dialTimeoutMs: 200,
  latenessMs: 1,
  clock: { offsetMs: 0, uncertaintyMs: 1, exchanges: 8 },
  tracks: { 'node-1:30080': tested, [other.id]: '100o', [open.id]: '100o' },
  held: [],
  ended: 'read',
});
const cut = { id: 'hepflow-back', state: 'Disconnected', provisioningState: 'Succeeded' };
const otherCause: Evidence['witnesses'] = {
  deniedPackets: {},
  securityRules: { missing: '' },
  routes: { missing: '' },
  peerings: [{ ...cut, id: 'hepflow-there', state: 'Connected' }, cut],
};

/** In the order of the rules; the first example of a sentence is the one that docs/verdicts.md shows. */
export const examples: readonly Example[] = [
  ...[
    seen([], { phase: 'baseline' }),
    silently(),
    silently(...answers),
    silently('DROP', 'OPEN', 'DROP'),
    seen([...proof(...silence), ...live], { observation: observation('40o30d1o29d') }),
    seen([...proof(...silence), ...live], { observation: observation('40o30d2o28d') }),
    silently('DROP', 'DROP', 'PROBE_FAULT'),
    seen([...proof(...silence), ...around(other, 'OPEN'), ...around(open, 'DROP')]),
    seen([...proof(...silence), ...live], noBackends),
    silently('RST', 'RST', 'RST'),
    seen([...proof(...silence), ...live], { observation: observation('40o6i30d1i23d') }),
    silently('DROP', 'DROP'),
    seen([...proof(...silence), ...live], { witnesses: otherCause }),
    silently(...silence),
  ].map((evidence) => ({ row: drop, evidence })),
  { row: { ...drop, controls: [] }, evidence: silently(...silence) },
  ...[
    seen([], { phase: 'baseline' }),
    openly(),
    openly('OPEN', 'OPEN', 'PROBE_FAULT'),
    seen([...proof(...silence), ...around(other, 'DROP'), ...around(open, 'DROP')]),
    seen([...proof(...silence), ...live], noBackends),
    silently(...silence),
    silently('ICMP_REJECT', 'ICMP_REJECT', 'ICMP_REJECT'),
    openly('OPEN', 'DROP', 'OPEN'),
    seen([
      ...proof(...answers),
      ...dials(tested, 'before', 'OPEN'),
      ...dials(tested, 'during', 'OPEN'),
      ...dials(tested, 'after', 'DROP'),
    ]),
    openly(...answers),
  ].map((evidence) => ({ row: answer, evidence })),
];
