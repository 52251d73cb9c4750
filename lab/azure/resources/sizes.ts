import { cluster } from '../../scope.ts';
import type { Arm } from '../arm/arm.ts';
import { ArmError, createArmError } from '../arm/errors.ts';

interface Size {
  readonly family: string;
  readonly cores: number;
  /** Generations of images that it boots. */
  readonly generations: 'V1' | 'V1,V2';
}

/** Sizes that Azure has; a region offers some of them. */
const sizes: Readonly<Record<string, Size>> = {
  Standard_B2ts_v2: { family: 'standardBsv2Family', cores: 2, generations: 'V1,V2' },
  Standard_B2s_v2: { family: 'standardBsv2Family', cores: 2, generations: 'V1,V2' },
  Standard_B2ats_v2: { family: 'standardBasv2Family', cores: 2, generations: 'V1,V2' },
  Standard_B1s: { family: 'standardBSFamily', cores: 1, generations: 'V1,V2' },
  Standard_D2s_v5: { family: 'standardDSv5Family', cores: 2, generations: 'V1,V2' },
  Standard_A1_v2: { family: 'standardAv2Family', cores: 1, generations: 'V1' },
};

/** What the lab's region and subscription give. */
export interface Region {
  /** VM sizes on offer. */
  sizes: readonly string[];
  /** Quota of cores by family, where it is not ample. */
  familyCores: Readonly<Record<string, number>>;
  /** The newest API version of a provider, such as `Microsoft.Network`, where not every one is served. */
  newestApi: Readonly<Record<string, string>>;
}

export const createRegion = (): Region => ({ sizes: Object.keys(sizes), familyCores: {}, newestApi: {} });

export const listSizes = ({ region }: Pick<Arm, 'region'>): readonly object[] =>
  region.sizes.map((name) => ({
    resourceType: 'virtualMachines',
    name,
    family: sizes[name]?.family,
    locations: [cluster.location],
    restrictions: [],
    capabilities: [{ name: 'HyperVGenerations', value: sizes[name]?.generations ?? 'V1,V2' }],
  }));

/** Throws what Azure answers for a size that cannot be had: by the region, by the image, by the family's quota. */
export function refuseSize({ region }: Pick<Arm, 'region'>, name: string, others: readonly string[]): void {
  const size = sizes[name];
  if (size === undefined || !region.sizes.includes(name)) {
    const message =
      `The requested VM size ${name} is not available in the current region. The sizes available in the current ` +
      `region are: ${region.sizes.join()}.`;
    throw new ArmError(400, { code: 'InvalidParameter', message, target: 'vmSize' });
  }
  // Every image of the lab is of the second generation.
  if (size.generations === 'V1')
    throw createArmError('BadRequest', {
      text: `The selected VM size '${name}' cannot boot Hypervisor Generation '2'.`,
    });
  const used = others.reduce((sum, other) => sum + (sizes[other]?.family === size.family ? sizes[other].cores : 0), 0);
  const limit = region.familyCores[size.family] ?? Number.POSITIVE_INFINITY;
  if (used + size.cores > limit)
    throw createArmError('OperationNotAllowed', { text: describeQuota(size, limit, used) });
}

const describeQuota = ({ family, cores }: Size, limit: number, used: number): string =>
  `Operation could not be completed as it results in exceeding approved ${family} Cores quota. Additional details - ` +
  `Deployment Model: Resource Manager, Location: ${cluster.location}, Current Limit: ${limit}, Current Usage: ` +
  `${used}, ` +
  `Additional Required: ${cores}, (Minimum) New Limit Required: ${used + cores}.`;
