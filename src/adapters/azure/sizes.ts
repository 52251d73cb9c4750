/** Refusals of a VM that are about its size: with another size it may be made. */
import { type AzureDetail, AzureError, shortMessage } from './error.ts';

/** Azure has no room for this size here and now. */
const capacityCodes: ReadonlySet<string> = new Set([
  'SkuNotAvailable',
  'AllocationFailed',
  'ZonalAllocationFailed',
  'OverconstrainedAllocationRequest',
  'OverconstrainedZonalAllocationRequest',
]);

/** The region does not offer the size; or a size of the first generation cannot boot the image. */
const unfit = /requested VM size .* is not available|cannot boot Hypervisor Generation/i;
/** The cores of the size's family. Those of the whole region are the same for each size. */
const familyQuota = /approved \w+Family v?(Cores|CPUs) quota/i;

export const isOfSize = (error: unknown): error is AzureError =>
  error instanceof AzureError &&
  [error, ...error.details].some(
    ({ code, message, target }) =>
      capacityCodes.has(code) ||
      (code === 'InvalidParameter' && target?.toLowerCase() === 'vmsize') ||
      unfit.test(message) ||
      familyQuota.test(message),
  );

/** The refusal of the last size, with those of the sizes before it. */
export const tellRefusals = (size: string, last: AzureError, before: readonly AzureDetail[]): AzureError =>
  before.length === 0
    ? last
    : new AzureError({
        ...last,
        message: `${size}: ${shortMessage(last)}`,
        details: [...last.details, ...before],
        cause: last.cause,
      });
