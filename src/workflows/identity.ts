import { uuid4, workflowInfo } from '@temporalio/workflow';
import type { RunIdentity } from '../contract/run.ts';
import { readNow } from './ledger.ts';

/** Who this workflow is, from its own random numbers: the same on every replay, and after a reset. */
export function createIdentity(): RunIdentity {
  const { workflowId, firstExecutionRunId } = workflowInfo();
  // The ends of a version 4 UUID: 64 bits without its version and variant.
  const random = uuid4();
  const runId = random.slice(0, 8) + random.slice(-8);
  return { runId, workflowId, firstExecutionRunId, startedAt: readNow() };
}
