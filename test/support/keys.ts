import { deriveRunKeys, type RunKeys } from '../../src/adapters/ssh/keys.ts';

/** The keys that a worker with this secret derives for the run of this id. */
export const deriveKeysOf = (secret: Uint8Array, runId: string): RunKeys =>
  deriveRunKeys(secret, { runId, firstExecutionRunId: 'first' });
