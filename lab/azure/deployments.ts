import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Arm } from './arm.ts';
import { armError, type ErrorBody, errorBodyOf } from './errors.ts';
import { type ArmRequest, armRoute, groupOf } from './http.ts';
import { askToWait } from './operation-routes.ts';
import type { Operation } from './operations.ts';
import { keyOf } from './store.ts';
import { deploymentFailed, type Planned, planOf, wavesOf } from './template.ts';
import { write } from './writes.ts';

const deploymentType = 'Microsoft.Resources/deployments';
const url = `/subscriptions/:subscription/resourceGroups/:group/providers/${deploymentType}`;

/** A deployment as the resource group's history keeps it: it is no resource, and no list of resources shows it. */
interface Deployment {
  readonly id: string;
  readonly name: string;
  readonly timestamp: string;
  readonly plan: readonly Planned[];
  readonly operation: Operation;
}

/**
 * Template deployments into a resource group, which is how `az vm create` makes a machine: each resource of the inline template is written as if by
 * its own PUT, in the order of dependsOn. ARM asks for the rights on every resource before it begins.
 */
export function deploymentRoutes(app: FastifyInstance, arm: Arm): void {
  const history = new Map<string, Deployment>();
  const found = (request: ArmRequest): Deployment => {
    groupOf(request);
    const deployment = history.get(keyOf(idOf(request)));
    if (deployment === undefined) throw armError('DeploymentNotFound', { text: request.params['name'] ?? '' });
    return deployment;
  };
  const one = { url: `${url}/:name`, type: deploymentType, nameIn: 'name' };
  armRoute(app, arm, {
    ...one,
    method: 'PUT',
    action: `${deploymentType}/write`,
    handle: (request) => put(request, history),
  });
  armRoute(app, arm, {
    ...one,
    method: 'GET',
    action: `${deploymentType}/read`,
    handle: (request) => viewOf(found(request)),
  });
  // Azure CLI asks for the list with a slash at the end
  for (const list of [url, `${url}/`]) {
    armRoute(app, arm, {
      method: 'GET',
      url: list,
      type: deploymentType,
      action: `${deploymentType}/read`,
      handle: (request) => {
        groupOf(request);
        return {
          value: [...history.values()].filter(({ id }) => keyOf(id).startsWith(keyOf(idOf(request)))).map(viewOf),
        };
      },
    });
  }
  armRoute(app, arm, {
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

const idOf = ({ params }: ArmRequest): string =>
  `/subscriptions/${params['subscription']?.toLowerCase()}/resourceGroups/${params['group']}/providers/${deploymentType}/${params['name'] ?? ''}`;

function put(request: ArmRequest, history: Map<string, Deployment>): FastifyReply {
  const { arm, origin, params, query, reply } = request;
  const group = groupOf(request);
  const groupId = arm.store.get(`/subscriptions/${params['subscription']}/resourceGroups/${group}`)?.id ?? '';
  const id = `${groupId}/providers/${deploymentType}/${params['name']}`;
  const before = history.get(keyOf(id));
  if (before?.operation.status === 'InProgress') throw armError('DeploymentActive', { id });
  const plan = planOf(request.body, groupId);
  const waves = wavesOf(plan);
  for (const { type, id: planned } of plan)
    if (!arm.rights.allows(`${type.type}/write`, planned))
      throw armError('AuthorizationFailed', { id: planned, text: `${type.type}/write` });
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
  history.set(keyOf(id), deployment);
  askToWait(request);
  return reply
    .code(before === undefined ? 201 : 200)
    .header(
      'azure-asyncoperation',
      `${origin}${id}/operationStatuses/${operation.id}?api-version=${query['api-version']}`,
    )
    .send(viewOf(deployment));
}

/** Resources that do not wait for each other are made side by side; what was begun is finished even when one of them fails. */
async function deployWave(arm: Arm, wave: readonly Planned[], group: string): Promise<void> {
  const failures = (await Promise.all(wave.map((planned) => deploy(arm, planned, group)))).filter(
    (failure) => failure !== undefined,
  );
  if (failures.length > 0) throw deploymentFailed(failures);
}

async function deploy(arm: Arm, { type, id, name, body }: Planned, group: string): Promise<ErrorBody | undefined> {
  const call = { method: 'PUT', type: type.type, name, group };
  try {
    arm.faults.refuse(call);
    const { operation } = write(arm, { type, id, name, group, query: {}, call }, body);
    await operation.settled;
    return operation.error;
  } catch (error) {
    return errorBodyOf(error);
  }
}

function viewOf({ id, name, timestamp, plan, operation: { id: correlationId, status, error } }: Deployment): object {
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
