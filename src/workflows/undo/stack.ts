import { sleep } from '@temporalio/workflow';
import type { Leftover } from '../../contract/report.ts';
import type { ObserverInput, RunRef, UndoEntry, UndoOutcome } from '../../contract/steps.ts';
import { attemptsOf, summaryOf } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import { callUndo } from '../proxies.ts';

/** What is to be undone, last first. A branch is a stack of its own, for a lane; it is undone where it stands. */
export class UndoStack {
  readonly #items: (UndoEntry | UndoStack)[] = [];

  /** Registers an undo; before its step is attempted (W2). */
  push(entry: UndoEntry): void {
    this.#items.push(entry);
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  branch(): UndoStack {
    const branch = new UndoStack();
    this.#items.push(branch);
    return branch;
  }

  /** Entries last first, in the batches that go to one activity each: a lane at a time, what lies below a lane with it. Empties the stack. */
  takeBatches(): UndoEntry[][] {
    const batches: UndoEntry[][] = [[]];
    for (const item of this.#items.splice(0).reverse()) {
      if (item instanceof UndoStack) batches.push(...item.takeBatches());
      else batches.at(-1)?.push(item);
    }
    return batches.filter((batch) => batch.length > 0);
  }

  /** Empties the stack of what may be kept; what stays is undone whatever happens: a run that is over holds no cluster. */
  takeKept(): UndoEntry[] {
    const entries = this.takeBatches().flat();
    for (const entry of entries.toReversed()) if (entry.undo === 'releaseCluster') this.push(entry);
    return entries.filter(({ undo }) => undo !== 'releaseCluster');
  }
}

/** Pauses between two rounds over what could not be undone yet: about 12 minutes in all, beyond the 180 s for which Azure reserves a NIC. */
const pausesMs = [1, 2, 4, 8, 15, 30, 30, 60, 60, 60, 120, 120, 120, 120].map((s) => s * 1000);

/**
 * Undoes everything on the stack, last first, and gives what is left (W5). Every entry is tried whatever becomes of the others; those whose failure
 * may pass are tried again in rounds. `observer` is started before the first is tried. Call it inside a non-cancellable scope.
 */
export async function unwind(
  stack: UndoStack,
  run: RunRef,
  ledger: Ledger,
  observer?: ObserverInput,
): Promise<Leftover[]> {
  const leftovers: Leftover[] = [];
  for (const batch of stack.takeBatches()) leftovers.push(...(await unwindBatch(batch, run, ledger, observer)));
  return leftovers;
}

async function unwindBatch(
  batch: readonly UndoEntry[],
  run: RunRef,
  ledger: Ledger,
  observer?: ObserverInput,
): Promise<Leftover[]> {
  const leftovers: Leftover[] = [];
  let remaining = batch.map((entry) => ({ entry, record: ledger.start(entry.undo, entry.subject) }));
  for (let round = 0; remaining.length > 0; round += 1) {
    const { outcomes, attempts } = await tryAll(remaining, run, round === 0 ? observer : undefined);
    const pauseMs = pausesMs[round];
    const again: typeof remaining = [];
    for (const [index, { entry, record }] of remaining.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) continue;
      const failed = outcome.outcome === 'failed' || outcome.outcome === 'conflict';
      if (outcome.outcome === 'failed' && outcome.retryable && pauseMs !== undefined) {
        record.wait(`${outcome.code}: ${outcome.detail}`);
        again.push({ entry, record });
      } else if (failed) {
        record.fail(
          `${outcome.outcome === 'conflict' ? 'conflict' : outcome.code}: ${outcome.detail}`,
          round + attempts,
        );
        leftovers.push({ what: `${entry.undo} ${entry.subject}`, why: outcome.detail, command: entry.command });
      } else {
        record.finish(outcome.detail, round + attempts, outcome);
      }
    }
    remaining = again;
    if (remaining.length > 0 && pauseMs !== undefined)
      await sleep(pauseMs, { summary: `undo again: ${remaining.map(({ entry }) => entry.undo).join(', ')}` });
  }
  return leftovers;
}

/** One round, and in how many tries. An activity that could not run at all is a failure of each of its entries. */
async function tryAll(
  remaining: readonly { readonly entry: UndoEntry }[],
  run: RunRef,
  observer?: ObserverInput,
): Promise<{ readonly outcomes: readonly UndoOutcome[]; readonly attempts: number }> {
  try {
    const { output, attempts } = await callUndo(
      run,
      remaining.map(({ entry }) => entry),
      observer,
    );
    return { outcomes: output, attempts };
  } catch (error) {
    const { code, message } = summaryOf(error, 'undo');
    const now = new Date().toISOString();
    const failed: UndoOutcome = {
      outcome: 'failed',
      retryable: false,
      code,
      detail: message,
      startedAt: now,
      endedAt: now,
    };
    return { outcomes: remaining.map(() => failed), attempts: attemptsOf(error) };
  }
}
