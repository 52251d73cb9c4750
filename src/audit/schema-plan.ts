import { z } from 'zod';
import { cleanupRules, gateRules, type Mission } from '../contract/mission.ts';
import type { ClusterSummary, PhaseRecord, VantageSummary } from '../contract/report.ts';
import { count, expected, ms, name, text, texts } from './schema-values.ts';

export const mission = z.strictObject({
  subscriptionId: text,
  resourceGroup: text,
  cluster: text,
  workload: z.strictObject({
    namespace: text,
    deployment: text,
    serviceName: text,
    port: count,
    targetPort: count,
    nodePort: count,
  }),
  label: z.strictObject({ key: text, value: z.string() }),
  nodes: texts,
  vm: z.strictObject({
    resourceGroup: text,
    addressSpace: text,
    subnet: text,
    sizes: texts,
    image: z.strictObject({ publisher: text, offer: text, sku: text, version: text }),
    adminUser: text,
    allowedSshSources: texts,
    tags: z.record(z.string(), z.string()),
  }),
  policy: z.strictObject({ name: text, tier: text, order: z.number() }),
  secondNode: z.strictObject({ when: z.enum(gateRules), waitMs: ms }),
  cleanup: z.strictObject({ when: z.enum(cleanupRules), waitMs: ms }),
  probe: z.strictObject({ connections: count, timeoutMs: ms, convergenceMs: ms, controlPort: count, soakMs: ms }),
}) satisfies z.ZodType<Mission>;

export const cluster = z.strictObject({
  id: text,
  kubernetesVersion: text,
  location: text,
  vnetId: text,
  nodes: z.array(z.strictObject({ name: text, internalIp: text })),
}) satisfies z.ZodType<ClusterSummary>;

export const vantage = z.strictObject({
  id: name,
  kind: name,
  sourceAddress: text.nullable(),
  address: text.nullable(),
  adminUser: text,
  kernel: text.nullable(),
}) satisfies z.ZodType<VantageSummary>;

export const phase = z.strictObject({
  name,
  title: text,
  claim: text,
  gate: z.strictObject({ signal: name, when: z.enum(gateRules), waitMs: ms }).nullable(),
  required: z.boolean(),
  expectations: z.array(z.strictObject({ vantage: name, target: text, expected, controls: texts })),
  skipped: text.nullable(),
}) satisfies z.ZodType<PhaseRecord>;
