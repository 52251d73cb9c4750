import { z } from 'zod';
import {
  type Connection,
  type Convergence,
  connectionStages,
  type Evidence,
  outcomes,
} from '../../../contract/evidence.ts';
import type { Witness } from '../../../contract/vantage.ts';
import { bounded } from '../bounds.ts';
import { createCounterWitness, notAsked } from './counters.ts';
import type { ProbePlan } from './plan.ts';

/** What a prober that ran to its end reported. */
export interface ProbeOutput {
  readonly kernel: string;
  readonly synLinearTimeouts: number | null;
  readonly convergence: Convergence;
  readonly connections: readonly Connection[];
  readonly answers: NonNullable<Evidence['answers']>;
  /** One witness for each node. */
  readonly deniedPackets: readonly Witness[];
}

/** The output is truncated, malformed or not what was asked for: no evidence at all (W10). */
export class ProbeOutputError extends Error {
  override readonly name = 'ProbeOutputError';
}

const outcome = z.enum(outcomes);
const { text, count, durationMs } = bounded;
const counts = z.record(text, count);
const seen = z.record(text, z.array(outcome).max(outcomes.length));
/** More first lines of answers than the prober asks for. */
const lines = z.record(text, z.int().positive().max(1000)).refine((all) => Object.keys(all).length <= 100);
const byte = z.int().min(0).max(255);

const line = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('header'),
    kernel: text.min(1),
    synLinearTimeouts: count.nullable(),
  }),
  z.strictObject({
    type: z.literal('round'),
    round: count,
    elapsedMs: durationMs,
    seen,
  }),
  z.strictObject({
    type: z.literal('convergence'),
    reached: z.boolean(),
    rounds: count,
    elapsedMs: durationMs,
  }),
  z.strictObject({
    type: z.literal('connection'),
    target: text,
    stage: z.enum(connectionStages),
    outcome,
    errno: text.exactOptional(),
    icmp: z.strictObject({ type: byte, code: byte }).exactOptional(),
    sourcePort: z.int().min(0).max(65535),
    startedAt: bounded.instant,
    elapsedMs: durationMs,
    syns: count.max(1000),
    response: text.exactOptional(),
    fault: text.min(1).exactOptional(),
  }),
  z.strictObject({
    type: z.literal('live'),
    seen,
    syns: counts,
  }),
  z.strictObject({ type: z.literal('answers'), target: text, lines }),
  z.strictObject({
    type: z.literal('counter'),
    node: text,
    missing: text.min(1).exactOptional(),
    source: text.exactOptional(),
    before: counts.exactOptional(),
    after: counts.exactOptional(),
  }),
  z.strictObject({ type: z.literal('done'), connections: count }),
]);

export type ProbeLine = z.infer<typeof line>;

/** One line of the prober's output. Throws ProbeOutputError. */
export function readProbeLine(text: string): ProbeLine {
  try {
    return line.parse(JSON.parse(text));
  } catch (cause) {
    throw new ProbeOutputError(`The prober printed a line that it cannot have printed: ${text.slice(0, 200)}`, {
      cause,
    });
  }
}

/**
 * The whole output of one run of the plan. Throws ProbeOutputError unless every line is known, in its place, and none
 * is missing.
 */
export function readProbeOutput(stdout: string, plan: ProbePlan): ProbeOutput {
  if (!stdout.endsWith('\n'))
    throw new ProbeOutputError(
      stdout === '' ? 'The prober printed nothing.' : 'The prober stopped in the middle of a line.',
    );
  const lines = stdout.trimEnd().split('\n').map(readProbeLine);
  const [header] = lines;
  const done = lines.at(-1);
  if (header?.type !== 'header') throw new ProbeOutputError('The prober did not begin with its header.');
  if (done?.type !== 'done') throw new ProbeOutputError('The prober did not reach its end.');
  const middle = lines.slice(1, -1);
  const convergence = pickOnly(middle.filter((one) => one.type === 'convergence').map(({ type: _, ...rest }) => rest));
  const connections = middle.filter((one) => one.type === 'connection').map(({ type: _, ...rest }) => rest);
  const strays = middle.filter((one) => one.type === 'header' || one.type === 'done');
  if (strays.length > 0) throw new ProbeOutputError('The prober began or ended twice.');
  if (connections.length !== done.connections)
    throw new ProbeOutputError(
      `The prober made ${done.connections} connections but ${connections.length} came through.`,
    );
  checkAgainst(plan, connections);
  checkNumber(plan, connections.length);
  return {
    kernel: header.kernel,
    synLinearTimeouts: header.synLinearTimeouts,
    convergence,
    connections,
    answers: readAnswers(middle, plan),
    deniedPackets: readCounters(middle, plan),
  };
}

function pickOnly(found: readonly Convergence[]): Convergence {
  const [one, ...more] = found;
  if (one === undefined || more.length > 0)
    throw new ProbeOutputError(`The prober reported ${found.length} times on convergence.`);
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

/** Beside the proof, each control is dialled before, after, and once a second. */
function checkNumber({ targets, settings }: ProbePlan, made: number): void {
  const most = targets.length * (settings.connections + 3 + Math.ceil(settings.budgetMs / 1000));
  if (made > most)
    throw new ProbeOutputError(`The prober made ${made} connections, and cannot have made more than ${most}.`);
}

function readAnswers(lines: readonly ProbeLine[], { targets, expected }: ProbePlan): ProbeOutput['answers'] {
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

function readCounters(lines: readonly ProbeLine[], { targets, deniedPackets }: ProbePlan): readonly Witness[] {
  const told = lines.filter((one) => one.type === 'counter');
  const nodes = [...new Set(targets.map(({ node }) => node))];
  const asked = deniedPackets === null ? [] : nodes;
  checkNames(
    told.map(({ node }) => node),
    asked,
    'counters',
  );
  if (deniedPackets === null) return nodes.map((node) => createCounterWitness(node, notAsked));
  return told.map(({ node, missing, source, before, after }) => {
    if (missing !== undefined) return createCounterWitness(node, missing);
    if (source === undefined || before === undefined || after === undefined)
      throw new ProbeOutputError(`The prober reported half of what ${node} counted.`);
    const stranger = Object.keys({ ...before, ...after }).find((policy) => !deniedPackets.policies.includes(policy));
    if (stranger !== undefined)
      throw new ProbeOutputError(`The prober counted for ${stranger.slice(0, 100)}, which it was not asked to.`);
    return createCounterWitness(node, { source, before, after });
  });
}

function checkNames(told: readonly string[], asked: readonly string[], what: string): void {
  const same = told.length === asked.length && asked.every((name) => told.includes(name));
  if (!same)
    throw new ProbeOutputError(
      `The prober reported ${what} of ${told.length}, and not of just the ${asked.length} that it was asked for.`,
    );
}
