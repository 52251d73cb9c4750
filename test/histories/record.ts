/** Records the histories that replay.test.ts replays, on a lab: `node test/histories/record.ts`. Do it for every release, and keep the old ones. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { WorkflowHandle } from '@temporalio/client';
import { finishSignal, labelNode2Signal, type Progress, progressQuery, taskQueue, workflowType } from '../../src/contract/messages.ts';
import { exampleFile, root, startWorld, type World } from '../e2e/world.ts';

const world = await startWorld();
try {
  await world.startWorker();
  await record(world, 'happy-second-node', async (handle) => {
    await waiting(handle);
    await handle.signal(labelNode2Signal);
  });
  world.lab.azure.faults.add({ kind: 'deny', method: 'PUT', type: 'Microsoft.Compute/virtualMachines', times: 1 });
  await record(world, 'failed-with-undo', async () => {});
  await record(world, 'cancelled', async (handle) => {
    await waiting(handle);
    await handle.cancel();
  });
  await record(world, 'finished-without-second-node', async (handle) => {
    await waiting(handle);
    await handle.signal(finishSignal);
  });
} finally {
  await world.stop();
}

async function record({ client }: World, name: string, during: (handle: WorkflowHandle) => Promise<void>): Promise<void> {
  const handle = await client.workflow.start(workflowType, { taskQueue, workflowId: `hepflow-lab-${name}`, args: [JSON.parse(readFileSync(exampleFile, 'utf8'))] });
  await during(handle);
  await handle.result().catch(() => {});
  const { status, historyLength, historySize } = await handle.describe();
  const text = JSON.stringify(JSON.parse(historyToJSON(await handle.fetchHistory()))).replaceAll(root, '/hepflow/'); // stacks name where this checkout is
  writeFileSync(join(import.meta.dirname, `${name}.json`), `${text}\n`);
  process.stdout.write(`${name}: ${status.name}, ${historyLength} events, ${historySize} bytes\n`);
}

async function waiting(handle: WorkflowHandle): Promise<void> {
  while ((await handle.query<Progress>(progressQuery)).stage !== 'waiting') await new Promise((resolve) => setTimeout(resolve, 50));
}
