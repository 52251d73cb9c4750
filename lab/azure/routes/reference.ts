import type { FastifyInstance } from 'fastify';
import type { Arm } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { registerRoute, requireGroupName } from '../arm/http.ts';
import { imageVersion } from '../resources/machine-body.ts';
import { listSizes } from '../resources/sizes.ts';

const images =
  '/subscriptions/:subscription/providers/Microsoft.Compute/locations/:location' +
  '/publishers/:publisher/artifacttypes/vmimage/offers/:offer/skus/:sku/versions';

/** Registers what can only be read: rights, providers, VM sizes and image versions. */
export function registerReferenceRoutes(app: FastifyInstance, arm: Arm): void {
  registerPermissionRoutes(app, arm);
  registerRoute(app, arm, {
    method: 'GET',
    url: '/subscriptions/:subscription/providers/:namespace',
    type: 'Microsoft.Resources/providers',
    handle: ({ params }) => ({
      id: `/subscriptions/${params['subscription']}/providers/${params['namespace']}`,
      namespace: params['namespace'],
      registrationState: 'Registered',
      resourceTypes: [],
    }),
  });
  registerRoute(app, arm, {
    method: 'GET',
    url: '/subscriptions/:subscription/providers/Microsoft.Compute/skus',
    type: 'Microsoft.Compute/skus',
    action: 'Microsoft.Compute/skus/read',
    handle: () => ({ value: listSizes(arm) }),
  });
  const version = ({ params }: { params: Readonly<Record<string, string>> }, name: string): object => ({
    id: [
      `/Subscriptions/${params['subscription']}/Providers/Microsoft.Compute/Locations/${params['location']}`,
      `/Publishers/${params['publisher']}/ArtifactTypes/VMImage/Offers/${params['offer']}`,
      `/Skus/${params['sku']}/Versions/${name}`,
    ].join(''),
    name,
    location: params['location'],
  });
  const image = {
    method: 'GET',
    type: 'Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions',
    action: 'Microsoft.Compute/locations/publishers/artifacttypes/offers/skus/versions/read',
  } as const;
  registerRoute(app, arm, { ...image, url: images, handle: (request) => [version(request, imageVersion)] });
  registerRoute(app, arm, {
    ...image,
    url: `${images}/:version`,
    handle: (request) => ({
      ...version(request, request.params['version'] ?? imageVersion),
      properties: { hyperVGeneration: 'V2', architecture: 'x64', osDiskImage: { operatingSystem: 'Linux' } },
    }),
  });
}

/** The rights of the caller on a resource group or on one resource in it. */
function registerPermissionRoutes(app: FastifyInstance, arm: Arm): void {
  const group = '/subscriptions/:subscription/resourceGroups/:group';
  for (const resource of [
    '',
    '/providers/:namespace/:type/:name',
    '/providers/:namespace/:parentType/:parentName/:type/:name',
  ]) {
    registerRoute(app, arm, {
      method: 'GET',
      url: `${group}${resource}/providers/Microsoft.Authorization/permissions`,
      type: 'Microsoft.Authorization/permissions',
      action: 'Microsoft.Authorization/permissions/read',
      handle: (request) => {
        requireGroupName(request);
        const scope = `${group}${resource}`.replaceAll(/:(\w+)/g, (_part, name: string) => request.params[name] ?? '');
        if (arm.store.get(scope) === undefined) throw createArmError('ResourceNotFound', { id: scope });
        return {
          value: arm.rights
            .listRoles(scope)
            .map(({ actions, notActions }) => ({ actions, notActions, dataActions: [], notDataActions: [] })),
        };
      },
    });
  }
}
