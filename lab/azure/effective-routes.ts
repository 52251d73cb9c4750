import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Arm } from './arm.ts';
import { effectiveRouteTable, effectiveSecurityGroups } from './effective.ts';
import { armError } from './errors.ts';
import { failureOf } from './faults.ts';
import { type ArmRequest, armRoute, groupOf } from './http.ts';
import { accepted } from './operation-routes.ts';
import { interfaceType } from './resources/interfaces.ts';

const answers = { effectiveNetworkSecurityGroups: effectiveSecurityGroups, effectiveRouteTable } as const;

/** POST on an interface: what is in force on it, as a long-running operation. Only a running VM's interface has an answer; Azure's own code for that is not known here. */
export function effectiveRoutes(app: FastifyInstance, arm: Arm): void {
  for (const question of Object.keys(answers) as (keyof typeof answers)[]) {
    armRoute(app, arm, {
      method: 'POST',
      url: `/subscriptions/:subscription/resourceGroups/:group/providers/${interfaceType}/:name/${question}`,
      type: `${interfaceType}/${question}`,
      nameIn: 'name',
      action: `${interfaceType}/${question}/action`,
      handle: (request) => ask(request, question),
    });
  }
}

function ask(request: ArmRequest, question: keyof typeof answers): FastifyReply {
  const { arm, params, call } = request;
  const id = `/subscriptions/${params['subscription']}/resourceGroups/${groupOf(request)}/providers/${interfaceType}/${params['name']}`;
  const nic = arm.store.get(id);
  if (nic === undefined) throw armError('ResourceNotFound', { id });
  const answer = (): object => {
    const value = answers[question](arm.store, nic.id);
    if (value === undefined)
      throw armError('OperationNotAllowed', {
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
    fail: fail && failureOf(fail, nic.id),
    failedAs: fail?.end,
    lost: arm.faults.take('loseOperation', call) !== undefined,
    work: async () => {},
    answer,
  });
  return accepted(request, operation, 202);
}
