import assert from 'node:assert/strict';
import { undoEach } from '../../src/activities/undo.ts';
import type { UndoEntry } from '../../src/contract/change.ts';
import type { StepContext } from '../../src/step/context.ts';

/** Entry name and place, outcome, and what the detail says. */
export type Expected = Partial<Record<string, readonly ['nothing' | 'conflict', RegExp]>>;

/** Every entry is done but those that are named. */
export async function assertUndone(
  entries: readonly UndoEntry[],
  expected: Expected,
  tools: Parameters<typeof undoEach>[1],
  context: StepContext,
): Promise<void> {
  const outcomes = await undoEach({ entries, observers: [] }, tools, context);
  assert.equal(outcomes.length, entries.length, 'undo goes on');
  for (const [index, { undo, subject }] of entries.entries()) {
    const { outcome, detail, code } = outcomes[index] ?? { outcome: '', detail: '', code: '' };
    const [wanted, says] = expected[`${undo} ${subject}`] ?? expected[undo] ?? ['done', /./];
    assert.equal(outcome, wanted, `${undo} ${subject}: ${code} ${detail}`);
    assert.match(detail, says);
  }
}
