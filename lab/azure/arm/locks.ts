import { createArmError } from './errors.ts';
import { normalizeId } from './store.ts';

export type LockLevel = 'CanNotDelete' | 'ReadOnly';

/** A management lock on a subscription, a group or a resource, and on everything below it. */
export interface Lock {
  readonly id: string;
  readonly name: string;
  /** The id of what it is on. */
  readonly scope: string;
  readonly level: LockLevel;
}

/** The locks there are. CanNotDelete lets everything be made below it, and nothing be deleted. */
export class Locks {
  readonly #locks = new Set<Lock>();

  /** Locks, and returns what unlocks. */
  add(scope: string, level: LockLevel, name: string): () => void {
    const lock = { id: `${scope}/providers/Microsoft.Authorization/locks/${name}`, name, scope, level };
    this.#locks.add(lock);
    return () => this.#locks.delete(lock);
  }

  /** As Azure lists them: on the scope, inherited from above, and those of what is below. */
  listFor(scope: string): readonly Lock[] {
    return [...this.#locks].filter((lock) => isWithin(scope, lock.scope) || isWithin(lock.scope, scope));
  }

  /** Throws ScopeLocked. To delete something is to delete all below it too. */
  refuse(method: string, scope: string): void {
    if (method === 'GET' || method === 'HEAD') return;
    const isDeletion = method === 'DELETE';
    const lock = [...this.#locks].find(
      (each) =>
        (isDeletion || each.level === 'ReadOnly') &&
        (isWithin(scope, each.scope) || (isDeletion && isWithin(each.scope, scope))),
    );
    if (lock === undefined) return;
    throw createArmError('ScopeLocked', { id: scope, other: lock.scope, text: isDeletion ? 'delete' : 'write' });
  }
}

const isWithin = (id: string, scope: string): boolean => `${normalizeId(id)}/`.startsWith(`${normalizeId(scope)}/`);
