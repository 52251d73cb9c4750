/**
 * A lab with a worker under test, the state that it had before any run, and runs of the mission one after the other.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { type Lab, startLab } from '../../lab/lab.ts';
import { taskQueue, workflowType } from '../../src/contract/messages.ts';
import { listDescendants, listDifferences, type Process, readState, type State } from '../support/lab-state.ts';
import type { Order } from '../support/worker-under-test/messages.ts';
import { WorkerUnderTest } from '../support/worker-under-test/worker.ts';

export interface OrderedWorld {
  readonly lab: Lab;
  readonly worker: WorkerUnderTest;
  /**
   * Starts a run under an order, lets `follow` take it to its end, and puts its duration among the test's diagnostics.
   */
  run<T>(t: TestContext, input: object, order: Order, follow: (handle: WorkflowHandle) => Promise<T>): Promise<T>;
  /** Processes of VMs: those in network namespaces that were not there at the start. */
  vm(): Promise<readonly Process[]>;
  state(): Promise<State>;
  /**
   * Fails with every difference to a state; default: the one at the start. At once: whoever says that all is undone
   * must not be waited for.
   */
  assertAsBefore(state?: State): Promise<void>;
  stop(): Promise<void>;
}

/** `prepare` makes the lab what it is to be before the first run. */
export async function startOrderedWorld(prepare: (lab: Lab) => Promise<unknown>): Promise<OrderedWorld> {
  const lab = await startLab({ ui: false, calico: 'cloud' });
  const stops = [() => lab.stop()];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).toReversed()) await one();
  };
  try {
    const connection = await Connection.connect({ address: lab.temporal.address });
    stops.push(() => connection.close());
    await prepare(lab);
    const worker = await WorkerUnderTest.start(lab.environment);
    stops.push(() => worker.kill());
    const withoutVm = new Set((await listDescendants()).map(({ network }) => network));
    const atStart = await readState(lab);
    const vm = async (): Promise<readonly Process[]> =>
      (await listDescendants()).filter(({ network }) => !withoutVm.has(network));
    return {
      lab,
      worker,
      run: runsOf(lab, new Client({ connection, namespace: lab.temporal.namespace }), worker),
      vm,
      state: () => readState(lab),
      assertAsBefore: async (state = atStart) => {
        assert.deepEqual(listDifferences(state, await readState(lab)), {});
        assert.deepEqual(await vm(), []);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function runsOf(lab: Lab, client: Client, worker: WorkerUnderTest): OrderedWorld['run'] {
  let runs = 0;
  return async (t, input, order, follow) => {
    await worker.order(order);
    const startedAt = performance.now();
    runs += 1;
    const handle = await client.workflow.start(workflowType, {
      taskQueue,
      workflowId: `undo-${runs}`,
      args: [input],
      workflowExecutionTimeout: '2 minutes',
    });
    try {
      return await follow(handle);
    } catch (error) {
      // Whatever went wrong in one test shall not be in the way of the next.
      worker.goOn();
      await handle.cancel().catch(() => {});
      await handle.result().catch(() => {});
      throw error;
    } finally {
      lab.azure.faults.clear();
      t.diagnostic(`run of ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    }
  };
}

/** Polls a condition for at most a minute; a run that ends meanwhile will never fulfil it. */
export async function waitUntil(holds: () => Promise<boolean> | boolean, handle?: WorkflowHandle): Promise<void> {
  let over = '';
  void handle?.result().then(
    () => (over = 'the run succeeded'),
    (error: unknown) => (over = `the run ended: ${String(error)}`),
  );
  for (const deadline = Date.now() + 60_000; !(await holds()); await sleep(20)) {
    assert.equal(over, '');
    assert.ok(Date.now() < deadline, 'not within 60 s');
  }
}
