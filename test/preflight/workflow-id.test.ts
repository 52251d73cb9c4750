import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Azure } from '../../src/adapters/azure/index.ts';
import { resolveMission } from '../../src/config/run-spec.ts';
import { HepflowError } from '../../src/contract/failures.ts';
import { runPreflight } from '../../src/preflight/index.ts';
import { createWorkshop } from '../../src/scenario/workshop.ts';
import type { Tools } from '../../src/step/context.ts';
import { contextOf, mission } from '../support/cluster.ts';

/** What is wrong with a run of that workflow id, in a subscription that holds nothing. */
async function listMessages(workflowId: string): Promise<readonly string[]> {
  const { run, ...context } = contextOf();
  const nothing = Object.assign(async () => false, { get: async () => undefined, list: async () => [] });
  const azure = new Proxy({}, { get: () => nothing }) as Azure;
  const tools = { azure, resolveMission, createScenario: createWorkshop } as Partial<Tools> as Tools;
  const spec = { subscriptionId: mission.subscriptionId, resourceGroup: 'g', cluster: 'c' };
  const refused = runPreflight({ spec, holder: 'h' }, tools, { ...context, run: { ...run, workflowId } });
  const error = await refused.then(
    () => assert.fail('it should have been refused'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HepflowError, String(error));
  return error.problems.map(({ message }) => message);
}

test('a workflow id that no tag of Azure can hold is refused before anything is made (W1)', async () => {
  const isAboutId = (message: string): boolean => message.startsWith('The workflow id has 257 characters; a tag');
  assert.ok((await listMessages('x'.repeat(257))).some(isAboutId));
  assert.ok(!(await listMessages('x'.repeat(256))).some((message) => message.startsWith('The workflow id')));
});
