import type { FastifyInstance, FastifyReply } from 'fastify';
import * as z from 'zod';
import type { Arm } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { type ArmRequest, registerRoute, requireGroupName } from '../arm/http.ts';
import { createEtag, isListed, isSameId, type Resource } from '../arm/store.ts';
import { eraseResource, isInGroup } from '../arm/writes.ts';
import { isTracked, resourceTypes } from '../resources/index.ts';
import { presentResource } from './resources.ts';

export const groupType = 'Microsoft.Resources/resourceGroups';
export const subscriptionType = 'Microsoft.Resources/subscriptions';
const rights = 'Microsoft.Resources/subscriptions';
const groups = '/subscriptions/:subscription/resourceGroups';

const groupBody = z.looseObject({ location: z.string(), tags: z.record(z.string(), z.string()).optional() });

/** Subscriptions, resource groups, and the lists of what is in them. */
export function registerGroupRoutes(app: FastifyInstance, arm: Arm): void {
  const group = { url: `${groups}/:group`, type: groupType, nameIn: 'group' };
  registerRoute(app, arm, {
    method: 'GET',
    url: '/subscriptions',
    type: subscriptionType,
    action: `${rights}/read`,
    handle: () => ({ value: arm.store.listByType(subscriptionType).map(presentSubscription) }),
  });
  registerRoute(app, arm, {
    method: 'GET',
    url: '/subscriptions/:subscription',
    type: subscriptionType,
    action: `${rights}/read`,
    handle: ({ params }) =>
      arm.store
        .listByType(subscriptionType)
        .filter((each) => each.name === params['subscription']?.toLowerCase())
        .map(presentSubscription)[0],
  });
  registerRoute(app, arm, {
    method: 'GET',
    url: groups,
    type: groupType,
    action: `${rights}/resourceGroups/read`,
    handle: (request) => ({
      value: arm.store.listByType(groupType).map((each) => presentResource(each, undefined, request)),
    }),
  });
  registerRoute(app, arm, {
    ...group,
    method: 'GET',
    action: `${rights}/resourceGroups/read`,
    handle: (request) => presentResource(requireGroup(request), undefined, request),
  });
  registerRoute(app, arm, { ...group, method: 'HEAD', action: `${rights}/resourceGroups/read`, handle: headGroup });
  registerRoute(app, arm, { ...group, method: 'PUT', action: `${rights}/resourceGroups/write`, handle: putGroup });
  registerRoute(app, arm, {
    ...group,
    method: 'DELETE',
    action: `${rights}/resourceGroups/delete`,
    handle: deleteGroup,
  });
  registerRoute(app, arm, {
    method: 'GET',
    url: `${groups}/:group/resources`,
    type: 'Microsoft.Resources/resources',
    action: `${rights}/resourceGroups/resources/read`,
    handle: (request) => listResources(request, requireGroupName(request)),
  });
  registerRoute(app, arm, {
    method: 'GET',
    url: '/subscriptions/:subscription/resources',
    type: 'Microsoft.Resources/resources',
    action: `${rights}/resources/read`,
    handle: (request) => listResources(request),
  });
}

const presentSubscription = ({ id, name, properties }: Resource): object => ({
  id,
  subscriptionId: name,
  ...properties,
});

function requireGroup(request: ArmRequest): Resource {
  const name = requireGroupName(request);
  const group = request.arm.store.get(formatGroupId(request, name));
  if (group === undefined) throw createArmError('ResourceGroupNotFound', { text: name });
  return group;
}

const formatGroupId = ({ params }: ArmRequest, name: string): string =>
  `/subscriptions/${params['subscription']?.toLowerCase()}/resourceGroups/${name}`;

function headGroup(request: ArmRequest): FastifyReply {
  const found = request.arm.store.get(formatGroupId(request, request.params['group'] ?? ''));
  return request.reply.code(found === undefined ? 404 : 204).send();
}

function putGroup(request: ArmRequest): FastifyReply {
  const { arm, params, reply } = request;
  const body = groupBody.safeParse(request.body);
  if (!body.success)
    throw createArmError('InvalidRequestContent', {
      text: body.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    });
  const name = params['group'] ?? '';
  const existing = arm.store.get(formatGroupId(request, name));
  if (existing !== undefined) requireGroupName(request); // refuses one that is being deleted
  const { location, tags } = body.data;
  const group = arm.store.put({
    id: existing?.id ?? formatGroupId(request, name),
    name: existing?.name ?? name,
    type: groupType,
    group: existing?.name ?? name,
    location,
    tags,
    etag: createEtag(),
    real: true,
    properties: { provisioningState: 'Succeeded' },
  });
  return reply.code(existing === undefined ? 201 : 200).send(presentResource(group, undefined, request));
}

/** Answers with a Location only, as ARM does for groups. */
function deleteGroup(request: ArmRequest): FastifyReply {
  const { arm, reply, origin, params, query } = request;
  const group = requireGroup(request);
  group.properties.provisioningState = 'Deleting';
  const operation = arm.operations.start({
    provider: 'Microsoft.Resources',
    method: 'DELETE',
    resourceId: group.id,
    locks: [group.id],
    durationMs: arm.timing.durations.groupDelete,
    work: () => emptyGroup(arm, group),
    failed: () => {
      group.properties.provisioningState = 'Succeeded';
    },
  });
  return reply
    .code(202)
    .header(
      'location',
      `${origin}/subscriptions/${params['subscription']}/operationresults/${operation.id}?api-version=${query['api-version']}`,
    )
    .send();
}

/** Tries each resource in any order and comes back to those that were refused, until nothing is left or nothing moves. */
async function emptyGroup(arm: Arm, group: Resource): Promise<void> {
  const left = (): Resource[] =>
    arm.store
      .list()
      .filter(
        (resource) =>
          isTracked(resource.type) &&
          resource.type !== groupType &&
          resource.type !== subscriptionType &&
          isInGroup(resource, group.name),
      );
  for (let before = Number.POSITIVE_INFINITY; left().length > 0; ) {
    if (left().length >= before)
      throw createArmError('Conflict', {
        id: left()
          .map((resource) => resource.id)
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

/** The filters that tools send: `resourceGroup`, `resourceType`, `name`, `tagName`, `tagValue`, each `eq '…'`, joined by `and`. */
function listResources(request: ArmRequest, group?: string): { value: object[] } {
  const { arm, query } = request;
  const filter = query['$filter'] ?? '';
  const wanted = filter === '' ? [] : filter.split(/\s+and\s+/i).map((term) => parseTerm(term, filter));
  const tracked = arm.store
    .list()
    .filter(
      (resource) => isTracked(resource.type) && resource.type !== groupType && resource.type !== subscriptionType,
    );
  const matching = tracked.filter(
    (resource) =>
      isListed(resource) &&
      (group === undefined || isInGroup(resource, group)) &&
      wanted.every(({ field, value }) => matchesTerm(resource, field, value, wanted)),
  );
  return {
    value: matching.map(({ id, name, type, location, tags, sku }) => ({
      id,
      name,
      type,
      location,
      ...(tags && { tags }),
      ...(sku && { sku }),
    })),
  };
}

interface Term {
  readonly field: string;
  readonly value: string;
}

function parseTerm(term: string, filter: string): Term {
  const parts = /^\s*(resourceGroup|resourceType|name|tagName|tagValue)\s+eq\s+'([^']*)'\s*$/i.exec(term);
  if (parts === null) throw createArmError('InvalidFilterInQueryString', { text: filter });
  return { field: parts[1]?.toLowerCase() ?? '', value: parts[2]?.toLowerCase() ?? '' };
}

function matchesTerm(resource: Resource, field: string, value: string, all: readonly Term[]): boolean {
  const tags = new Map(
    Object.entries(resource.tags ?? {}).map(([name, text]) => [name.toLowerCase(), text.toLowerCase()]),
  );
  if (field === 'resourcegroup') return resource.group.toLowerCase() === value;
  if (field === 'resourcetype') return resource.type.toLowerCase() === value;
  if (field === 'name') return resource.name.toLowerCase() === value;
  if (field === 'tagname') return tags.has(value);
  return tags.get(all.find((term) => term.field === 'tagname')?.value ?? '') === value;
}
