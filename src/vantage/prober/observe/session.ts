/** The observer on the VM: started before a change, read back after its proof. What it saw is decided nowhere here. */
import type { RunResult, Stdin } from '../../../adapters/ssh/index.ts';
import { HepflowError } from '../../../contract/failures.ts';
import type { Missing, Observation } from '../../../contract/observation.ts';
import type { ObserverInput } from '../../../contract/steps.ts';
import type { StepContext, Tools } from '../../../step/context.ts';
import { sshTo } from '../../session.ts';
import { observerCommand, readPlan, startPlan } from './plan.ts';
import {
  type ClockExchange,
  clockExchanges,
  clockOffset,
  ObserverOutputError,
  readObserved,
  readObserverLine,
  readReady,
} from './read.ts';

/** What the session itself may take beside what it waits for: login, Python's start, the last dials, the held connections' answers. */
const sessionMs = 20_000;

/** Leaves an observer behind that sees its targets; one that runs already is left alone (W9). Fails with ProberFailed, or as SSH does. */
export async function startObserver(
  input: ObserverInput,
  tools: Pick<Tools, 'ssh' | 'keysOf'>,
  context: Pick<StepContext, 'run' | 'signal'>,
): Promise<void> {
  const plan = startPlan(context.run.runId, input);
  const { command, stdin } = observerCommand(plan);
  const options = { stdin, signal: context.signal, timeoutMs: plan.openWithinMs + sessionMs };
  const result = await tools.ssh.run(sshTo(input.ssh, tools, context), command, options);
  try {
    readReady(stdoutOf(result));
  } catch (error) {
    throw error instanceof ObserverOutputError
      ? new HepflowError('ProberFailed', error.message, { cause: error })
      : error;
  }
}

/** A session that waits beside the prober's, so that reading back takes no login of its own. */
export interface Reading {
  /** Stops the observer after so many milliseconds, and gives what it saw; what cannot be had says why. Throws only when the step is aborted. */
  finish(afterMs: number): Promise<Observation | Missing>;
  /** Ends the session; the observer goes on. */
  giveUp(): void;
}

/** How often a lost session is made again: what the observer says stays the same (W9). */
const tries = 3;

/** `longestMs`: until the observer will be asked to stop, and how long it may be asked to go on, together. */
export function openReading(
  input: ObserverInput,
  longestMs: number,
  tools: Pick<Tools, 'ssh' | 'keysOf'>,
  context: StepContext,
): Reading {
  const stop = Promise.withResolvers<number>();
  const over = new AbortController();
  const session = {
    stop: stop.promise,
    timeoutMs: longestMs + sessionMs,
    signal: AbortSignal.any([context.signal, over.signal]),
  };
  const first = readOnce(input, session, tools, context);
  first.catch(() => {}); // it is looked at in finish(), if it comes to that
  return {
    finish: async (afterMs) => {
      stop.resolve(afterMs);
      let why: unknown;
      for (let left = tries; left > 0; left -= 1) {
        try {
          return await (left === tries ? first : readOnce(input, session, tools, context));
        } catch (error) {
          context.signal.throwIfAborted();
          why = error;
          if (error instanceof ObserverOutputError) break; // an answer, never asked for again (W10)
        }
      }
      return { missing: why instanceof Error ? why.message : String(why) };
    },
    giveUp: () => over.abort(new Error('nobody waits for it any more')),
  };
}

interface Session {
  readonly stop: Promise<number>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Compares the clocks, waits until it may stop the observer, and takes what that says. */
async function readOnce(
  { phase, ssh, targets }: ObserverInput,
  { stop, timeoutMs, signal }: Session,
  tools: Pick<Tools, 'ssh' | 'keysOf'>,
  context: StepContext,
): Promise<Observation | Missing> {
  const exchanges: ClockExchange[] = [];
  let sentAtMs = 0;
  const next = (stdin: Stdin): void => {
    if (exchanges.length === clockExchanges) {
      void stop.then((afterMs) => stdin.write(`stop ${afterMs}\n`));
      return;
    }
    sentAtMs = Date.now();
    stdin.write('clock\n');
  };
  const onLine = (line: string, stdin: Stdin): void => {
    const answeredAtMs = Date.now();
    const told = readObserverLine(line);
    if (told.type === 'clock') exchanges.push({ sentAtMs, answeredAtMs, theirsMs: told.atMs });
    if (told.type === 'clock' || told.type === 'hello') next(stdin);
  };
  const { command, stdin } = observerCommand(readPlan(context.run.runId, phase));
  const result = await tools.ssh.run(sshTo(ssh, tools, context), command, {
    stdin,
    dialogue: true,
    signal,
    timeoutMs,
    onLine,
  });
  const observed = readObserved(stdoutOf(result), targets);
  if ('missing' in observed) return observed;
  const { cpuShare: _, ...observation } = observed;
  return { ...observation, clock: clockOffset(exchanges) };
}

function stdoutOf({ stdout, stderr, exitCode, signal }: RunResult): string {
  if (exitCode === 0) return stdout;
  const how = signal === undefined ? `with exit code ${exitCode}` : `by signal ${signal}`;
  throw new ObserverOutputError(`The observer's session ended ${how}: ${stderr.trim().slice(-300)}`);
}
