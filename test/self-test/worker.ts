/** The product's worker with one difference: before and after every step it tells its parent, and goes on when it is told to (moments.ts). */
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { resolveWorkerOptions } from '../../src/config/worker-options.ts';
import { createWorker } from '../../src/worker.ts';
import type { FromWorker, Go, Moment } from './moments.ts';

interface Call {
  readonly input: { readonly phase?: string };
}
type Activity = (call: Call) => Promise<unknown>;

const waiting = new Map<number, () => void>();
let told = 0;

const tell = (message: FromWorker): void => void process.send?.(message);
process.on('message', ({ id }: Go) => {
  waiting.get(id)?.();
  waiting.delete(id);
});

function come(moment: Moment): Promise<void> {
  told += 1;
  const id = told;
  const goOn = new Promise<void>((resolve) => waiting.set(id, resolve));
  tell({ say: 'at', moment, id });
  return goOn;
}

async function around(name: string, activity: Activity, call: Call): Promise<unknown> {
  const step = name === 'probe' ? `probe ${call.input.phase}` : name;
  await come(`before ${step}` as Moment);
  const result = await activity(call);
  await come(`after ${step}` as Moment);
  return result;
}

const wrap = (activities: object): object =>
  Object.fromEntries(
    Object.entries(activities as Record<string, Activity>).map(([name, activity]) => [
      name,
      (call: Call) => around(name, activity, call),
    ]),
  );

Runtime.install({ logger: new DefaultLogger('WARN') });
const namespace = process.env['TEMPORAL_NAMESPACE'] ?? 'default';
const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
try {
  const worker = await createWorker(resolveWorkerOptions(), connection, namespace, wrap);
  process.once('disconnect', () => worker.shutdown()); // the harness is over, or dead
  const running = worker.run();
  tell({ say: 'ready' });
  await running;
} finally {
  await connection.close();
}
