import { HepflowError } from '../../contract/failures.ts';

/** So often a prober that ran and failed is tried: memory that was short once is there again, a broken image is not. */
const tries = 3;

/**
 * A prober that ran and failed. What a session that broke leaves open may pass with time (W10); the same answer three
 * times does not.
 */
export const failProber = (message: string, attempt: number, cause?: unknown): HepflowError =>
  new HepflowError(attempt < tries ? 'ProberFailed' : 'ProberBroken', message, { cause });
