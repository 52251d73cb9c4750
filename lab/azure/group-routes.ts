import type { FastifyInstance, FastifyReply } from 'fastify';
import * as z from 'zod';
import type { Arm } from './arm.ts';
import { armError } from './errors.ts';
import { type ArmRequest, armRoute, groupOf } from './http.ts';
import { viewOf } from './resource-routes.ts';
import { isTracked, resourceTypes } from './resources/index.ts';
import { isListed, newEtag, type Resource, sameId } from './store.ts';
import { erase, inGroup } from './writes.ts';

export const groupType = 'Microsoft.Resources/resourceGroups';
export const subscriptionType = 'Microsoft.Resources/subscriptions';
const rights = 'Microsoft.Resources/subscriptions';
const groups = '/subscriptions/:subscription/resourceGroups';

const groupBody = z.looseObject({ location: z.string(), tags: z.record(z.string(), z.string()).optional() });

/** Subscriptions, resource groups, and the lists of what is in them. */
export function groupRoutes(app: FastifyInstance, arm: Arm): void {
  const group = { url: `${groups}/:group`, type: groupType, nameIn: 'group' };
  armRoute(app, arm, {
    method: 'GET',
    url: '/subscriptions',
    type: subscriptionType,
    action: `${rights}/read`,
    handle: () => ({ value: arm.store.ofType(subscriptionType).map(subscriptionView) }),
  });
  armRoute(app, arm, {
    method: 'GET',
    url: '/subscriptions/:subscription',
    type: subscriptionType,
    action: `${rights}/read`,
    handle: ({ params }) =>
      arm.store
        .ofType(subscriptionType)
        .filter((each) => each.name === params['subscription']?.toLowerCase())
        .map(subscriptionView)[0],
  });
  armRoute(app, arm, {
    method: 'GET',
    url: groups,
    type: groupType,
    action: `${rights}/resourceGroups/read`,
    handle: (request) => ({ value: arm.store.ofType(groupType).map((each) => viewOf(each, undefined, request)) }),
  });
  armRoute(app, arm, {
    ...group,
    method: 'GET',
    action: `${rights}/resourceGroups/read`,
    handle: (request) => viewOf(storedGroup(request), undefined, request),
  });
  armRoute(app, arm, { ...group, method: 'HEAD', action: `${rights}/resourceGroups/read`, handle: head });
  armRoute(app, arm, { ...group, method: 'PUT', action: `${rights}/resourceGroups/write`, handle: put });
  armRoute(app, arm, { ...group, method: 'DELETE', action: `${rights}/resourceGroups/delete`, handle: del });
  armRoute(app, arm, {
    method: 'GET',
    url: `${groups}/:group/resources`,
    type: 'Microsoft.Resources/resources',
    action: `${rights}/resourceGroups/resources/read`,
    handle: (request) => list(request, groupOf(request)),
  });
  armRoute(app, arm, {
    method: 'GET',
    url: '/subscriptions/:subscription/resources',
    type: 'Microsoft.Resources/resources',
    action: `${rights}/resources/read`,
    handle: (request) => list(request),
  });
}

const subscriptionView = ({ id, name, properties }: Resource): object => ({ id, subscriptionId: name, ...properties });

function storedGroup(request: ArmRequest): Resource {
  const name = groupOf(request);
  const group = request.arm.store.get(idOf(request, name));
  if (group === undefined) throw armError('ResourceGroupNotFound', { text: name });
  return group;
}

const idOf = ({ params }: ArmRequest, name: string): string =>
  `/subscriptions/${params['subscription']?.toLowerCase()}/resourceGroups/${name}`;

function head(request: ArmRequest): FastifyReply {
  const found = request.arm.store.get(idOf(request, request.params['group'] ?? ''));
  return request.reply.code(found === undefined ? 404 : 204).send();
}

function put(request: ArmRequest): FastifyReply {
  const { arm, params, reply } = request;
  const body = groupBody.safeParse(request.body);
  if (!body.success)
    throw armError('InvalidRequestContent', {
      text: body.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    });
  const name = params['group'] ?? '';
  const existing = arm.store.get(idOf(request, name));
  if (existing !== undefined) groupOf(request); // refuses one that is being deleted
  const { location, tags } = body.data;
  const group = arm.store.put({
    id: existing?.id ?? idOf(request, name),
    name: existing?.name ?? name,
    type: groupType,
    group: existing?.name ?? name,
    location,
    tags,
    etag: newEtag(),
    real: true,
    properties: { provisioningState: 'Succeeded' },
  });
  return reply.code(existing === undefined ? 201 : 200).send(viewOf(group, undefined, request));
}

/** Answers with a Location only, as ARM does for groups. */
function del(request: ArmRequest): FastifyReply {
  const { arm, reply, origin, params, query } = request;
  const group = storedGroup(request);
  group.properties.provisioningState = 'Deleting';
  const operation = arm.operations.start({
    provider: 'Microsoft.Resources',
    method: 'DELETE',
    resourceId: group.id,
    locks: [group.id],
    durationMs: arm.timing.durations.groupDelete,
    work: () => empty(arm, group),
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
async function empty(arm: Arm, group: Resource): Promise<void> {
  const left = (): Resource[] =>
    arm.store
      .all()
      .filter(
        (resource) =>
          isTracked(resource.type) &&
          resource.type !== groupType &&
          resource.type !== subscriptionType &&
          inGroup(resource, group.name),
      );
  for (let before = Number.POSITIVE_INFINITY; left().length > 0; ) {
    if (left().length >= before)
      throw armError('Conflict', {
        id: left()
          .map((resource) => resource.id)
          .join(', '),
      });
    before = left().length;
    for (const resource of left()) await tryToErase(arm, resource);
  }
  arm.store.remove(group.id);
}

async function tryToErase(arm: Arm, resource: Resource): Promise<void> {
  const type = resourceTypes.find((each) => each.type === resource.type);
  if (type?.removal === undefined) return;
  const holder = arm.operations.holder(resource.id);
  await holder?.settled;
  try {
    type.removal.refuse?.(resource, arm);
  } catch {
    return; // still in use by one that goes later
  }
  if (sameId(arm.store.get(resource.id)?.id, resource.id)) await erase(arm, type, resource);
}

/** The filters that tools send: `resourceGroup`, `resourceType`, `name`, `tagName`, `tagValue`, each `eq '…'`, joined by `and`. */
function list(request: ArmRequest, group?: string): { value: object[] } {
  const { arm, query } = request;
  const filter = query['$filter'] ?? '';
  const wanted = filter === '' ? [] : filter.split(/\s+and\s+/i).map((term) => termOf(term, filter));
  const tracked = arm.store
    .all()
    .filter(
      (resource) => isTracked(resource.type) && resource.type !== groupType && resource.type !== subscriptionType,
    );
  const matching = tracked.filter(
    (resource) =>
      isListed(resource) &&
      (group === undefined || inGroup(resource, group)) &&
      wanted.every(({ field, value }) => matches(resource, field, value, wanted)),
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

function termOf(term: string, filter: string): Term {
  const parts = /^\s*(resourceGroup|resourceType|name|tagName|tagValue)\s+eq\s+'([^']*)'\s*$/i.exec(term);
  if (parts === null) throw armError('InvalidFilterInQueryString', { text: filter });
  return { field: parts[1]?.toLowerCase() ?? '', value: parts[2]?.toLowerCase() ?? '' };
}

function matches(resource: Resource, field: string, value: string, all: readonly Term[]): boolean {
  const tags = new Map(
    Object.entries(resource.tags ?? {}).map(([name, text]) => [name.toLowerCase(), text.toLowerCase()]),
  );
  if (field === 'resourcegroup') return resource.group.toLowerCase() === value;
  if (field === 'resourcetype') return resource.type.toLowerCase() === value;
  if (field === 'name') return resource.name.toLowerCase() === value;
  if (field === 'tagname') return tags.has(value);
  return tags.get(all.find((term) => term.field === 'tagname')?.value ?? '') === value;
}
