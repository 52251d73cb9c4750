/** The shape of a report, schema version 1. Nothing that this version does not know is let through: it could not say whether it follows from the evidence. */
import { z } from 'zod';
import { type FailureCode, failures } from '../contract/failures.ts';
import { type Report, reportSchemaVersion, type StepRecord } from '../contract/report.ts';
import { count, evidence, instant, ms, outcome, phase, target, text } from './schema-evidence.ts';

const failureCode = z.enum(Object.keys(failures) as [FailureCode, ...FailureCode[]]);
const texts = z.array(text);
const open = z.enum(['OPEN', 'DROP']);
const kind = z.enum(['PASS', 'FAIL', 'INCONCLUSIVE']);

const failure = z.strictObject({
  code: failureCode,
  step: z.string(),
  message: z.string(),
  remedy: z.string(),
  problems: z.array(z.strictObject({ code: failureCode, field: z.string(), message: z.string(), remedy: z.string() })),
});

const step = z.strictObject({
  name: text as unknown as z.ZodType<StepRecord['name']>, // a type only: contract/steps.ts holds no list at run time
  subject: z.string(),
  outcome: z.enum(['pending', 'running', 'waiting', 'done', 'failed', 'cancelled', 'skipped']),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  attempts: count,
  detail: z.string(),
});

const verdict = z.strictObject({
  phase,
  node: text,
  target,
  expected: open,
  observed: z.enum([...outcome.options, 'MIXED', 'NONE']),
  verdict: kind,
  sentence: text,
  evidence: z.strictObject({
    connections: count,
    syns: count,
    windowMs: ms,
    controls: z.array(z.strictObject({ control: text, live: z.boolean(), seen: z.string() })),
  }),
});

const interval = { from: instant, to: instant };

const transition = z.strictObject({
  phase,
  target,
  to: open,
  marks: z.array(
    z.strictObject({
      name: z.enum([
        ...(['labelWritten', 'labelOnHostEndpoint', 'policyAccepted', 'policyDeleted', 'labelRestored'] as const),
        ...(['lastOpen', 'firstSilent', 'lastLeak', 'lastSilent', 'firstOpen', 'proofComplete'] as const),
      ]),
      node: text.exactOptional(),
      ...interval,
    }),
  ),
  tookMs: z.strictObject({ atLeast: ms, atMost: ms }).nullable(),
  censored: z.enum(['no', 'left', 'right', 'unobserved']),
  leaks: z.array(z.strictObject(interval)),
  silentDials: count,
  leakBound: z.number().min(0).max(1).nullable(),
  sentence: text,
});

const finding = z.strictObject({
  phase,
  about: z.enum([
    'observer',
    'heldConnection',
    'backendBehindDeny',
    'deniedPackets',
    'securityRules',
    'routes',
    'peerings',
  ]),
  subject: z.string(),
  result: z.enum(['CONFIRMED', 'CONTRADICTED', 'UNKNOWN']),
  sentence: text,
});

const mission = z.strictObject({
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
  }),
  policy: z.strictObject({ name: text, tier: text, order: z.number() }),
  secondNode: z.strictObject({ when: z.enum(['on-signal', 'always', 'never']), waitMs: ms }),
  cleanup: z.strictObject({ when: z.enum(['always', 'on-success', 'on-signal']), waitMs: ms }),
  probe: z.strictObject({ connections: count, timeoutMs: ms, convergenceMs: ms, controlPort: count, soakMs: ms }),
});

const cluster = z.strictObject({
  id: text,
  kubernetesVersion: text,
  location: text,
  vnetId: text,
  nodes: z.array(z.strictObject({ name: text, internalIp: text })).length(2),
});

const calico = z.strictObject({
  flavour: z.enum(['oss', 'cloud']),
  version: z.string(),
  hostEndpointFlowLogs: z.enum(['enabled', 'not supported by this Calico', 'not attempted']),
  hostEndpoints: texts,
});

export const reportSchema = z.strictObject({
  schemaVersion: z.literal(reportSchemaVersion),
  runId: z.string().regex(/^[0-9a-f]{8}$/, 'must be 8 hexadecimal digits'),
  workflowId: text,
  outcome: z.enum(['RUNNING', 'PASS', 'FAIL', 'INCONCLUSIVE', 'ERROR', 'CANCELLED']),
  summary: text,
  failure: failure.nullable(),
  steps: z.array(step),
  verdicts: z.array(verdict),
  transitions: z.array(transition),
  findings: z.array(finding),
  leftovers: z.array(z.strictObject({ what: text, why: z.string(), command: z.string() })),
  cluster: cluster.nullable(),
  calico: calico.nullable(),
  warnings: z.array(z.string()),
  timings: z.strictObject({
    startedAt: instant,
    endedAt: instant.nullable(),
    totalMs: ms,
    convergenceMs: z.strictObject({
      baseline: ms.exactOptional(),
      enforced: ms.exactOptional(),
      second: ms.exactOptional(),
      restored: ms.exactOptional(),
    }),
  }),
  evidence: z.array(evidence),
  mission: mission.nullable(),
}) satisfies z.ZodType<Report>;
