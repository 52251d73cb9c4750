import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Moves message and stack of a failure into a payload, where the codec encrypts them. Part of the workflow bundle that
 * encrypting workers run, so it must not need Node.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
