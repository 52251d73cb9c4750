/**
 * Evidence by hand: two nodes, each with a NodePort of one service and a port that stays open, dialled from one
 * vantage.
 */
import type { Connection, Evidence, Expected, Outcome, Target } from '../../src/contract/evidence.ts';
import type { Expectation } from '../../src/contract/verdict.ts';

export const vantage = 'vm';
export const service = 'demo/frontend';

/** The worker's clock when everything begins, and so many milliseconds after it. */
export const startMs = Date.parse('2026-01-02T03:04:05.000Z');
export const workers = (ms: number): string => new Date(startMs + ms).toISOString();

/** A NodePort of the service, or another port: `createTarget('node-1:10250', 'openPort')`. */
export function createTarget(id: string, kind: Target['kind'] = 'nodePort', address = '10.0.0.1'): Target {
  const [node = '', port = ''] = id.split(':');
  return { id, node, address, port: Number(port), kind, ...(kind === 'nodePort' && { service }) };
}

export const first = createTarget('node-1:30080');
export const second = createTarget('node-2:30080', 'nodePort', '10.0.0.2');
export const firstOpen = createTarget('node-1:10250', 'openPort');
export const secondOpen = createTarget('node-2:10250', 'openPort', '10.0.0.2');
export const targets = [first, second, firstOpen, secondOpen] as const;

/** A row for each target: those named are to be silent, with all others as controls; the rest is to be open. */
export function createRows(
  phase: string,
  silent: readonly Target[] = [],
  among: readonly Target[] = targets,
): Expectation[] {
  const isSilent = ({ id }: Target): boolean => silent.some((one) => one.id === id);
  const controls = among.filter((target) => !isSilent(target)).map(({ id }) => id);
  return among.map((target) => createRow(phase, target, isSilent(target) ? 'DROP' : 'OPEN', controls));
}

/** The row of one target; an open one has no controls. */
export const createRow = (
  phase: string,
  target: Target,
  expected: Expected,
  controls: readonly string[] = [],
): Expectation => ({ phase, vantage, target, expected, controls: expected === 'DROP' ? controls : [] });

/** What a connection shows beside its outcome. */
const looks: Readonly<Record<Outcome, Partial<Connection>>> = {
  OPEN: { elapsedMs: 1.2 },
  DROP: { elapsedMs: 3001, syns: 3 },
  RST: { errno: 'ECONNREFUSED' },
  ICMP_REJECT: { errno: 'EHOSTUNREACH', icmp: { type: 3, code: 13 } },
  PROBE_FAULT: { syns: 0, fault: 'this host could not send: Network is unreachable' },
};

/** A connection for each outcome, each from a source port of its own. */
export const dial = (
  { id }: Pick<Target, 'id'>,
  stage: Connection['stage'],
  outcomes: readonly Outcome[] = ['OPEN'],
  more: Partial<Connection> = {},
): Connection[] =>
  outcomes.map((outcome, place) => ({
    ...{ target: id, stage, outcome, sourcePort: 40_000 + place, startedAt: workers(0), elapsedMs: 1, syns: 1 },
    ...looks[outcome],
    ...more,
  }));

/** A proof of three connections. */
export const prove = (target: Pick<Target, 'id'>, outcome: Outcome, more: Partial<Connection> = {}): Connection[] =>
  dial(target, 'proof', [outcome, outcome, outcome], more);

/** Dials before, during and after the proof. */
export const dialAround = (target: Pick<Target, 'id'>, outcome: Outcome = 'OPEN'): Connection[] =>
  (['before', 'during', 'after'] as const).flatMap((stage) => dial(target, stage, [outcome]));

/** Every target's connections as its row expects them. */
export const dialAll = (rows: readonly Expectation[]): Connection[] =>
  rows.flatMap(({ target, expected }) => [
    ...prove(target, expected),
    ...(expected === 'OPEN' ? dialAround(target) : []),
  ]);

/** Health of the service, with so many ready endpoints before and after. */
export function createBackends(
  before = 2,
  after = before,
  pods?: readonly { readonly name: string; readonly node: string; readonly ip: string }[],
): Evidence['backends'] {
  const report = (readyEndpoints: number) => ({ readyEndpoints, readAt: workers(0), ...(pods && { pods }) });
  return { [service]: { before: report(before), after: report(after) } };
}

/** Evidence of a world that behaves as the rows of a phase expect, but for what is given. */
export const createEvidence = (rows: readonly Expectation[], more: Partial<Evidence> = {}): Evidence => ({
  phase: rows[0]?.phase ?? '',
  vantage: rows[0]?.vantage ?? vantage,
  startedAt: workers(1000),
  endedAt: workers(9000),
  kernel: '6.8.0-1021-azure',
  targets: rows.map(({ target }) => target),
  convergence: { reached: true, rounds: 1, elapsedMs: 1 },
  connections: dialAll(rows),
  backends: createBackends(),
  ...more,
});
