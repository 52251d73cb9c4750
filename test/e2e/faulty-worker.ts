/** The product's worker with one difference: a step fails, or is held until it is cancelled, when the parent process orders it (faulty-orders.ts). */
import { ApplicationFailure, Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { resolveWorkerOptions } from '../../src/config/worker-options.ts';
import type { FailureDetail } from '../../src/contract/failures.ts';
import { createWorker } from '../../src/worker.ts';
import { type FromWorker, type Order, refusal, type ToWorker } from './faulty-orders.ts';

type Activity = (call: never) => Promise<unknown>;

let order: Order = { forget: true };
/** Uses of the ordered step in this run, by activity id. */
let uses: string[] = [];
let goOn: () => void = () => {};

const tell = (message: FromWorker): void => void process.send?.(message);

process.on('message', (message: ToWorker) => {
  if (message.say === 'go') return goOn();
  if (message.say === 'settle') return settle(true);
  order = message.order;
  uses = [];
  tell({ say: 'understood' });
});

function isMeant(name: string, { step, nth }: { readonly step: string; readonly nth: number }): boolean {
  if (name !== step) return false;
  const { activityId } = Context.current().info;
  if (!uses.includes(activityId)) uses.push(activityId);
  return uses.indexOf(activityId) === nth - 1;
}

/** Activities under way, and whether somebody waits for their end. */
let underWay = 0;
let awaited = false;

function settle(asked: boolean): void {
  awaited ||= asked;
  if (!awaited || underWay > 0) return;
  awaited = false;
  tell({ say: 'settled' });
}

async function counted(carryOut: () => Promise<unknown>): Promise<unknown> {
  underWay += 1;
  try {
    return await carryOut();
  } finally {
    underWay -= 1;
    settle(false);
  }
}

async function around(name: string, carryOut: () => Promise<unknown>): Promise<unknown> {
  if ('fail' in order && isMeant(name, order.fail)) {
    if (order.when === 'after') await carryOut();
    const detail: FailureDetail = { code: 'AzureRefused', attempts: 1, problems: [] };
    throw ApplicationFailure.create({ type: 'AzureRefused', message: refusal, nonRetryable: true, details: [detail] });
  }
  return 'hold' in order && isMeant(name, order.hold) ? hold(carryOut) : carryOut();
}

async function hold(carryOut: () => Promise<unknown>): Promise<never> {
  const { promise: told, resolve } = Promise.withResolvers<void>();
  goOn = resolve;
  tell({ say: 'begun' });
  await told;
  try {
    await carryOut();
  } catch (error) {
    if (Context.current().cancellationSignal.aborted) tell({ say: 'ended', found: 'at work' });
    throw error;
  }
  return await untilCancelled();
}

/** The step's effect is there, and Temporal has not heard of it. */
async function untilCancelled(): Promise<never> {
  const { cancelled, heartbeat, info } = Context.current();
  const beat = setInterval(() => heartbeat.call(Context.current(), info.heartbeatDetails), 50);
  try {
    return await cancelled;
  } finally {
    clearInterval(beat);
    tell({ say: 'ended', found: 'done' });
  }
}

const wrap = (activities: object): object =>
  Object.fromEntries(
    Object.entries(activities as Record<string, Activity>).map(([name, activity]) => [
      name,
      (call: never) => counted(() => around(name, () => activity(call))),
    ]),
  );

Runtime.install({ logger: new DefaultLogger('WARN') });
const namespace = process.env['TEMPORAL_NAMESPACE'] ?? 'default';
const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
try {
  const worker = await createWorker(resolveWorkerOptions(), connection, namespace, wrap);
  process.once('disconnect', () => worker.shutdown()); // the test is over, or its process is dead
  const running = worker.run();
  tell({ say: 'ready' });
  await running;
} finally {
  await connection.close();
}
