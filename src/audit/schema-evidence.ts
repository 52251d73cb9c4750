import { z } from 'zod';
import { connectionStages, type Evidence, outcomes } from '../contract/evidence.ts';
import { heldOutcomes, observerEnds } from '../contract/observation.ts';
import { testimonies, witnessScopes } from '../contract/vantage.ts';
import { count, instant, ms, name, sha256, signedMs, target, text } from './schema-values.ts';

const missing = z.strictObject({ missing: text });
const byte = z.int().min(0).max(255);

const connection = z.strictObject({
  target: text,
  stage: z.enum(connectionStages),
  outcome: z.enum(outcomes),
  errno: text.exactOptional(),
  icmp: z.strictObject({ type: byte, code: byte }).exactOptional(),
  sourcePort: z.int().min(0).max(65_535),
  startedAt: instant,
  elapsedMs: ms,
  syns: count,
  response: z.string().exactOptional(),
  fault: z.string().exactOptional(),
});

const health = z.strictObject({
  readyEndpoints: count,
  readAt: instant,
  pods: z.array(z.strictObject({ name: text, node: z.string(), ip: z.string() })).exactOptional(),
});

const held = z.strictObject({
  target: text,
  openedAt: instant,
  checkedAt: instant,
  outcome: z.enum(heldOutcomes),
  response: z.string().exactOptional(),
});

const track = z.string().regex(/^(\d+[odrif-])*$/, 'must be run-length coded outcomes such as 412o96d');
const countSlots = (of: string): number =>
  [...of.matchAll(/\d+/g)].reduce((slots, [digits]) => slots + Number(digits), 0);

const observation = z
  .strictObject({
    startedAt: instant,
    slots: count.max(100_000), // the observer keeps 4800
    cadenceMs: ms.positive(),
    dialTimeoutMs: ms.positive(),
    latenessMs: ms,
    clock: z.strictObject({
      offsetMs: signedMs,
      uncertaintyMs: ms,
      exchanges: count,
      movedMs: signedMs.exactOptional(),
    }),
    tracks: z.record(text, track),
    held: z.array(held),
    ended: z.enum(observerEnds),
  })
  .refine(({ tracks, slots }) => Object.values(tracks).every((each) => countSlots(each) <= slots), {
    path: ['tracks'],
    error: 'must not have more slots than the observer dialled',
  });

const witness = z.strictObject({
  by: name,
  title: text,
  of: z.enum(witnessScopes),
  about: text.nullable(),
  says: z.enum(testimonies),
  because: z.string(),
  packets: count.exactOptional(),
});

/** Seals are looked for by the chain, which says what a missing one means. */
export const evidence = z.strictObject({
  phase: name,
  vantage: name,
  startedAt: instant,
  endedAt: instant,
  kernel: text,
  synLinearTimeouts: count.nullable().exactOptional(),
  targets: z.array(target),
  convergence: z.strictObject({ reached: z.boolean(), rounds: count, elapsedMs: ms }),
  connections: z.array(connection).max(50_000), // a probe makes some dozens
  backends: z.record(text, z.strictObject({ before: health, after: health })),
  answers: z.record(text, z.record(z.string(), count)).exactOptional(),
  observation: z.union([observation, missing]).exactOptional(),
  witnesses: z.array(witness).exactOptional(),
  dropped: z.literal(true).exactOptional(),
  seal: z.strictObject({ previous: text, sha256 }).exactOptional(),
}) satisfies z.ZodType<Evidence>;
