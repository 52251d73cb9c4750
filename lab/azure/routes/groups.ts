import type { FastifyInstance, FastifyReply } from 'fastify';
import * as z from 'zod';
import type { Arm } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { type ArmRequest, formatGroupId, registerRoute, requireGroupName } from '../arm/http.ts';
import { formatIssues } from '../arm/issues.ts';
import { createEtag, type Resource } from '../arm/store.ts';
import { emptyGroup } from './group-deletion.ts';
import { groupType, subscriptionType } from './group-types.ts';
import { listResources } from './resource-list.ts';
import { presentResource } from './resources.ts';

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

function headGroup(request: ArmRequest): FastifyReply {
  const found = request.arm.store.get(formatGroupId(request, request.params['group'] ?? ''));
  return request.reply.code(found === undefined ? 404 : 204).send();
}

function putGroup(request: ArmRequest): FastifyReply {
  const { arm, params, reply } = request;
  const body = groupBody.safeParse(request.body);
  if (!body.success)
    throw createArmError('InvalidRequestContent', {
      text: formatIssues(body.error),
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
  const result = `${origin}/subscriptions/${params['subscription']}/operationresults/${operation.id}`;
  return reply.code(202).header('location', `${result}?api-version=${query['api-version']}`).send();
}
