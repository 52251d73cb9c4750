import { sleep } from '@temporalio/workflow';
import type { Moment, UndoEntry, UndoOutcome } from '../../contract/change.ts';
import type { Leftover } from '../../contract/report.ts';
import type { RunRef } from '../../contract/run.ts';
import type { ObserverInput } from '../../contract/steps.ts';
import { countAttempts, summarizeFailure } from '../failure.ts';
import { type Ledger, type OpenRecord, readNow } from '../ledger.ts';
import { callUndo } from '../proxies.ts';
import type { UndoStack } from './stack.ts';

/**
 * Pauses between two rounds over what could not be undone yet: about 12 minutes in all, beyond the 180 s for which
 * Azure reserves a NIC.
 */
const pausesMs = [1, 2, 4, 8, 15, 30, 30, 60, 60, 60, 120, 120, 120, 120].map((s) => s * 1000);

interface Item {
  readonly entry: UndoEntry;
  readonly record: OpenRecord;
}

/**
 * Undoes everything on the stack, last first, and gives what is left (W5). Every entry is tried whatever becomes of the
 * others; those
 * whose failure may pass are tried again in rounds. The observers are started before the first is tried. Call it inside
 * a
 * non-cancellable scope.
 */
export async function unwind(
  stack: UndoStack,
  run: RunRef,
  ledger: Ledger,
  observers: readonly ObserverInput[] = [],
): Promise<Leftover[]> {
  const leftovers: Leftover[] = [];
  for (const batch of stack.takeBatches()) {
    try {
      leftovers.push(...(await unwindBatch(batch, run, ledger, observers)));
    } catch (error) {
      leftovers.push(...batch.map((entry) => describeLeftover(entry, 'failed', describeFailed(error))));
    }
  }
  return leftovers;
}

async function unwindBatch(
  batch: readonly UndoEntry[],
  run: RunRef,
  ledger: Ledger,
  observers: readonly ObserverInput[],
): Promise<Leftover[]> {
  const leftovers: Leftover[] = [];
  let remaining = batch.map((entry): Item => ({ entry, record: ledger.startUndo(entry) }));
  for (let round = 0; remaining.length > 0; round += 1) {
    const { outcomes, attempts } = await tryAll(remaining, run, round === 0 ? observers : []);
    const pauseMs = pausesMs[round];
    const again: Item[] = [];
    for (const [index, item] of remaining.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) continue;
      if (outcome.outcome === 'failed' && outcome.retryable && pauseMs !== undefined) {
        item.record.wait(describeProblem(outcome));
        again.push(item);
      } else leftovers.push(...settle(item, outcome, round + attempts, ledger));
    }
    remaining = again;
    if (remaining.length > 0 && pauseMs !== undefined)
      await sleep(pauseMs, { summary: `undo again: ${remaining.map(({ entry }) => entry.undo).join(', ')}` });
  }
  return leftovers;
}

/** Closes the record of an entry that is tried no more, and gives what is left of it. */
function settle({ entry, record }: Item, outcome: UndoOutcome, attempts: number, ledger: Ledger): Leftover[] {
  if (outcome.outcome === 'failed' || outcome.outcome === 'conflict') {
    record.fail(describeProblem(outcome), attempts);
    return [describeLeftover(entry, outcome.outcome, outcome)];
  }
  record.finish(outcome.detail, attempts, outcome);
  // After a second try nobody knows whether the first one took it away.
  if (outcome.isAbsent && attempts === 1 && ledger.hasMade(entry.change))
    ledger.warnings.push(`Somebody took away what this run had made: ${entry.undo}: ${outcome.detail}`);
  const moment = createMoment(entry, outcome, attempts);
  if (moment !== undefined) ledger.recordMoments(entry.change, [moment]);
  return [];
}

/** When undo took off what the run had put on. Of one that took several tries nobody knows which of them did it. */
function createMoment({ moment }: UndoEntry, outcome: UndoOutcome, attempts: number): Moment | undefined {
  if (moment === null || outcome.outcome !== 'done' || attempts > 1) return undefined;
  return { ...moment, role: 'undone', from: outcome.startedAt, to: outcome.endedAt };
}

const describeLeftover = (
  { undo, subject, command }: UndoEntry,
  reason: Leftover['reason'],
  { code, detail: why }: UndoOutcome,
): Leftover => ({ what: `${undo} ${subject}`, why, command, reason, code });

const describeProblem = ({ outcome, code, detail }: UndoOutcome): string =>
  `${outcome === 'conflict' ? 'conflict' : code}: ${detail}`;

/** One round, and in how many tries. An activity that could not run at all is a failure of each of its entries. */
async function tryAll(
  remaining: readonly Item[],
  run: RunRef,
  observers: readonly ObserverInput[],
): Promise<{ readonly outcomes: readonly UndoOutcome[]; readonly attempts: number }> {
  try {
    const entries = remaining.map(({ entry: { undo, input, subject } }) => ({ undo, input, subject }));
    const { output, attempts } = await callUndo(run, { entries, observers });
    const none = describeFailed(new Error('The undo gave no outcome.'));
    return { outcomes: remaining.map((_, index) => output[index] ?? none), attempts };
  } catch (error) {
    const failed = describeFailed(error);
    return { outcomes: remaining.map(() => failed), attempts: countAttempts(error) };
  }
}

function describeFailed(error: unknown): UndoOutcome {
  const { code, message: detail } = summarizeFailure(error, 'undo');
  const now = readNow();
  return { outcome: 'failed', retryable: false, code, detail, startedAt: now, endedAt: now };
}
