import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Arm } from '../arm/arm.ts';
import { createArmError } from '../arm/errors.ts';
import { type ArmRequest, formatGroupId, registerRoute, requireGroupName } from '../arm/http.ts';
import { createFailure } from '../faults/table.ts';
import { listEffectiveRoutes } from '../network/effective-routes.ts';
import { listEffectiveSecurityGroups } from '../network/effective-rules.ts';
import { interfaceType } from '../resources/interfaces.ts';
import { answerAccepted } from './operations.ts';

const answers = {
  effectiveNetworkSecurityGroups: listEffectiveSecurityGroups,
  effectiveRouteTable: listEffectiveRoutes,
} as const;

/**
 * Registers POST on an interface: what is in force on it, as a long-running operation. Only a running VM's interface
 * has an answer; Azure's own error code for others is not known.
 */
export function registerEffectiveRoutes(app: FastifyInstance, arm: Arm): void {
  for (const question of Object.keys(answers) as (keyof typeof answers)[]) {
    registerRoute(app, arm, {
      method: 'POST',
      url: `/subscriptions/:subscription/resourceGroups/:group/providers/${interfaceType}/:name/${question}`,
      type: `${interfaceType}/${question}`,
      nameIn: 'name',
      action: `${interfaceType}/${question}/action`,
      handle: (request) => startReading(request, question),
    });
  }
}

function startReading(request: ArmRequest, question: keyof typeof answers): FastifyReply {
  const { arm, params, call } = request;
  const groupId = formatGroupId(request, requireGroupName(request));
  const id = `${groupId}/providers/${interfaceType}/${params['name']}`;
  const nic = arm.store.get(id);
  if (nic === undefined) throw createArmError('ResourceNotFound', { id });
  const answer = (): object => {
    const value = answers[question](arm.store, nic.id);
    if (value === undefined)
      throw createArmError('OperationNotAllowed', {
        text: `Network interface ${nic.id} is not attached to a running virtual machine.`,
      });
    return { value };
  };
  answer();
  const fail = arm.faults.take('failOperation', call);
  const operation = arm.operations.start({
    provider: 'Microsoft.Network',
    method: 'POST',
    resourceId: nic.id,
    locks: [],
    durationMs: arm.timing.durations.effective,
    fail: fail && createFailure(fail, nic.id),
    failedAs: fail?.end,
    lost: arm.faults.take('loseOperation', call) !== undefined,
    work: async () => {},
    answer,
  });
  return answerAccepted(request, operation, 202);
}
