import type { FastifyInstance } from 'fastify';
import type { Arm } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { registerRoute, requireGroupName } from '../arm/http.ts';

const group = '/subscriptions/:subscription/resourceGroups/:group';

/** Registers the list of locks of a resource group and of one resource in it. The lab itself locks and unlocks. */
export function registerLockRoutes(app: FastifyInstance, arm: Arm): void {
  for (const resource of ['', '/providers/:namespace/:type/:name']) {
    registerRoute(app, arm, {
      method: 'GET',
      url: `${group}${resource}/providers/Microsoft.Authorization/locks`,
      type: 'Microsoft.Authorization/locks',
      action: 'Microsoft.Authorization/locks/read',
      handle: (request) => {
        requireGroupName(request);
        const scope = `${group}${resource}`.replaceAll(/:(\w+)/g, (_part, name: string) => request.params[name] ?? '');
        if (arm.store.get(scope) === undefined) throw createArmError('ResourceNotFound', { id: scope });
        return {
          value: arm.locks.listFor(scope).map(({ id, name, level }) => ({
            id,
            name,
            type: 'Microsoft.Authorization/locks',
            properties: { level },
          })),
        };
      },
    });
  }
}
