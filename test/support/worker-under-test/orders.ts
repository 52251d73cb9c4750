/**
 * What stands between Temporal and the activities in a worker under test. The first order is the program's argument.
 */
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { FailureDetail } from '../../../src/contract/failures.ts';
import { type FromWorker, type Order, refusal, type Stop, type ToWorker } from './messages.ts';

type CarryOut = () => Promise<unknown>;
type Activity = (call: Call) => Promise<unknown>;
interface Call {
  readonly input: { readonly phase?: string };
}

let order: Order = JSON.parse(process.argv[2] ?? '{"act":"nothing"}') as Order;
/** Uses of the ordered step, by activity id. */
let uses: string[] = [];
/** What lets a stopped step go on, by the number of its stop. */
const stopped = new Map<number, () => void>();
let stops = 0;
/** Activities under way, and whether the parent waits for their end. */
let underWay = 0;
let isAwaited = false;

export const tell = (message: FromWorker): void => void process.send?.(message);

process.on('message', (message: ToWorker) => {
  if (message.say === 'go on') return goOn(message.id);
  if (message.say === 'settle') return settle(true);
  order = message.order;
  uses = [];
  tell({ say: 'understood' });
});

/** Puts the orders around every activity. */
export function followOrders(activities: object): object {
  const wrapped = Object.entries(activities as Record<string, Activity>).map(([step, activity]) => [
    step,
    (call: Call) => count(() => follow({ step, phase: call.input.phase }, () => activity(call))),
  ]);
  return Object.fromEntries(wrapped);
}

async function count(carryOut: CarryOut): Promise<unknown> {
  underWay += 1;
  try {
    return await carryOut();
  } finally {
    underWay -= 1;
    settle(false);
  }
}

function settle(isAsked: boolean): void {
  isAwaited ||= isAsked;
  if (!isAwaited || underWay > 0) return;
  isAwaited = false;
  tell({ say: 'settled' });
}

type Place = Omit<Stop, 'at'>;

async function follow(place: Place, carryOut: CarryOut): Promise<unknown> {
  if (!isMeant(place.step)) return carryOut();
  if (order.act === 'hold') return hold(place, carryOut);
  const mine = order;
  if ('at' in mine && typeof mine.at === 'number') countHeartbeats(mine, place);
  await come(mine, { ...place, at: 'before' });
  const result = await carryOut();
  await come(mine, { ...place, at: 'after' });
  return result;
}

function isMeant(step: string): boolean {
  if (!('step' in order)) return order.act === 'stop always';
  if (step !== order.step) return false;
  const { activityId } = Context.current().info;
  if (!uses.includes(activityId)) uses.push(activityId);
  return uses.indexOf(activityId) === order.nth - 1;
}

/** Comes to a moment of a step that `mine` means; that order may have been carried out or replaced meanwhile. */
async function come(mine: Order, stop: Stop): Promise<void> {
  if (mine.act === 'stop always') return waitAt(stop);
  if (order !== mine || !('at' in mine) || mine.at !== stop.at) return;
  order = { act: 'nothing' };
  if (mine.act === 'die') process.kill(process.pid, 'SIGKILL');
  if (mine.act === 'fail') throw refuse();
  await waitAt(stop);
}

/** The heartbeat that is meant may or may not reach Temporal. */
function countHeartbeats(mine: Order, place: Place): void {
  const context = Context.current();
  const { heartbeat } = context;
  let beats = 0;
  const counting = (details?: unknown): void => {
    heartbeat(details);
    beats += 1;
    void come(mine, { ...place, at: beats });
  };
  Object.assign(context, { heartbeat: counting });
}

function waitAt(stop: Stop): Promise<void> {
  stops += 1;
  const { promise, resolve } = Promise.withResolvers<void>();
  stopped.set(stops, resolve);
  tell({ say: 'stopped', id: stops, stop });
  return promise;
}

function goOn(id?: number): void {
  for (const each of id === undefined ? [...stopped.keys()] : [id]) {
    stopped.get(each)?.();
    stopped.delete(each);
  }
}

function refuse(): ApplicationFailure {
  const detail: FailureDetail = { code: 'AzureRefused', attempts: 1, problems: [] };
  return ApplicationFailure.create({ type: 'AzureRefused', message: refusal, nonRetryable: true, details: [detail] });
}

async function hold(place: Place, carryOut: CarryOut): Promise<never> {
  order = { act: 'nothing' };
  await waitAt({ ...place, at: 'before' });
  try {
    await carryOut();
  } catch (error) {
    if (Context.current().cancellationSignal.aborted) tell({ say: 'cancelled', found: 'at work' });
    throw error;
  }
  return await untilCancelled();
}

/** The effect of the step is there, and Temporal does not know it. */
async function untilCancelled(): Promise<never> {
  const { cancelled, heartbeat, info } = Context.current();
  const beat = setInterval(() => heartbeat.call(Context.current(), info.heartbeatDetails), 50);
  try {
    return await cancelled;
  } finally {
    clearInterval(beat);
    tell({ say: 'cancelled', found: 'done' });
  }
}
