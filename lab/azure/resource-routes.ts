import type { FastifyInstance, FastifyReply } from 'fastify';
import * as z from 'zod';
import type { Arm } from './arm.ts';
import { armError } from './errors.ts';
import { type ArmRequest, armRoute, groupOf } from './http.ts';
import { accepted } from './operation-routes.ts';
import { resourceTypes } from './resources/index.ts';
import type { ResourceType } from './resources/type.ts';
import { isListed, newEtag, parentIdOf, type Resource } from './store.ts';
import { inGroup, remove, type Target, write } from './writes.ts';

const inAnyGroup = '/subscriptions/:subscription/resourceGroups/:group';

/** GET, PUT, PATCH (tags), DELETE, POST actions and lists of every type of the table. */
export function resourceRoutes(app: FastifyInstance, arm: Arm): void {
  for (const type of resourceTypes) {
    const [provider = '', ...segments] = type.type.split('/');
    const path = segments.map((segment, at) => `${segment}/:name${at}`).join('/');
    const one = {
      url: `${inAnyGroup}/providers/${provider}/${path}`,
      type: type.type,
      nameIn: `name${segments.length - 1}`,
    };
    const collection = `providers/${provider}/${path.slice(0, path.lastIndexOf('/'))}`;
    const action = (right: string): string => `${type.type}/${right}`;
    armRoute(app, arm, {
      ...one,
      method: 'GET',
      action: action('read'),
      handle: (request) => viewOf(stored(request, type), type, request),
    });
    armRoute(app, arm, { ...one, method: 'PUT', action: action('write'), handle: (request) => put(request, type) });
    armRoute(app, arm, {
      ...one,
      method: 'PATCH',
      action: action('write'),
      handle: (request) => patchTags(request, type),
    });
    armRoute(app, arm, { ...one, method: 'DELETE', action: action('delete'), handle: (request) => del(request, type) });
    for (const name of type.actions ?? []) {
      armRoute(app, arm, {
        ...one,
        url: `${one.url}/${name}`,
        method: 'POST',
        action: action(`${name}/action`),
        handle: (request) => type.act?.(stored(request, type), arm, name),
      });
    }
    armRoute(app, arm, {
      method: 'GET',
      url: `${inAnyGroup}/${collection}`,
      type: type.type,
      action: action('read'),
      handle: (request) => list(request, type),
    });
    if (segments.length === 1) {
      armRoute(app, arm, {
        method: 'GET',
        url: `/subscriptions/:subscription/${collection}`,
        type: type.type,
        action: action('read'),
        handle: (request) => list(request, type),
      });
    }
  }
}

/** A resource as ARM shows it. */
export function viewOf(
  resource: Resource,
  type: ResourceType | undefined,
  { arm, query }: Pick<ArmRequest, 'arm' | 'query'>,
): object {
  const { id, name, type: typeName, location, tags, sku, zones, etag } = resource;
  const { owner } = resource.properties as { owner?: string };
  const properties = type?.view?.(resource, arm, query) ?? resource.properties;
  return {
    id,
    name,
    type: typeName,
    location,
    ...(tags && { tags }),
    ...(sku && { sku }),
    ...(zones && { zones }),
    ...(owner && { managedBy: owner }),
    etag,
    properties,
  };
}

function targetOf(request: ArmRequest, type: ResourceType): Target {
  const group = groupOf(request);
  const [provider = '', ...segments] = type.type.split('/');
  const names = segments.map((_, at) => request.params[`name${at}`] ?? '');
  const path = segments.map((segment, at) => `${segment}/${names[at]}`).join('/');
  const id = `/subscriptions/${request.params['subscription']?.toLowerCase()}/resourceGroups/${group}/providers/${provider}/${path}`;
  return { type, id, name: names.at(-1) ?? '', group, query: request.query, call: request.call };
}

function stored(request: ArmRequest, type: ResourceType): Resource {
  const { id } = targetOf(request, type);
  const resource = request.arm.store.get(id);
  if (resource === undefined) throw armError('ResourceNotFound', { id });
  return resource;
}

function put(request: ArmRequest, type: ResourceType): FastifyReply {
  const { resource, created, operation } = write(request.arm, targetOf(request, type), request.body);
  if (request.arm.faults.take('dropAfterAccept', request.call) !== undefined) return request.drop();
  return accepted(request, operation, created ? 201 : 200, viewOf(resource, type, { arm: request.arm, query: {} }));
}

function del(request: ArmRequest, type: ResourceType): FastifyReply {
  const operation = remove(request.arm, targetOf(request, type));
  if (operation === undefined) return request.reply.code(204).send();
  if (request.arm.faults.take('dropAfterAccept', request.call) !== undefined) return request.drop();
  return accepted(request, operation, 202);
}

const tagsBody = z.looseObject({ tags: z.record(z.string(), z.string()) });

function patchTags(request: ArmRequest, type: ResourceType): object {
  const resource = stored(request, type);
  const body = tagsBody.safeParse(request.body);
  if (!body.success || type.type.split('/').length > 2)
    throw armError('InvalidRequestFormat', { text: 'PATCH changes tags, and nothing else' });
  resource.tags = body.data.tags;
  resource.etag = newEtag();
  return viewOf(resource, type, request);
}

/** One page, always: the lab is small. Children are listed within their parent, which must be there. */
function list(request: ArmRequest, type: ResourceType): { value: object[] } {
  const { arm, params } = request;
  const shown = (resources: readonly Resource[]): { value: object[] } => ({
    value: resources.filter(isListed).map((resource) => viewOf(resource, type, { arm, query: {} })),
  });
  if (params['group'] === undefined) return shown(arm.store.ofType(type.type));
  const group = groupOf(request);
  if (params['name0'] === undefined)
    return shown(arm.store.ofType(type.type).filter((resource) => inGroup(resource, group)));
  const parentId = parentIdOf(targetOf(request, type).id);
  if (arm.store.get(parentId) === undefined) throw armError('ResourceNotFound', { id: parentId });
  return shown(arm.store.childrenOf(parentId, type.type));
}
