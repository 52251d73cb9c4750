import type { ChangeId, UndoEntry } from '../../contract/change.ts';

/** What is to be undone, last first. A branch is a stack of its own, for a lane; it is undone where it stands. */
export class UndoStack {
  readonly #items: (UndoEntry | UndoStack)[] = [];

  /** Registers an undo; before its change is attempted (W2). */
  push(entry: UndoEntry): void {
    this.#items.push(entry);
  }

  get isEmpty(): boolean {
    return this.#items.every((item) => item instanceof UndoStack && item.isEmpty);
  }

  branch(): UndoStack {
    const branch = new UndoStack();
    this.#items.push(branch);
    return branch;
  }

  /**
   * Entries last first, in the batches that go to one activity each: a lane at a time, what lies below a lane with it.
   * Empties the stack.
   */
  takeBatches(): UndoEntry[][] {
    const batches: UndoEntry[][] = [[]];
    for (const item of this.#items.splice(0).reverse()) {
      if (item instanceof UndoStack) batches.push(...item.takeBatches());
      else batches.at(-1)?.push(item);
    }
    return batches.filter((batch) => batch.length > 0);
  }

  /** Empties the stack of what is to be kept, and leaves the undo of one change on it. */
  takeAllBut(change: ChangeId | undefined): UndoEntry[] {
    const entries = this.takeBatches().flat();
    for (const entry of entries.toReversed()) if (entry.change === change) this.push(entry);
    return entries.filter((entry) => entry.change !== change);
  }
}
