import type { FastifyInstance, FastifyReply, HTTPMethods } from 'fastify';
import * as z from 'zod';
import type { Arm } from '../arm/arm.ts';
import { ArmError, createArmError, isErrorCode } from '../arm/errors.ts';
import { type ArmRequest, type ArmRoute, formatGroupId, registerRoute, requireGroupName } from '../arm/http.ts';
import type { Operation } from '../arm/operations.ts';
import { createEtag, isListed, type Resource, readParentId } from '../arm/store.ts';
import { isInGroup, removeResource, type Target, writeResource } from '../arm/writes.ts';
import { resourceTypes } from '../resources/index.ts';
import type { ResourceType } from '../resources/type.ts';
import { answerAccepted } from './operations.ts';

const inAnyGroup = '/subscriptions/:subscription/resourceGroups/:group';

/** GET, PUT, PATCH (tags), DELETE, POST actions and lists of every type of the table. */
export function registerResourceRoutes(app: FastifyInstance, arm: Arm): void {
  for (const type of resourceTypes) {
    const [provider = '', ...segments] = type.type.split('/');
    const path = `providers/${provider}/${segments.map((segment, at) => `${segment}/:name${at}`).join('/')}`;
    registerOne(app, arm, type, {
      url: `${inAnyGroup}/${path}`,
      type: type.type,
      nameIn: `name${segments.length - 1}`,
    });
    const collection = path.slice(0, path.lastIndexOf('/'));
    const parents = segments.length === 1 ? [inAnyGroup, '/subscriptions/:subscription'] : [inAnyGroup];
    for (const parent of parents) {
      registerRoute(app, arm, {
        method: 'GET',
        url: `${parent}/${collection}`,
        type: type.type,
        action: `${type.type}/read`,
        handle: (request) => listCollection(request, type),
      });
    }
  }
}

/** The routes of one resource, by its id. */
function registerOne(
  app: FastifyInstance,
  arm: Arm,
  type: ResourceType,
  one: Pick<ArmRoute, 'url' | 'type' | 'nameIn'>,
): void {
  const register = (method: HTTPMethods, right: string, handle: ArmRoute['handle']): void =>
    registerRoute(app, arm, { ...one, method, action: `${type.type}/${right}`, handle });
  register('GET', 'read', (request) => presentResource(requireStored(request, type), type, request));
  register('PUT', 'write', (request) => putResource(request, type));
  register('PATCH', 'write', (request) => patchTags(request, type));
  register('DELETE', 'delete', (request) => deleteResource(request, type));
  for (const name of type.actions ?? []) {
    registerRoute(app, arm, {
      ...one,
      url: `${one.url}/${name}`,
      method: 'POST',
      action: `${type.type}/${name}/action`,
      handle: (request) => type.act?.(requireStored(request, type), arm, name),
    });
  }
}

/** A resource as ARM shows it. */
export function presentResource(
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

function readTarget(request: ArmRequest, type: ResourceType): Target {
  const group = requireGroupName(request);
  const [provider = '', ...segments] = type.type.split('/');
  const names = segments.map((_, at) => request.params[`name${at}`] ?? '');
  const path = segments.map((segment, at) => `${segment}/${names[at]}`).join('/');
  const id = `${formatGroupId(request, group)}/providers/${provider}/${path}`;
  return { type, id, name: names.at(-1) ?? '', group, query: request.query, call: request.call };
}

function requireStored(request: ArmRequest, type: ResourceType): Resource {
  const { id } = readTarget(request, type);
  const resource = request.arm.store.get(id);
  if (resource === undefined) throw createAbsence(type, id);
  return resource;
}

/** Of a child, Microsoft.Network has a code of its own. */
const createAbsence = ({ type }: ResourceType, id: string): ArmError =>
  type.split('/').length > 2
    ? createArmError('NotFound', { text: `Resource ${id}` }, [])
    : createArmError('ResourceNotFound', { id });

async function putResource(request: ArmRequest, type: ResourceType): Promise<FastifyReply> {
  const { resource, created, operation } = writeResource(request.arm, readTarget(request, type), request.body);
  if (request.arm.faults.take('dropAfterAccept', request.call) !== undefined) return request.drop();
  if (type.answers?.writesAtOnce === true) await operation.settled;
  if (operation.status === 'Failed' || operation.status === 'Canceled') throw createRefusal(operation);
  const status = created ? 201 : 200;
  const shown = presentResource(resource, type, { arm: request.arm, query: {} });
  return operation.status === 'Succeeded'
    ? request.reply.code(status).send(shown)
    : answerAccepted(request, operation, status, shown);
}

/** What an operation that failed at once answers, with the status that its code has. */
function createRefusal({ error = createArmError('InternalServerError').body }: Operation): ArmError {
  return new ArmError(isErrorCode(error.code) ? createArmError(error.code).status : 409, error);
}

function deleteResource(request: ArmRequest, type: ResourceType): FastifyReply {
  const operation = removeResource(request.arm, readTarget(request, type));
  if (operation === undefined) return request.reply.code(204).send();
  if (request.arm.faults.take('dropAfterAccept', request.call) !== undefined) return request.drop();
  return answerAccepted(request, operation, type.answers?.removal ?? 202);
}

const tagsBody = z.looseObject({ tags: z.record(z.string(), z.string()) });

function patchTags(request: ArmRequest, type: ResourceType): object {
  const resource = requireStored(request, type);
  const body = tagsBody.safeParse(request.body);
  if (!body.success || type.type.split('/').length > 2)
    throw createArmError('InvalidRequestFormat', { text: 'PATCH changes tags, and nothing else' });
  resource.tags = body.data.tags;
  resource.etag = createEtag();
  return presentResource(resource, type, request);
}

/** So small that a lab has more than a page; where the last one is full, an empty one follows it. */
const pageSize = 2;

/** Children are listed within their parent, which must be there. */
function listCollection(request: ArmRequest, type: ResourceType): object {
  const { arm, params, query, origin } = request;
  const shown = (resources: readonly Resource[]): object => {
    const all = resources.filter(isListed).map((resource) => presentResource(resource, type, { arm, query: {} }));
    const from = Number(Buffer.from(query['$skiptoken'] ?? '', 'base64').toString()) || 0;
    const next = encodeURIComponent(Buffer.from(String(from + pageSize)).toString('base64'));
    const path = request.reply.request.url.split('?')[0];
    const nextLink = `${origin}${path}?api-version=${query['api-version']}&%24skiptoken=${next}`;
    return { value: all.slice(from, from + pageSize), ...(from + pageSize <= all.length && { nextLink }) };
  };
  if (params['group'] === undefined) return shown(arm.store.listByType(type.type));
  const group = requireGroupName(request);
  if (params['name0'] === undefined)
    return shown(arm.store.listByType(type.type).filter((resource) => isInGroup(resource, group)));
  const parentId = readParentId(readTarget(request, type).id);
  if (arm.store.get(parentId) === undefined) throw createArmError('ResourceNotFound', { id: parentId });
  return shown(arm.store.listChildren(parentId, type.type));
}
