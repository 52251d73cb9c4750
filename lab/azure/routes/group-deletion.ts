import type { Arm } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { isSameId, type Resource } from '../arm/store.ts';
import { eraseResource, isInGroup } from '../arm/writes.ts';
import { resourceTypes } from '../resources/index.ts';
import { isGroupedResource } from './group-types.ts';

/** Tries each resource in any order and comes back to those that were refused, until nothing is left or nothing moves. */
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
    return; // still in use by one that goes later
  }
  if (isSameId(arm.store.get(resource.id)?.id, resource.id)) await eraseResource(arm, type, resource);
}
