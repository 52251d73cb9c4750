import { z } from 'zod';
import { HepflowError } from '../contract/failures.ts';
import type { Sweep } from '../contract/sweep.ts';
import { limitProblems, listSchemaProblems, refuseVastSpec } from './problems.ts';
import * as rule from './rules.ts';

const hour = 60 * 60 * 1000;

const schema = z.strictObject({
  subscriptionId: rule.guid,
  resourceGroup: rule.resourceGroupName,
  cluster: rule.clusterName,
  vmResourceGroup: rule.resourceGroupName.optional(),
  olderThanMs: rule.createDurationRule(0, 365 * 24 * hour).default(2 * hour),
  dryRun: z.boolean('must be true or false').default(false),
});

/** Fills in every default of a sweep. Throws HepflowError `InvalidInput` with every problem. */
export function resolveSweep(spec: unknown): Sweep {
  refuseVastSpec(spec);
  const parsed = schema.safeParse(spec, { reportInput: true });
  if (parsed.success)
    return { ...parsed.data, vmResourceGroup: parsed.data.vmResourceGroup ?? parsed.data.resourceGroup };
  const problems = limitProblems(listSchemaProblems(parsed.error, schema));
  throw new HepflowError(
    'InvalidInput',
    `The sweep has problems: ${problems.map(({ field, message }) => `${field} ${message}`.trim()).join(' ')}`,
    {
      problems,
    },
  );
}

const unitsMs = { s: 1000, m: 60_000, h: hour, d: 24 * hour } as const;

/** Milliseconds of `90s`, `30m`, `2h`, `1d`, or `0`; undefined for anything else. */
export function parseDurationMs(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (text === '0') return 0;
  return count === undefined ? undefined : Number(count) * unitsMs[unit as keyof typeof unitsMs];
}
