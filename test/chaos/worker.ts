/** The product's worker with one difference: at one moment of one step it dies, or tells the harness (points.ts). */
import { Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { resolveWorkerOptions } from '../../src/config/worker-options.ts';
import { createWorker } from '../../src/worker.ts';
import { type FromWorker, type Order, orderVariable } from './points.ts';

type Activity = (call: never) => Promise<unknown>;

const text = process.env[orderVariable];
const order = text === undefined ? undefined : (JSON.parse(text) as Order);
/** Uses of the ordered step, by activity id. */
const uses: string[] = [];
let struck = false;

const tell = (message: FromWorker): void => void process.send?.(message);

/** The moment has come. Resolves when the harness lets the worker go on. */
async function strike(act: Order['act']): Promise<void> {
  if (struck) return;
  struck = true;
  if (act === 'die') process.kill(process.pid, 'SIGKILL');
  const told = new Promise<void>((resolve) => process.once('message', () => resolve()));
  tell('reached');
  await told;
}

function isMeant(name: string, { point }: Order): boolean {
  if (name !== point.step) return false;
  const { activityId } = Context.current().info;
  if (!uses.includes(activityId)) uses.push(activityId);
  return uses.indexOf(activityId) === point.nth - 1;
}

/** Strikes as the nth heartbeat leaves the step; it may or may not reach Temporal. */
function listen(nth: number, act: Order['act']): void {
  const context = Context.current();
  const { heartbeat } = context;
  let beats = 0;
  const counting = (details?: unknown): void => {
    heartbeat(details);
    beats += 1;
    if (beats === nth) void strike(act);
  };
  Object.assign(context, { heartbeat: counting });
}

async function around(name: string, carryOut: () => Promise<unknown>): Promise<unknown> {
  if (order === undefined || !isMeant(name, order)) return carryOut();
  const { point, act } = order;
  if (typeof point.at === 'number') listen(point.at, act);
  if (point.at === 'before') await strike(act);
  const result = await carryOut();
  if (point.at === 'after') await strike(act);
  return result;
}

const wrap = (activities: object): object =>
  Object.fromEntries(
    Object.entries(activities as Record<string, Activity>).map(([name, activity]) => [
      name,
      (call: never) => around(name, () => activity(call)),
    ]),
  );

Runtime.install({ logger: new DefaultLogger('WARN') });
const namespace = process.env['TEMPORAL_NAMESPACE'] ?? 'default';
const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
try {
  const worker = await createWorker(resolveWorkerOptions(), connection, namespace, wrap);
  process.once('disconnect', () => worker.shutdown()); // the harness is dead
  const running = worker.run();
  tell('ready');
  await running;
} finally {
  await connection.close();
}
