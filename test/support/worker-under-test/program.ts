/** The product's worker with one difference: it follows the orders of its parent process. */
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { resolveWorkerOptions } from '../../../src/config/worker-options.ts';
import { createWorker } from '../../../src/worker.ts';
import { followOrders, tell } from './orders.ts';

Runtime.install({ logger: new DefaultLogger('WARN') });
const namespace = process.env['TEMPORAL_NAMESPACE'] ?? 'default';
const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
try {
  const worker = await createWorker(resolveWorkerOptions(), connection, namespace, followOrders);
  process.once('disconnect', () => worker.shutdown()); // the test is over, or its process is dead
  const running = worker.run();
  tell({ say: 'ready' });
  await running;
} finally {
  await connection.close();
}
