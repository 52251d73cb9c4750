import { listUndos } from '../changes/index.ts';
import { cutMessage } from '../contract/brief.ts';
import type { UndoOutcome } from '../contract/change.ts';
import { HepflowError } from '../contract/failures.ts';
import type { ObserverInput, UndoInput, UndoRequest } from '../contract/steps.ts';
import type { StepContext, Tools, Undone } from '../step/context.ts';
import { isRetryable, toHepflowError } from '../step/failures/index.ts';
import { startObserver } from '../vantage/prober/observe/session.ts';

/** What survives a crash between two entries: the outcomes so far, and the state of the one under way. */
interface Saved {
  readonly outcomes: readonly UndoOutcome[];
  readonly current?: unknown;
}

/** How long an undo waits for the observers that are to watch it. */
const observerLimitMs = 10_000;

const undos = listUndos();

/**
 * Tries every entry in the given order, whatever becomes of the others (W5); a second try goes on where the first one
 * ended.
 * Whether an observer watches it matters to the report, never to the undo.
 */
export async function undoEach(
  { entries, observers }: UndoInput,
  tools: Tools,
  context: StepContext,
): Promise<readonly UndoOutcome[]> {
  const saved = (context.resume ?? { outcomes: [] }) as Saved;
  const outcomes = [...saved.outcomes];
  if (outcomes.length === 0) await tryToWatch(observers, tools, context);
  for (const [index, entry] of entries.entries()) {
    if (index < outcomes.length) continue;
    const resume = index === saved.outcomes.length ? saved.current : undefined;
    const save = (current?: unknown): void =>
      context.heartbeat(current === undefined ? undefined : ({ outcomes, current } satisfies Saved));
    outcomes.push(await undoOne(entry, tools, { ...context, resume, heartbeat: save }));
    context.heartbeat({ outcomes } satisfies Saved);
  }
  return outcomes;
}

async function tryToWatch(
  observers: readonly ObserverInput[],
  tools: Tools,
  { run, signal, attempt }: StepContext,
): Promise<void> {
  const limited = { run, attempt, signal: AbortSignal.any([signal, AbortSignal.timeout(observerLimitMs)]) };
  // Reading an observer back will say that there is none.
  await Promise.allSettled(observers.map((observer) => startObserver(observer, tools, limited)));
}

async function undoOne(entry: UndoRequest, tools: Tools, context: StepContext): Promise<UndoOutcome> {
  const startedAt = new Date().toISOString();
  const close = (end: Undone | Pick<UndoOutcome, 'outcome' | 'retryable' | 'code' | 'detail'>): UndoOutcome => ({
    ...{ retryable: false, code: '', ...end, detail: cutMessage(end.detail) },
    ...{ startedAt, endedAt: new Date().toISOString() },
  });
  try {
    const undo = undos[entry.undo];
    if (undo === undefined) throw new HepflowError('Unexpected', `This worker knows no undo ${entry.undo}.`);
    return close(await undo(entry.input, tools, context));
  } catch (error) {
    if (context.signal.aborted) throw error; // the worker shuts down: another one goes on
    const failure = toHepflowError(error);
    return close({
      ...{ outcome: 'failed', retryable: isRetryable(failure) },
      ...{ code: failure.code, detail: failure.message },
    });
  }
}
