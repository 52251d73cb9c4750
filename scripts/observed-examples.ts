/** Evidence with an observer's dials, as runs give it: two nodes, the VM's clock ahead of the worker's. */
import type { Evidence, Phase, Target } from '../src/contract/evidence.ts';
import type { HeldConnection, Observation } from '../src/contract/observation.ts';
import type { Mark } from '../src/contract/report.ts';
import { type Dial, trackOf } from '../src/evidence/track.ts';

const portOf = (node: string, port: number, kind: Target['kind'], address: string): Target => ({
  id: `${node}:${port}`,
  node,
  address,
  port,
  kind,
});
export const first = portOf('node-1', 30080, 'nodePort', '10.0.0.1');
export const second = portOf('node-2', 30080, 'nodePort', '10.0.0.2');
export const firstOpen = portOf('node-1', 10250, 'openPort', '10.0.0.1');
export const secondOpen = portOf('node-2', 10250, 'openPort', '10.0.0.2');
export const targets = [first, second, firstOpen, secondOpen] as const;

/** Worker's clock when slot 0 began. */
export const startMs = Date.parse('2026-01-02T03:04:05.000Z');
export const clock = { offsetMs: 5000, uncertaintyMs: 1, exchanges: 8 };
export const cadenceMs = 25;

/** The worker's clock, so many milliseconds after slot 0 began. */
export const workers = (ms: number): string => new Date(startMs + ms).toISOString();
/** The same moment on the VM's. */
export const vms = (ms: number): string => workers(ms + clock.offsetMs);

export const mark = (name: Mark['name'], from: number, to = from + 10, node?: string): Mark => ({
  name,
  from: workers(from),
  to: workers(to),
  ...(node === undefined ? {} : { node }),
});

/** Dials from runs such as `40o 60d`. */
export const dials = (text: string): Dial[] =>
  [...text.matchAll(/(\d+)([odrif-])/g)].flatMap(([, count, letter]) =>
    Array.from({ length: Number(count) }, () => letter as Dial),
  );

export function observation(
  tracks: Readonly<Record<string, readonly Dial[]>>,
  more: Partial<Observation> = {},
): Observation {
  const slots = Math.max(...Object.values(tracks).map((track) => track.length));
  const whole = targets.map(({ id }) => [id, trackOf(tracks[id] ?? Array.from({ length: slots }, () => 'o'))] as const);
  return {
    startedAt: vms(0),
    slots,
    cadenceMs,
    dialTimeoutMs: 200,
    latenessMs: 2,
    clock,
    tracks: Object.fromEntries(whole),
    held: [],
    ended: 'read',
    ...more,
  };
}

/** A connection as observers hold it: opened before slot 0, asked `ms` after it. */
export const heldOn = (target: Target, outcome: HeldConnection['outcome'], ms: number): HeldConnection => ({
  target: target.id,
  openedAt: vms(-500),
  checkedAt: vms(ms),
  outcome,
});

export const evidence = (phase: Phase, seen: Evidence['observation'], more: Partial<Evidence> = {}): Evidence => ({
  phase,
  startedAt: workers(1000),
  endedAt: workers(9000),
  kernel: '6.8.0-1021-azure',
  targets,
  convergence: { reached: true, rounds: 1, elapsedMs: 1 },
  connections: [],
  backends: { before: { readyEndpoints: 2, readAt: workers(0) }, after: { readyEndpoints: 2, readAt: workers(0) } },
  ...(seen === undefined ? {} : { observation: seen }),
  ...more,
});
