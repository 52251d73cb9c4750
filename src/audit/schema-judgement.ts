import { z } from 'zod';
import { momentRoles } from '../contract/change.ts';
import { censorings, type Finding, findingResults, type Transition } from '../contract/report.ts';
import { observations, type Verdict, verdictKinds } from '../contract/verdict.ts';
import { count, expected, interval, ms, name, target, text } from './schema-values.ts';

const seen = { phase: name, vantage: name };

export const verdict = z.strictObject({
  ...seen,
  node: text,
  target,
  expected,
  observed: z.enum(observations),
  verdict: z.enum(verdictKinds),
  sentence: text,
  evidence: z.strictObject({
    connections: count,
    syns: count,
    windowMs: ms,
    controls: z.array(z.strictObject({ control: text, live: z.boolean(), seen: z.string() })),
  }),
}) satisfies z.ZodType<Verdict>;

export const moment = z.strictObject({
  role: z.enum(momentRoles),
  name,
  title: text,
  words: z.string(),
  node: text.exactOptional(),
  ...interval,
});

export const transition = z.strictObject({
  ...seen,
  target,
  to: expected,
  moments: z.array(moment),
  asked: moment.nullable(),
  tookMs: z.strictObject({ atLeast: ms, atMost: ms }).nullable(),
  censored: z.enum(censorings),
  leaks: z.array(z.strictObject(interval)),
  silentDials: count,
  leakBound: z.number().min(0).max(1).nullable(),
  sentence: text,
}) satisfies z.ZodType<Transition>;

export const finding = z.strictObject({
  ...seen,
  about: name,
  title: text,
  subject: z.string(),
  result: z.enum(findingResults),
  sentence: text,
}) satisfies z.ZodType<Finding>;
