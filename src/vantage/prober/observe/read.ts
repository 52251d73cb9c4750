import { z } from 'zod';
import type { Target } from '../../../contract/evidence.ts';
import {
  type ClockOffset,
  heldOutcomes,
  type Missing,
  type Observation,
  observerEnds,
} from '../../../contract/observation.ts';
import { bounded } from '../bounds.ts';
import { mostSlots } from './plan.ts';

/** What the observer printed is truncated, malformed or about something else: no observation (W10). */
export class ObserverOutputError extends Error {
  override readonly name = 'ObserverOutputError';
}

/**
 * What the observer knows; the clock's offset is measured by whoever reads it. `cpuShare`: its processor time as a
 * share of one processor.
 */
export type Observed = Omit<Observation, 'clock'> & { readonly cpuShare: number };

const { text, instant, durationMs } = bounded;

/** Runs of at least one slot; a run takes at least two characters. */
const track = z
  .string()
  .max(2 * mostSlots)
  .regex(/^([1-9]\d{0,5}[odrif-])*$/);

const line = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready'), fresh: z.boolean(), open: z.array(text) }),
  z.strictObject({ type: z.literal('hello') }),
  z.strictObject({ type: z.literal('clock'), atMs: bounded.clockMs }),
  z.strictObject({ type: z.literal('missing'), reason: text.min(1) }),
  z.strictObject({
    type: z.literal('observation'),
    startedAt: instant,
    slots: bounded.count.max(mostSlots),
    cadenceMs: z.int().positive().max(1000),
    dialTimeoutMs: z.int().positive().max(60_000),
    latenessMs: durationMs,
    tracks: z.record(text, track),
    held: z.array(
      z.strictObject({
        target: text,
        openedAt: instant,
        checkedAt: instant,
        outcome: z.enum(heldOutcomes),
        response: text.exactOptional(),
      }),
    ),
    ended: z.enum(observerEnds),
    cpuShare: z.number().nonnegative(),
  }),
]);

type ObserverLine = z.infer<typeof line>;

/** One line of a session with the observer's program. Throws ObserverOutputError. */
export function readObserverLine(text: string): ObserverLine {
  try {
    return line.parse(JSON.parse(text));
  } catch (cause) {
    throw new ObserverOutputError(`The observer printed a line that it cannot have printed: ${text.slice(0, 200)}`, {
      cause,
    });
  }
}

/** Whether the start left an observer behind; `open`: the targets that it has seen open. Throws ObserverOutputError. */
export function readReady(stdout: string): { readonly fresh: boolean; readonly open: readonly string[] } {
  const [ready, ...more] = linesOf(stdout);
  if (ready?.type !== 'ready' || more.length > 0)
    throw new ObserverOutputError('The observer did not report that it is ready.');
  return { fresh: ready.fresh, open: ready.open };
}

/**
 * What a reading-back session ended with. Throws ObserverOutputError unless it is whole and about these targets and no
 * other.
 */
export function readObservation(stdout: string, targets: readonly Target[]): Observed | Missing {
  const [hello, ...rest] = linesOf(stdout);
  const end = rest.findIndex(({ type }) => type !== 'clock');
  const [found, ...after] = end === -1 ? [] : rest.slice(end);
  const isTooLong = end > clockExchanges || after.length > clockExchanges || rest.length > 2 * clockExchanges + 1;
  if (hello?.type !== 'hello' || isTooLong || after.some(({ type }) => type !== 'clock'))
    throw new ObserverOutputError('The observer strayed from the dialogue.');
  if (found?.type === 'missing') return { missing: found.reason };
  if (found?.type !== 'observation') throw new ObserverOutputError('The observer did not reach its end.');
  const { type: _, ...observed } = found;
  checkAgainst(observed, targets);
  return observed;
}

function linesOf(stdout: string): ObserverLine[] {
  if (!stdout.endsWith('\n'))
    throw new ObserverOutputError(
      stdout === '' ? 'The observer printed nothing.' : 'The observer stopped in the middle of a line.',
    );
  return stdout.trimEnd().split('\n').map(readObserverLine);
}

function checkAgainst({ tracks, held, slots }: Observed, targets: readonly Target[]): void {
  const sameNames = (some: readonly string[], others: readonly Target[]): boolean =>
    some.length === others.length && others.every(({ id }) => some.includes(id));
  if (!sameNames(Object.keys(tracks), targets))
    throw new ObserverOutputError('The observer did not dial what it was asked to.');
  const long = Object.entries(tracks).find(([, track]) => countSlots(track) !== slots);
  if (long !== undefined)
    throw new ObserverOutputError(
      `The observer reports ${slots} slots, and ${countSlots(long[1])} for ${long[0].slice(0, 100)}.`,
    );
  const nodePorts = targets.filter(({ kind }) => kind === 'nodePort');
  if (
    !sameNames(
      held.map(({ target }) => target),
      nodePorts,
    )
  )
    throw new ObserverOutputError('The observer did not hold the connections that it was asked to.');
}

const countSlots = (track: string): number => [...track.matchAll(/\d+/g)].reduce((sum, [run]) => sum + Number(run), 0);

/**
 * One line sent and its answer: both moments on this side's clock, that of the answer on the other's, in milliseconds.
 */
export interface ClockExchange {
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
  readonly theirsMs: number;
}

/** Exchanges of one comparison of the clocks. A session compares them twice. */
export const clockExchanges = 8;

/**
 * The offset from the exchange with the shortest round trip; the answer's moment lies somewhere within it. This side's
 * clock shows whole milliseconds, as all times of the run do: the moment of receipt may be up to 1 ms later than shown,
 * so half a millisecond is part of the uncertainty.
 */
export function measureClockOffset(exchanges: readonly ClockExchange[]): ClockOffset {
  const [best] = exchanges.toSorted((a, b) => a.answeredAtMs - a.sentAtMs - (b.answeredAtMs - b.sentAtMs));
  if (best === undefined) throw new ObserverOutputError('The clocks were not compared.');
  const [least, most] = [best.theirsMs - best.answeredAtMs - 1, best.theirsMs - best.sentAtMs];
  return {
    offsetMs: roundToThousandth((least + most) / 2),
    uncertaintyMs: roundToThousandth((most - least) / 2),
    exchanges: exchanges.length,
  };
}

/**
 * What holds for a whole observation, from every comparison around it: where no one offset agrees with all of them, the
 * clock moved, and nobody knows when; so the uncertainty reaches over all that was measured.
 */
export function joinClocks(comparisons: readonly ClockOffset[]): ClockOffset {
  const [best] = comparisons.toSorted((a, b) => a.uncertaintyMs - b.uncertaintyMs);
  const [first, last] = [comparisons[0], comparisons.at(-1)];
  if (best === undefined || first === undefined || last === undefined)
    throw new ObserverOutputError('The clocks were not compared.');
  const exchanges = comparisons.reduce((sum, each) => sum + each.exchanges, 0);
  const lows = comparisons.map(({ offsetMs, uncertaintyMs }) => offsetMs - uncertaintyMs);
  const highs = comparisons.map(({ offsetMs, uncertaintyMs }) => offsetMs + uncertaintyMs);
  if (Math.max(...lows) <= Math.min(...highs)) return { ...best, exchanges };
  const [least, most] = [Math.min(...lows), Math.max(...highs)];
  return {
    offsetMs: roundToThousandth((least + most) / 2),
    uncertaintyMs: roundToThousandth((most - least) / 2),
    exchanges,
    movedMs: roundToThousandth(last.offsetMs - first.offsetMs),
  };
}

const roundToThousandth = (ms: number): number => Math.round(ms * 1000) / 1000;
