import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { Call } from '../faults/table.ts';
import type { Arm } from './arm.ts';
import { ArmError, createArmError } from './errors.ts';

/** An ARM request whose caller, api-version, subscription and rights have been checked. */
export interface ArmRequest {
  readonly arm: Arm;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
  readonly call: Call;
  /** `https://host:port` as the caller wrote it. */
  readonly origin: string;
  readonly reply: FastifyReply;
  /** Breaks the connection instead of answering. */
  drop(): FastifyReply;
}

export interface ArmRoute {
  readonly method: HTTPMethods;
  readonly url: string;
  /** Type that faults are matched with. */
  readonly type: string;
  /** What the role must allow; absent: nothing. */
  readonly action?: string;
  /** Path parameter with the name that faults are matched with. */
  readonly nameIn?: string;
  handle(request: ArmRequest): unknown;
}

/** Registers a route behind ARM's own checks. */
export function registerRoute(app: FastifyInstance, arm: Arm, route: ArmRoute): void {
  app.route({
    method: route.method,
    url: route.url,
    exposeHeadRoute: false,
    handler: async (request, reply) => {
      const checked = checkRequest(arm, route, request, reply);
      return route.handle(checked);
    },
  });
}

function checkRequest(arm: Arm, route: ArmRoute, request: FastifyRequest, reply: FastifyReply): ArmRequest {
  const params = request.params as Record<string, string>;
  const query = request.query as Record<string, string | undefined>;
  const call: Call = {
    method: request.method,
    type: route.type,
    name: params[route.nameIn ?? ''] ?? '',
    group: params['group'] ?? '',
  };
  if (!query['api-version']) throw createArmError('MissingApiVersionParameter');
  refuseVersion(arm, route.type, query['api-version']);
  arm.faults.refuse(call, request.headers.authorization);
  const subscription = params['subscription'];
  if (subscription !== undefined && arm.store.get(`/subscriptions/${subscription}`) === undefined)
    throw createArmError('SubscriptionNotFound', { text: subscription });
  // The SDK doubles the slash where a resource has no parent.
  const scope = (request.url.split('?')[0] ?? '').replaceAll(/\/{2,}/g, '/');
  if (route.action !== undefined && !arm.rights.allows(route.action, scope))
    throw createArmError('AuthorizationFailed', { id: scope, text: route.action });
  arm.locks.refuse(request.method, scope);
  const drop = (): FastifyReply => {
    reply.hijack();
    request.raw.socket.destroy();
    return reply;
  };
  return { arm, params, query, body: request.body, call, origin: `https://${request.host}`, reply, drop };
}

/** Clouds get new versions of an API at different times. */
function refuseVersion({ region }: Arm, type: string, version: string): void {
  const [provider = '', ...rest] = type.split('/');
  const newest = region.newestApi[type] ?? region.newestApi[provider];
  if (newest === undefined || version <= newest || rest[0] === 'locations') return;
  throw createArmError('NoRegisteredProviderFound', { id: rest.join('/'), text: version, other: newest });
}

/** The resource group named in the path, or ResourceGroupNotFound; for writes also ResourceGroupBeingDeleted. */
export function requireGroupName({ arm, params, call }: ArmRequest): string {
  const name = params['group'] ?? '';
  const group = arm.store.get(`/subscriptions/${params['subscription']}/resourceGroups/${name}`);
  if (group === undefined) throw createArmError('ResourceGroupNotFound', { text: name });
  if (call.method === 'PUT' && group.properties.provisioningState === 'Deleting')
    throw createArmError('ResourceGroupBeingDeleted', { text: name });
  return group.name;
}

/** Id of a resource group of the subscription in the path. */
export const formatGroupId = ({ params }: Pick<ArmRequest, 'params'>, group: string): string =>
  `/subscriptions/${params['subscription']?.toLowerCase()}/resourceGroups/${group}`;

/** Answers every error in ARM's form. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(async (error, _request, reply) => {
    const refusal = error instanceof ArmError ? error : translateError(error);
    return reply.code(refusal.status).headers(refusal.headers).send({ error: refusal.body });
  });
  app.setNotFoundHandler(async (request, reply) => {
    const [path = ''] = request.url.split('?');
    const { status, body } = createArmError('InvalidResourceType', { text: `${request.method} ${path}` });
    return reply.code(status).send({ error: body });
  });
}

/**
 * Fastify's own errors (a body that is not JSON) keep their status; any other error is a bug of the lab, and is
 * reported as one.
 */
function translateError(error: unknown): ArmError {
  const { statusCode = 500, message = String(error) } = error as { statusCode?: number; message?: string };
  return statusCode < 500
    ? new ArmError(statusCode, createArmError('InvalidRequestContent', { text: message }).body)
    : createArmError('InternalServerError', { text: `fault in the stand-in Azure: ${message}` });
}
