import { ApplicationFailure } from '@temporalio/activity';
import { AzureError } from '../../adapters/azure/index.ts';
import { KubernetesError } from '../../adapters/kubernetes/index.ts';
import { SshError } from '../../adapters/ssh/index.ts';
import { describeError } from '../../contract/brief.ts';
import { type FailureDetail, failures, HepflowError } from '../../contract/failures.ts';
import { classifyAzureError } from './azure.ts';
import { classifyKubernetesError } from './kubernetes.ts';
import { classifySshError } from './ssh.ts';

/** Any error as a code of the catalogue. */
export function toHepflowError(error: unknown): HepflowError {
  if (error instanceof HepflowError) return error;
  if (error instanceof AzureError) return classifyAzureError(error);
  if (error instanceof KubernetesError) return classifyKubernetesError(error);
  if (error instanceof SshError) return classifySshError(error);
  return new HepflowError('Unexpected', describeError(error), { cause: error });
}

/** Whether trying again can help. */
export const isRetryable = (error: HepflowError): boolean => failures[error.code].retry !== 'never';

/**
 * What Temporal is told: code as type, retryable by the catalogue, Retry-After as the next delay.
 * Neither the error's own stack nor its cause crosses: they may quote what a secret was in (W7).
 */
export function toApplicationFailure(error: unknown, attempts: number): ApplicationFailure {
  const { code, message, problems, retryAfterMs } = toHepflowError(error);
  const detail: FailureDetail = { code, attempts, problems };
  return ApplicationFailure.create({
    type: code,
    message: message.slice(0, 1500), // mutable state keeps 4 KiB of a failure
    nonRetryable: failures[code].retry === 'never',
    details: [detail],
    // To Temporal a delay of 0 is the end of all tries (RETRY_STATE_TIMEOUT); the retry policy's own pause is meant.
    ...(retryAfterMs ? { nextRetryDelay: retryAfterMs } : {}),
  });
}
