import { z } from 'zod';
import type { Evidence } from '../contract/evidence.ts';

export const text = z.string().min(1);
export const count = z.int().nonnegative();
export const ms = z.number().nonnegative();
/** ISO 8601 in UTC; with milliseconds, except where Azure or Kubernetes wrote it. */
export const instant = z.iso.datetime();
export const phase = z.enum(['baseline', 'enforced', 'second', 'restored']);
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
export const missing = z.strictObject({ missing: text });

export const target = z.strictObject({
  id: text,
  node: text,
  address: text,
  port: z.int().min(1).max(65_535),
  kind: z.enum(['nodePort', 'openPort']),
});

const byte = z.int().min(0).max(255);

export const outcome = z.enum(['OPEN', 'DROP', 'RST', 'ICMP_REJECT', 'PROBE_FAULT']);

export const connection = z.strictObject({
  target: text,
  stage: z.enum(['before', 'proof', 'during', 'after']),
  outcome,
  errno: text.exactOptional(),
  icmp: z.strictObject({ type: byte, code: byte }).exactOptional(),
  sourcePort: z.int().min(0).max(65_535),
  startedAt: instant,
  elapsedMs: ms,
  syns: count,
  response: z.string().exactOptional(),
  fault: z.string().exactOptional(),
});

const backends = z.strictObject({
  readyEndpoints: count,
  readAt: instant,
  pods: z.array(z.strictObject({ name: text, node: z.string(), ip: z.string() })).exactOptional(),
});

const observation = z.strictObject({
  startedAt: instant,
  slots: count.max(100_000), // the observer keeps 4800
  cadenceMs: z.number().positive(),
  dialTimeoutMs: z.number().positive(),
  latenessMs: ms,
  clock: z.strictObject({ offsetMs: z.number(), uncertaintyMs: ms, exchanges: count }),
  tracks: z.record(text, z.string().regex(/^(\d+[odrif-])*$/, 'must be run-length coded outcomes such as 412o96d')),
  held: z.array(
    z.strictObject({
      target: text,
      openedAt: instant,
      checkedAt: instant,
      outcome: z.enum(['answered', 'silent', 'closed', 'reset', 'unopened']),
      response: z.string().exactOptional(),
    }),
  ),
  ended: z.enum(['read', 'bound']),
});

const peering = z.strictObject({ id: text, state: z.string(), provisioningState: z.string() });
const packets = z.strictObject({ source: text, before: count.nullable(), after: count.nullable() });

const witnesses = z.strictObject({
  deniedPackets: z.record(text, z.union([packets, missing])),
  securityRules: z.union([
    missing,
    z.record(text, z.strictObject({ access: z.enum(['Allow', 'Deny']), rule: z.string() })),
  ]),
  routes: z.union([missing, z.record(text, z.strictObject({ nextHop: z.string(), prefix: z.string() }))]),
  peerings: z.union([z.array(peering), missing]),
});

/** Seals are looked for by the chain, which says what a missing one means. */
export const evidence = z.strictObject({
  phase,
  startedAt: instant,
  endedAt: instant,
  kernel: text,
  synLinearTimeouts: count.nullable().exactOptional(),
  targets: z.array(target),
  convergence: z.strictObject({ reached: z.boolean(), rounds: count, elapsedMs: ms }),
  connections: z.array(connection),
  backends: z.strictObject({ before: backends, after: backends }),
  answers: z.record(text, z.record(z.string(), count)).exactOptional(),
  observation: z.union([observation, missing]).exactOptional(),
  witnesses: witnesses.exactOptional(),
  seal: z.strictObject({ previous: text, sha256 }).exactOptional(),
}) satisfies z.ZodType<Evidence>;
