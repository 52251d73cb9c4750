/**
 * Values that the parts of a report's shape share. Numbers are bounded, so that whatever is reckoned with them stays a
 * date.
 */
import { z } from 'zod';
import { expectedOutcomes, targetKinds } from '../contract/evidence.ts';
import { type FailureCode, failures } from '../contract/failures.ts';

export const text = z.string().min(1);
export const texts = z.array(text);
/** What a scenario, a plan or a worker names: a phase, a step, a vantage. */
export const name = text.max(200);
export const count = z.int().nonnegative();
const longestMs = 1e11; // three years
export const ms = z.number().min(0).max(longestMs);
export const signedMs = z.number().min(-longestMs).max(longestMs);
/** ISO 8601 in UTC; with milliseconds, except where Azure or Kubernetes wrote it. */
export const instant = z.iso.datetime();
export const interval = { from: instant, to: instant };
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
export const expected = z.enum(expectedOutcomes);
export const failureCode = z.enum(Object.keys(failures) as [FailureCode, ...FailureCode[]]);

export const target = z.strictObject({
  id: text,
  node: text,
  address: text,
  port: z.int().min(1).max(65_535),
  kind: z.enum(targetKinds),
  service: text.exactOptional(),
});
