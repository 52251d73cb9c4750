/**
 * The shape of a report, schema version 2. A field that this version does not know is refused: whether it follows from
 * the evidence
 * could not be shown.
 */
import { z } from 'zod';
import { flowLogStates, momentRoles } from '../contract/change.ts';
import {
  calicoApis,
  calicoFlavours,
  leftoverReasons,
  type Report,
  reportSchemaVersion,
  runOutcomes,
  stepOutcomes,
} from '../contract/report.ts';
import { evidence } from './schema-evidence.ts';
import { finding, moment, transition, verdict } from './schema-judgement.ts';
import { cluster, mission, phase, vantage } from './schema-plan.ts';
import { count, failureCode, instant, ms, name, sha256, target, text, texts } from './schema-values.ts';

const failure = z.strictObject({
  code: failureCode,
  step: z.string(),
  message: z.string(),
  remedy: z.string(),
  problems: z.array(z.strictObject({ code: failureCode, field: z.string(), message: z.string(), remedy: z.string() })),
});

const step = z.strictObject({
  name,
  subject: z.string(),
  outcome: z.enum(stepOutcomes),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  attempts: count,
  detail: z.string(),
  makes: name.exactOptional(),
  undoes: name.exactOptional(),
});

/** What a connection showed is a moment of a transition, never of a change. */
const changeMoment = moment.extend({ role: z.enum(momentRoles).exclude(['observed']) });

const change = z.strictObject({
  id: name,
  phase: name.nullable(),
  words: z.string(),
  moments: z.array(changeMoment),
});

const leftover = z.strictObject({
  what: text,
  why: z.string(),
  command: z.string(),
  reason: z.enum(leftoverReasons),
  code: z.union([failureCode, z.literal('')]),
});

const calico = z.strictObject({
  flavour: z.enum(calicoFlavours),
  api: z.enum(calicoApis).exactOptional(),
  version: z.string(),
  hostEndpointFlowLogs: z.enum(flowLogStates),
  hostEndpoints: texts,
});

const timings = z.strictObject({
  startedAt: instant,
  endedAt: instant.nullable(),
  totalMs: ms,
  convergenceMs: z.record(name, ms),
});

const envelope = z.strictObject({
  payloadType: text,
  payload: z.base64(),
  signatures: z.array(z.strictObject({ keyid: text, sig: z.base64() })).min(1),
});

const seal = z.strictObject({ sha256, envelope: envelope.exactOptional() });

export const reportSchema = z.strictObject({
  schemaVersion: z.literal(reportSchemaVersion),
  runId: z.string().regex(/^([0-9a-f]{8}){1,2}$/, 'must be 16 hexadecimal digits'),
  workflowId: text,
  firstExecutionRunId: z.guid(),
  outcome: z.enum(runOutcomes),
  summary: text,
  stage: name,
  failure: failure.nullable(),
  scenario: name.nullable(),
  vantages: z.array(vantage),
  targets: z.array(target),
  phases: z.array(phase),
  verdicts: z.array(verdict),
  transitions: z.array(transition),
  findings: z.array(finding),
  changes: z.array(change),
  steps: z.array(step),
  leftovers: z.array(leftover),
  cluster: cluster.nullable(),
  calico: calico.nullable(),
  warnings: z.array(z.string()),
  timings,
  evidence: z.array(evidence),
  mission: mission.nullable(),
  seal: seal.nullable(),
}) satisfies z.ZodType<Report>;
