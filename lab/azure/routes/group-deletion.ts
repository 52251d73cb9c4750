import type { Arm } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { isSameId, type Resource } from '../arm/store.ts';
import { eraseResource, isInGroup } from '../arm/writes.ts';
import { resourceTypes } from '../resources/index.ts';
import { isGroupedResource } from './group-types.ts';

/**
 * Erases each resource in any order and returns to those that were still in use, until none is left or none can be
 * erased.
 */
export async function emptyGroup(arm: Arm, group: Resource): Promise<void> {
  const left = (): Resource[] =>
    arm.store.list().filter((resource) => isGroupedResource(resource) && isInGroup(resource, group.name));
  for (let before = Number.POSITIVE_INFINITY; left().length > 0; ) {
    if (left().length >= before)
      throw createArmError('Conflict', {
        id: left()
          .map(({ id }) => id)
          .join(', '),
      });
    before = left().length;
    for (const resource of left()) await eraseUnlessInUse(arm, resource);
  }
  arm.store.remove(group.id);
}

async function eraseUnlessInUse(arm: Arm, resource: Resource): Promise<void> {
  const type = resourceTypes.find((each) => each.type === resource.type);
  if (type?.removal === undefined) return;
  const holder = arm.operations.findHolder(resource.id);
  await holder?.settled;
  try {
    type.removal.refuse?.(resource, arm);
  } catch {
    return; // still in use by a resource that is erased later
  }
  if (isSameId(arm.store.get(resource.id)?.id, resource.id)) await eraseResource(arm, type, resource);
}
