import type { Timing } from './durations.ts';
import type { Effects } from './effects.ts';
import { armError } from './errors.ts';
import type { FaultTable } from './faults.ts';
import type { Operations } from './operations.ts';
import type { Rights } from './role.ts';
import { keyOf, type Resource, type Store, sameId } from './store.ts';

/** What every part of the stand-in shares. */
export interface Arm {
  readonly store: Store;
  readonly operations: Operations;
  readonly faults: FaultTable;
  readonly rights: Rights;
  readonly timing: Timing;
  readonly effects: Consequences;
  userKubeconfig(): string | Promise<string>;
}

/** Effects, one after the other, the network state always computed when its turn comes. */
export interface Consequences {
  applyNetwork(): Promise<void>;
  boot: Effects['boot'];
  destroy: Effects['destroy'];
}

/**
 * A resource that another one refers to, ready for use. Throws InvalidResourceReference when it is not there or of another type, and
 * RetryableError with ReferencedResourceNotProvisioned in its details while it is being made.
 */
export function referenced<P extends object>(arm: Arm, by: string, id: string, type: string): Resource<P> {
  const found = arm.store.get<P>(id);
  if (found === undefined || keyOf(found.type) !== keyOf(type))
    throw armError('InvalidResourceReference', { id: by, other: id });
  if (!found.real || isBeingDeleted(arm, id))
    throw armError('RetryableError', {}, [armError('ReferencedResourceNotProvisioned', { id: by, other: id }).body]);
  return found;
}

const isBeingDeleted = (arm: Arm, id: string): boolean => {
  const operation = arm.operations.holder(id);
  return operation?.method === 'DELETE' && sameId(operation.resourceId, id);
};
