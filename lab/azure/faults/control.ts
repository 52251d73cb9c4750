import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as z from 'zod';
import { formatIssues } from '../arm/issues.ts';
import type { Resource, Store } from '../arm/store.ts';
import { isTracked } from '../resources/index.ts';
import { createFault, type ScenarioName, scenarios } from './scenarios.ts';
import { type Fault, faultSchema, type Where, whereSchema } from './schema.ts';
import type { Faults } from './table.ts';

/** A request in the log. `status` 0: no answer (yet), or the connection was broken. The path is without its query. */
export interface LoggedRequest {
  readonly method: string;
  readonly path: string;
  status: number;
}

/** Header that carries the control token. */
export const controlHeader = 'x-lab-token';

export interface Control {
  readonly token: string;
  readonly faults: Faults;
  inventory(): object;
  requests(): readonly LoggedRequest[];
}

/**
 * Registers the lab's own API, for tests in another process: POST /lab/faults (a fault), POST /lab/scenarios (`{
 * scenario, ...where }`: a name of scenarios.ts, and the calls), DELETE /lab/faults (all of them), GET /lab/inventory
 * and GET /lab/requests. Every call needs the header `x-lab-token`.
 */
export function registerControlRoutes(app: FastifyInstance, control: Control): void {
  app.register((door, _options, done) => {
    door.addHook('onRequest', async (request: FastifyRequest, reply: FastifyReply) => {
      if (request.headers[controlHeader] === control.token) return undefined;
      return refuse(reply, 403, 'Forbidden', `The header ${controlHeader} is missing or wrong.`);
    });
    door.post('/lab/faults', async (request, reply) => {
      const fault = faultSchema.safeParse(request.body);
      if (!fault.success) return refuse(reply, 400, 'InvalidFault', formatIssues(fault.error));
      control.faults.add(request.body as Fault);
      return reply.code(204).send();
    });
    door.post('/lab/scenarios', async (request, reply) => {
      const choice = scenarioSchema.safeParse(request.body);
      if (!choice.success) return refuse(reply, 400, 'InvalidScenario', formatIssues(choice.error));
      const { scenario, ...where } = request.body as Partial<Where> & { scenario: ScenarioName };
      control.faults.add(createFault(scenario, where));
      return reply.code(204).send();
    });
    door.delete('/lab/faults', async (_request, reply) => {
      control.faults.clear();
      return reply.code(204).send();
    });
    door.get('/lab/inventory', () => control.inventory());
    door.get('/lab/requests', () => control.requests());
    done();
  });
}

const refuse = (reply: FastifyReply, status: number, code: string, message: string): FastifyReply =>
  reply.code(status).send({ error: { code, message } });

const scenarioSchema = z.strictObject({
  ...whereSchema.partial().shape,
  scenario: z.enum(Object.keys(scenarios) as [ScenarioName, ...ScenarioName[]]),
});

/** Every resource with its properties, ordered by id, less what changes without a cause: etags and times. */
export function readInventory(store: Store): object {
  return structuredClone({ resources: store.list().map(omitVolatile) });
}

function omitVolatile({ etag: _etag, real: _real, unlistedUntil: _lag, properties, ...rest }: Resource): object {
  const { timeCreated: _time, ...lasting } = properties as { timeCreated?: string };
  return { ...rest, tracked: isTracked(rest.type), properties: lasting };
}
