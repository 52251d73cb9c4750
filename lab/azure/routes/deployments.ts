import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Arm } from '../arm/arm.ts';
import { createArmError, createErrorBody, type ErrorBody } from '../arm/errors.ts';
import { type ArmRequest, formatGroupId, registerRoute, requireGroupName } from '../arm/http.ts';
import type { Operation } from '../arm/operations.ts';
import { normalizeId } from '../arm/store.ts';
import { writeResource } from '../arm/writes.ts';
import { askToWait } from './operations.ts';
import { createDeploymentFailure, groupIntoWaves, type Planned, readPlan } from './template.ts';

const deploymentType = 'Microsoft.Resources/deployments';
const url = `/subscriptions/:subscription/resourceGroups/:group/providers/${deploymentType}`;

/** A deployment in the resource group's history. It is not a resource, and no list of resources shows it. */
interface Deployment {
  readonly id: string;
  readonly name: string;
  readonly timestamp: string;
  readonly plan: readonly Planned[];
  readonly operation: Operation;
}

/**
 * Template deployments into a resource group, which is how `az vm create` makes a machine: each resource of the inline
 * template is written as if by its own PUT, in the order of dependsOn. ARM checks the rights on every resource before
 * it begins.
 */
export function registerDeploymentRoutes(app: FastifyInstance, arm: Arm): void {
  const history = new Map<string, Deployment>();
  const found = (request: ArmRequest): Deployment => {
    requireGroupName(request);
    const deployment = history.get(normalizeId(formatId(request)));
    if (deployment === undefined) throw createArmError('DeploymentNotFound', { text: request.params['name'] ?? '' });
    return deployment;
  };
  const one = { url: `${url}/:name`, type: deploymentType, nameIn: 'name' };
  registerRoute(app, arm, {
    ...one,
    method: 'PUT',
    action: `${deploymentType}/write`,
    handle: (request) => putDeployment(request, history),
  });
  registerRoute(app, arm, {
    ...one,
    method: 'GET',
    action: `${deploymentType}/read`,
    handle: (request) => presentDeployment(found(request)),
  });
  // Azure CLI asks for the list with a slash at the end
  for (const list of [url, `${url}/`]) {
    registerRoute(app, arm, {
      method: 'GET',
      url: list,
      type: deploymentType,
      action: `${deploymentType}/read`,
      handle: (request) => {
        requireGroupName(request);
        return {
          value: [...history.values()]
            .filter(({ id }) => normalizeId(id).startsWith(normalizeId(formatId(request))))
            .map(presentDeployment),
        };
      },
    });
  }
  registerRoute(app, arm, {
    ...one,
    url: `${url}/:name/operationStatuses/:operation`,
    method: 'GET',
    type: `${deploymentType}/operationStatuses`,
    action: `${deploymentType}/operationstatuses/read`,
    handle: (request) => {
      const { status, error } = found(request).operation;
      if (status === 'InProgress') askToWait(request);
      return { status: status === 'InProgress' ? 'Running' : status, ...(error && { error }) };
    },
  });
}

const formatId = (request: ArmRequest): string => {
  const { group = '', name = '' } = request.params;
  return `${formatGroupId(request, group)}/providers/${deploymentType}/${name}`;
};

function putDeployment(request: ArmRequest, history: Map<string, Deployment>): FastifyReply {
  const { arm, origin, params, query, reply } = request;
  const group = requireGroupName(request);
  const groupId = arm.store.get(`/subscriptions/${params['subscription']}/resourceGroups/${group}`)?.id ?? '';
  const id = `${groupId}/providers/${deploymentType}/${params['name']}`;
  const before = history.get(normalizeId(id));
  if (before?.operation.status === 'InProgress') throw createArmError('DeploymentActive', { id });
  const plan = readPlan(request.body, groupId);
  const waves = groupIntoWaves(plan);
  for (const { type, id: planned } of plan)
    if (!arm.rights.allows(`${type.type}/write`, planned))
      throw createArmError('AuthorizationFailed', { id: planned, text: `${type.type}/write` });
  const operation = arm.operations.start({
    provider: 'Microsoft.Resources',
    method: 'PUT',
    resourceId: id,
    locks: [],
    durationMs: 0,
    work: async () => {
      for (const wave of waves) await deployWave(arm, wave, group);
    },
  });
  const deployment: Deployment = {
    id,
    name: params['name'] ?? '',
    timestamp: new Date().toISOString(),
    plan,
    operation,
  };
  history.set(normalizeId(id), deployment);
  askToWait(request);
  return reply
    .code(before === undefined ? 201 : 200)
    .header(
      'azure-asyncoperation',
      `${origin}${id}/operationStatuses/${operation.id}?api-version=${query['api-version']}`,
    )
    .send(presentDeployment(deployment));
}

/** Deploys resources that do not depend on each other side by side; all are finished even when one of them fails. */
async function deployWave(arm: Arm, wave: readonly Planned[], group: string): Promise<void> {
  const failures = (await Promise.all(wave.map((planned) => deployResource(arm, planned, group)))).filter(
    (failure) => failure !== undefined,
  );
  if (failures.length > 0) throw createDeploymentFailure(failures);
}

async function deployResource(
  arm: Arm,
  { type, id, name, body }: Planned,
  group: string,
): Promise<ErrorBody | undefined> {
  const call = { method: 'PUT', type: type.type, name, group };
  try {
    arm.faults.refuse(call);
    const { operation } = writeResource(arm, { type, id, name, group, query: {}, call }, body);
    await operation.settled;
    return operation.error;
  } catch (error) {
    return createErrorBody(error);
  }
}

function presentDeployment({
  id,
  name,
  timestamp,
  plan,
  operation: { id: correlationId, status, error },
}: Deployment): object {
  return {
    id,
    name,
    type: deploymentType,
    properties: {
      mode: 'Incremental',
      provisioningState: status === 'InProgress' ? 'Running' : status,
      timestamp,
      correlationId,
      parameters: {},
      outputs: {},
      outputResources: status === 'Succeeded' ? plan.map((planned) => ({ id: planned.id })) : [],
      ...(error && { error }),
    },
  };
}
