import { z } from 'zod';
import type { RunMemo } from '../contract/messages.ts';
import { runOutcomes } from '../contract/report.ts';

const schema = z.object({
  runId: z.string(),
  outcome: z.enum(runOutcomes),
  summary: z.string(),
  leftovers: z.int().nonnegative(),
  evidenceHead: z.string().optional(),
  reportSeal: z.string().optional(),
});

/** What a closed run wrote into its memo; undefined: nothing yet. */
export function readMemo(memo: Readonly<Record<string, unknown>> | undefined): RunMemo | undefined {
  const { data } = schema.safeParse(memo?.['hepflow']);
  if (data === undefined) return undefined;
  const { evidenceHead, reportSeal, ...known } = data;
  return { ...known, ...(evidenceHead && { evidenceHead }), ...(reportSeal && { reportSeal }) };
}
