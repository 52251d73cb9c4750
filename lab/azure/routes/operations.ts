import type { FastifyInstance, FastifyReply } from 'fastify';
import { cluster } from '../../scope.ts';
import type { Arm } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { type ArmRequest, registerRoute } from '../arm/http.ts';
import type { Operation } from '../arm/operations.ts';
import { diskType } from '../resources/disks.ts';

/** Real Compute URLs are signed and longer than 4 KB; clients must cope. */
const signature = `&t=${'0'.repeat(18)}&c=${'MIIH'.repeat(1000)}&s=${'hepflow'.repeat(49)}&h=${'lab'.repeat(14)}`;

/**
 * Answers an accepted request with both headers of ARM's asynchronous contract; URLs are absolute, on the host that was
 * called.
 */
export function answerAccepted(
  request: ArmRequest,
  operation: Operation,
  status: 200 | 201 | 202,
  body?: object,
): FastifyReply {
  const subscription = `${request.origin}/subscriptions/${cluster.subscriptionId}`;
  const base = `${subscription}/providers/${operation.provider}/locations/${cluster.location}`;
  const version = `api-version=${request.query['api-version']}`;
  const compute = operation.provider === 'Microsoft.Compute';
  const kind = isOfDisk(operation) ? 'DiskOperations' : 'operations';
  const poll = `${base}/${kind}/${operation.id}?${version}${compute ? signature : ''}`;
  const result = compute ? `${poll}&monitor=true` : `${base}/operationResults/${operation.id}?${version}`;
  void request.reply.header('azure-asyncoperation', poll).code(status);
  if (operation.method !== 'PUT') void request.reply.header('location', result);
  askToWait(request);
  return request.reply.send(body);
}

const isOfDisk = ({ resourceId }: Operation): boolean => resourceId.includes(`/providers/${diskType}/`);

/** Sets Retry-After, where the pace has one. Without the header Azure CLI waits 30 s. */
export function askToWait({ arm, reply }: ArmRequest): void {
  if (arm.timing.retryAfterSeconds !== undefined) void reply.header('retry-after', arm.timing.retryAfterSeconds);
}

/** Kinds of operation URLs, and the rights to read them. */
const kinds = {
  'Microsoft.Network': { operations: 'operations', operationResults: 'operationResults' },
  'Microsoft.Compute': {
    operations: 'operations',
    operationResults: 'operationResults',
    DiskOperations: 'diskOperations',
  },
} as const;

/**
 * The URLs of operations: `operations/{id}`, for disks `DiskOperations/{id}`, reports the status;
 * `operationResults/{id}` (for Compute `&monitor=true`) ends with the result.
 */
export function registerOperationRoutes(app: FastifyInstance, arm: Arm): void {
  for (const [provider, rights] of Object.entries(kinds)) {
    for (const [kind, right] of Object.entries(rights)) {
      registerRoute(app, arm, {
        method: 'GET',
        url: `/subscriptions/:subscription/providers/${provider}/locations/:location/${kind}/:operation`,
        type: `${provider}/locations/${kind}`,
        handle: (request) => {
          requireGroupRight(request, `${provider}/locations/${right}/read`);
          return kind === 'operationResults' || request.query['monitor'] === 'true'
            ? answerResult(request)
            : presentStatus(request);
        },
      });
    }
  }
  registerRoute(app, arm, {
    method: 'GET',
    url: '/subscriptions/:subscription/operationresults/:operation',
    type: 'Microsoft.Resources/operationResults',
    handle: (request) => answerResult(request, 200),
  });
}

/**
 * Who started an operation may follow it with rights on the resource group of what it is about; a role on the resource
 * alone is not enough. Whether a role on another group of the subscription is, no public source tells.
 */
function requireGroupRight({ arm, params, reply }: ArmRequest, action: string): void {
  const operation = arm.operations.get(params['operation'] ?? '');
  const [groupId] = /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+/i.exec(operation?.resourceId ?? '') ?? [];
  if (groupId === undefined || arm.rights.allows(action, groupId)) return;
  throw createArmError('AuthorizationFailed', { id: reply.request.url.split('?')[0] ?? '', text: action });
}

function requireOperation(request: ArmRequest): Operation {
  const id = request.params['operation'] ?? '';
  const operation = request.arm.operations.get(id);
  if (operation === undefined || operation.lost) throw createArmError('NotFound', { text: `Operation ${id}` });
  if (operation.status === 'InProgress') askToWait(request);
  return operation;
}

/** Always 200: a failure is reported in the body. */
function presentStatus(request: ArmRequest): object {
  const { id, provider, status, startTime, endTime, error } = requireOperation(request);
  const told = { status, ...(error && { error }) };
  return provider === 'Microsoft.Network' ? told : { name: id, startTime, ...(endTime && { endTime }), ...told };
}

/** 202 until done, then the final status (resource groups end with 200, which the SDK insists on), or the failure. */
function answerResult(request: ArmRequest, done: 200 | 204 = 204): FastifyReply {
  const operation = requireOperation(request);
  if (operation.status === 'InProgress')
    return request.reply.code(202).header('location', `${request.origin}${request.reply.request.url}`).send();
  if (operation.error !== undefined) return request.reply.code(409).send({ error: operation.error });
  return operation.result === undefined
    ? request.reply.code(done).send()
    : request.reply.code(200).send(operation.result);
}
