/** A worker with the product's own options, as `hepflow worker` starts it. */
import { resolveWorkerOptions } from '../../src/config/worker-options.ts';
import { HepflowError } from '../../src/contract/failures.ts';
import { runWorker } from '../../src/worker.ts';

try {
  await runWorker(resolveWorkerOptions());
} catch (error) {
  if (!(error instanceof HepflowError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 3;
}
