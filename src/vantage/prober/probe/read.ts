import { z } from 'zod';
import type { Connection, Convergence, Evidence } from '../../../contract/evidence.ts';
import type { Missing } from '../../../contract/observation.ts';
import type { DeniedPackets } from '../../../contract/witnesses.ts';
import type { ProbePlan } from './plan.ts';

/** What a prober that ran to its end said. */
export interface ProbeOutput {
  readonly kernel: string;
  readonly synLinearTimeouts: number | null;
  readonly python: string;
  readonly convergence: Convergence;
  readonly connections: readonly Connection[];
  readonly answers: NonNullable<Evidence['answers']>;
  /** By node; empty when the plan asked for none. */
  readonly deniedPackets: Readonly<Record<string, DeniedPackets | Missing>>;
}

/** The output is truncated, malformed or not what was asked for: no evidence at all (W10). */
export class ProbeOutputError extends Error {
  override readonly name = 'ProbeOutputError';
}

const outcome = z.enum(['OPEN', 'DROP', 'RST', 'ICMP_REJECT', 'PROBE_FAULT']);
const count = z.int().nonnegative();
const byte = z.int().min(0).max(255);

const line = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('header'),
    kernel: z.string().min(1),
    python: z.string(),
    synRetries: count.nullable(),
    synLinearTimeouts: count.nullable(),
  }),
  z.strictObject({
    type: z.literal('round'),
    round: count,
    elapsedMs: z.number().nonnegative(),
    seen: z.record(z.string(), z.array(outcome)),
  }),
  z.strictObject({
    type: z.literal('convergence'),
    reached: z.boolean(),
    rounds: count,
    elapsedMs: z.number().nonnegative(),
  }),
  z.strictObject({
    type: z.literal('connection'),
    target: z.string(),
    stage: z.enum(['before', 'proof', 'during', 'after']),
    outcome,
    errno: z.string().exactOptional(),
    icmp: z.strictObject({ type: byte, code: byte }).exactOptional(),
    sourcePort: z.int().min(0).max(65535),
    startedAt: z.iso.datetime({ precision: 3 }),
    elapsedMs: z.number().nonnegative(),
    syns: count,
    response: z.string().exactOptional(),
    fault: z.string().min(1).exactOptional(),
  }),
  z.strictObject({
    type: z.literal('live'),
    seen: z.record(z.string(), z.array(outcome)),
    syns: z.record(z.string(), count),
  }),
  z.strictObject({ type: z.literal('answers'), target: z.string(), lines: z.record(z.string(), z.int().positive()) }),
  z.strictObject({
    type: z.literal('counter'),
    node: z.string(),
    missing: z.string().min(1).exactOptional(),
    source: z.string().exactOptional(),
    before: count.nullable().exactOptional(),
    after: count.nullable().exactOptional(),
  }),
  z.strictObject({ type: z.literal('done'), connections: count }),
]);

export type Line = z.infer<typeof line>;

/** One line of the prober's output. Throws ProbeOutputError. */
export function readLine(text: string): Line {
  try {
    return line.parse(JSON.parse(text));
  } catch (cause) {
    throw new ProbeOutputError(`The prober printed a line that it cannot have printed: ${text.slice(0, 200)}`, {
      cause,
    });
  }
}

/** The whole output of one run of the plan. Throws ProbeOutputError unless every line is known, in its place, and none is missing. */
export function readOutput(stdout: string, plan: ProbePlan): ProbeOutput {
  if (!stdout.endsWith('\n'))
    throw new ProbeOutputError(
      stdout === '' ? 'The prober printed nothing.' : 'The prober stopped in the middle of a line.',
    );
  const lines = stdout.trimEnd().split('\n').map(readLine);
  const [header] = lines;
  const done = lines.at(-1);
  if (header?.type !== 'header') throw new ProbeOutputError('The prober did not begin with its header.');
  if (done?.type !== 'done') throw new ProbeOutputError('The prober did not reach its end.');
  const middle = lines.slice(1, -1);
  const convergence = only(middle.filter((one) => one.type === 'convergence').map(({ type: _, ...rest }) => rest));
  const connections = middle.filter((one) => one.type === 'connection').map(({ type: _, ...rest }) => rest);
  const strays = middle.filter((one) => one.type === 'header' || one.type === 'done');
  if (strays.length > 0) throw new ProbeOutputError('The prober began or ended twice.');
  if (connections.length !== done.connections)
    throw new ProbeOutputError(
      `The prober made ${done.connections} connections but ${connections.length} came through.`,
    );
  checkAgainst(plan, connections);
  return {
    kernel: header.kernel,
    synLinearTimeouts: header.synLinearTimeouts,
    python: header.python,
    convergence,
    connections,
    answers: answersIn(middle, plan),
    deniedPackets: countersIn(middle, plan),
  };
}

function only(found: readonly Convergence[]): Convergence {
  const [one, ...more] = found;
  if (one === undefined || more.length > 0)
    throw new ProbeOutputError(`The prober told ${found.length} times about convergence.`);
  return one;
}

function checkAgainst(plan: ProbePlan, connections: readonly Connection[]): void {
  const known = new Set(plan.targets.map(({ id }) => id));
  const stranger = connections.find(({ target }) => !known.has(target));
  if (stranger !== undefined)
    throw new ProbeOutputError(`The prober dialled ${stranger.target.slice(0, 100)}, which it was not asked to.`);
  for (const { id } of plan.targets) {
    const made = (stage: Connection['stage']): number =>
      connections.filter((one) => one.target === id && one.stage === stage).length;
    const bracket = plan.expected[id] === 'OPEN' ? 1 : 0;
    const right =
      made('proof') === plan.settings.connections &&
      made('before') === bracket &&
      made('after') === bracket &&
      made('during') >= bracket;
    if (!right) throw new ProbeOutputError(`The prober did not dial ${id} as often as it was asked to.`);
  }
}

function answersIn(lines: readonly Line[], { targets, expected }: ProbePlan): ProbeOutput['answers'] {
  const told = lines.filter((one) => one.type === 'answers');
  const denies = Object.values(expected).includes('DROP');
  const asked = targets
    .filter(({ id, kind }) => denies && kind === 'nodePort' && expected[id] === 'OPEN')
    .map(({ id }) => id);
  checkNames(
    told.map(({ target }) => target),
    asked,
    'answers',
  );
  return Object.fromEntries(told.map(({ target, lines: counts }) => [target, counts]));
}

function countersIn(lines: readonly Line[], { targets, deniedPackets }: ProbePlan): ProbeOutput['deniedPackets'] {
  const told = lines.filter((one) => one.type === 'counter');
  const asked = deniedPackets === null ? [] : [...new Set(targets.map(({ node }) => node))];
  checkNames(
    told.map(({ node }) => node),
    asked,
    'counters',
  );
  return Object.fromEntries(
    told.map(({ node, missing, source = '', before, after }) => {
      if (missing !== undefined) return [node, { missing }];
      if (before === undefined || after === undefined)
        throw new ProbeOutputError(`The prober told half of what ${node} counted.`);
      return [node, { source, before, after }];
    }),
  );
}

function checkNames(told: readonly string[], asked: readonly string[], what: string): void {
  const same = told.length === asked.length && asked.every((name) => told.includes(name));
  if (!same)
    throw new ProbeOutputError(
      `The prober told ${what} of ${told.length}, and not of just the ${asked.length} that it was asked for.`,
    );
}
