/** The observer on a vantage: started before a change, read back after its proof. The judge decides what it means. */

import type { RunResult, Stdin } from '../../../adapters/ssh/index.ts';
import { describeError } from '../../../contract/brief.ts';
import type { ClockOffset, Missing, Observation } from '../../../contract/observation.ts';
import type { ObserverInput } from '../../../contract/steps.ts';
import type { StepContext, Tools } from '../../../step/context.ts';
import { locateSession } from '../../session.ts';
import { failProber } from '../fail.ts';
import { createObserverCommand, createReadPlan, createStartPlan } from './plan.ts';
import {
  type ClockExchange,
  clockExchanges,
  joinClocks,
  measureClockOffset,
  ObserverOutputError,
  readObservation,
  readObserverLine,
  readReady,
} from './read.ts';

/**
 * What a session may take beside what it waits for: login, Python's start, the last dials, the held connections'
 * answers.
 */
const sessionMs = 20_000;

/**
 * Leaves an observer behind that sees its targets; one that runs already is left alone (W9). Fails with ProberFailed,
 * or as SSH does.
 */
export async function startObserver(
  input: ObserverInput,
  tools: Pick<Tools, 'ssh' | 'keysOf'>,
  context: Pick<StepContext, 'run' | 'signal' | 'attempt'>,
): Promise<void> {
  const plan = createStartPlan(context.run.runId, input);
  const { command, stdin } = createObserverCommand(plan);
  const options = { stdin, signal: context.signal, timeoutMs: plan.openWithinMs + sessionMs };
  const result = await tools.ssh.run(locateSession(input.session, tools, context), command, options);
  try {
    readReady(readStdout(result));
  } catch (error) {
    throw error instanceof ObserverOutputError ? failProber(error.message, context.attempt, error) : error;
  }
}

/** A session that waits beside the prober's, so that reading back takes no login of its own. */
export interface ObserverReading {
  /**
   * Stops the observer after so many milliseconds, and gives what it saw, or the reason why that cannot be had. Throws
   * only when the step is aborted.
   */
  finish(afterMs: number): Promise<Observation | Missing>;
  /** Ends the session; the observer goes on. */
  giveUp(): void;
}

/** How often a session is made at most when it is lost: what the observer reports stays the same (W9). */
const tries = 3;

/** `longestMs`: until the observer will be asked to stop, and how long it may be asked to go on, together. */
export function openReading(
  input: ObserverInput,
  longestMs: number,
  tools: Pick<Tools, 'ssh' | 'keysOf'>,
  context: StepContext,
): ObserverReading {
  const stop = Promise.withResolvers<number>();
  const over = new AbortController();
  const terms: Terms = {
    stop: stop.promise,
    clocks: [],
    timeoutMs: longestMs + sessionMs,
    signal: AbortSignal.any([context.signal, over.signal]),
  };
  const first = readOnce(input, terms, tools, context);
  first.catch(() => {}); // finish() looks at it, if it is called
  return {
    finish: async (afterMs) => {
      stop.resolve(afterMs);
      let why: unknown;
      for (let left = tries; left > 0; left -= 1) {
        try {
          return await (left === tries ? first : readOnce(input, terms, tools, context));
        } catch (error) {
          context.signal.throwIfAborted();
          why = error;
          if (error instanceof ObserverOutputError) break; // an answer, never asked for again (W10)
        }
      }
      return { missing: describeError(why) };
    },
    giveUp: () => over.abort(new Error('nobody waits for it any more')),
  };
}

interface Terms {
  /** Every comparison of the clocks, those of sessions that were lost too. */
  readonly clocks: ClockOffset[];
  readonly stop: Promise<number>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Compares the clocks, waits until it may stop the observer, takes what that reports, and compares the clocks again: a
 * machine may set its clock at any moment.
 */
async function readOnce(
  { phase, session, targets }: ObserverInput,
  { stop, clocks, timeoutMs, signal }: Terms,
  tools: Pick<Tools, 'ssh' | 'keysOf'>,
  context: StepContext,
): Promise<Observation | Missing> {
  let exchanges: ClockExchange[] = [];
  let [sentAtMs, isRead] = [0, false];
  const next = (stdin: Stdin): void => {
    if (exchanges.length < clockExchanges) {
      sentAtMs = Date.now();
      stdin.write('clock\n');
      return;
    }
    clocks.push(measureClockOffset(exchanges));
    exchanges = [];
    if (isRead) stdin.end();
    else void stop.then((afterMs) => stdin.write(`stop ${afterMs}\n`));
  };
  const onLine = (line: string, stdin: Stdin): void => {
    const answeredAtMs = Date.now();
    const told = readObserverLine(line);
    if (told.type === 'clock') exchanges.push({ sentAtMs, answeredAtMs, theirsMs: told.atMs });
    if (told.type === 'observation' || told.type === 'missing') isRead = true;
    next(stdin);
  };
  const { command, stdin } = createObserverCommand(createReadPlan(context.run.runId, phase));
  const result = await tools.ssh.run(locateSession(session, tools, context), command, {
    stdin,
    dialogue: true,
    signal,
    timeoutMs,
    onLine,
  });
  const observed = readObservation(readStdout(result), targets);
  if ('missing' in observed) return observed;
  const { cpuShare: _, ...observation } = observed;
  return { ...observation, clock: joinClocks(clocks) };
}

function readStdout({ stdout, stderr, exitCode, signal }: RunResult): string {
  if (exitCode === 0) return stdout;
  const how = signal === undefined ? `with exit code ${exitCode}` : `by signal ${signal}`;
  throw new ObserverOutputError(`The observer's session ended ${how}: ${stderr.trim().slice(-300)}`);
}
