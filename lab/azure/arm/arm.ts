import type { FaultTable } from '../faults/table.ts';
import type { Rights } from '../identity/role.ts';
import type { DataPlane } from '../network/data-plane.ts';
import type { Region } from '../resources/sizes.ts';
import type { Timing } from './durations.ts';
import { createArmError } from './errors.ts';
import type { Locks } from './locks.ts';
import type { Operations } from './operations.ts';
import { isSameId, normalizeId, type Resource, type Store } from './store.ts';

/** What every part of the stand-in shares. */
export interface Arm {
  readonly store: Store;
  readonly operations: Operations;
  readonly faults: FaultTable;
  readonly rights: Rights;
  readonly locks: Locks;
  readonly timing: Timing;
  readonly region: Region;
  readonly dataPlane: DataPlaneQueue;
  userKubeconfig(): string | Promise<string>;
}

/** Calls to the data plane, one after the other; the network state is computed when its turn comes. */
export interface DataPlaneQueue {
  applyNetwork(): Promise<void>;
  boot: DataPlane['boot'];
  destroy: DataPlane['destroy'];
}

/**
 * A resource that another one refers to, ready for use. Throws InvalidResourceReference when it is not there or of
 * another type, and RetryableError with ReferencedResourceNotProvisioned in its details while it is being made.
 */
export function requireReferenced<P extends object>(arm: Arm, by: string, id: string, type: string): Resource<P> {
  const found = arm.store.get<P>(id);
  if (found === undefined || normalizeId(found.type) !== normalizeId(type))
    throw createArmError('InvalidResourceReference', { id: by, other: id });
  if (!found.real || isBeingDeleted(arm, id))
    throw createArmError('RetryableError', {}, [
      createArmError('ReferencedResourceNotProvisioned', { id: by, other: id }).body,
    ]);
  return found;
}

const isBeingDeleted = (arm: Arm, id: string): boolean => {
  const operation = arm.operations.findHolder(id);
  return operation?.method === 'DELETE' && isSameId(operation.resourceId, id);
};
