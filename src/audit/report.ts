/**
 * Whether a report is whole, and says nothing that its evidence does not. In the order in which one check rests on
 * those before:
 * schema*.ts: its shape; evidence/chain.ts: its seals; plan.ts: what its scenario expects; probes.ts and phases.ts:
 * that this was
 * looked at; moments.ts: when changes were made; judgement.ts: what follows from all that; ending.ts: what the run says
 * of itself; seal.ts: that nothing of it was changed; dropped.ts: that all this rests on evidence that is there.
 */
import { countThings, cutMessage } from '../contract/brief.ts';
import { type Report, reportSchemaVersion } from '../contract/report.ts';
import { findBreak, findHead } from '../evidence/chain.ts';
import { createScenario } from '../scenario/index.ts';
import { type AuditCheck, createCheck } from './check.ts';
import { checkDropped } from './dropped.ts';
import { checkEnding } from './ending.ts';
import { checkJudgement } from './judgement.ts';
import { checkMoments } from './moments.ts';
import { checkPhases } from './phases.ts';
import { checkPlan, type FindScenario } from './plan.ts';
import { checkProbes } from './probes.ts';
import { reportSchema } from './schema.ts';
import { checkSeal } from './seal.ts';

export type { AuditCheck } from './check.ts';

export interface Audit {
  readonly checks: readonly AuditCheck[];
  /** The report, once it is known to be one. */
  readonly report: Report | null;
  /** The chain's last seal; null without evidence, or when the chain is broken. */
  readonly head: string | null;
}

export interface AuditOptions {
  /** Default: the built-in scenarios. */
  readonly findScenario?: FindScenario;
  /** Whether the report is compared with its run's history or its worker's key too. Default: it is not. */
  readonly isTied?: boolean;
}

export const isVerified = ({ checks }: Pick<Audit, 'checks'>): boolean =>
  checks.every(({ problems }) => problems.length === 0);

/** Looks at everything, and does not stop at the first problem; only what is no report is not looked at further. */
export function auditReport(
  given: unknown,
  { findScenario = createScenario, isTied = false }: AuditOptions = {},
): Audit {
  const shape = checkShape(given);
  if (shape.problems.length > 0) return { checks: [shape], report: null, head: null };
  const report = given as Report;
  const chain = checkChain(report);
  const checks = [
    ...[shape, chain, checkPlan(report, findScenario), checkProbes(report), checkPhases(report), checkMoments(report)],
    ...checkJudgement(report),
    checkEnding(report),
    checkSeal(report),
    ...checkDropped(report, isTied),
  ];
  return { checks, report, head: chain.problems.length === 0 ? findHead(report.evidence) : null };
}

function checkShape(given: unknown): AuditCheck {
  const wanted = `a report of schema version ${reportSchemaVersion}`;
  const { error } = reportSchema.safeParse(given);
  const issues = error?.issues ?? [];
  const problems = issues
    .slice(0, mostProblems)
    .map(({ path, message }) => cutMessage(`It is not ${wanted}: ${path.join('.') || 'it'}: ${message}`));
  const more = issues.length - problems.length;
  const told = more > 0 ? [...problems, `${countThings(more, 'more problem')} like these.`] : problems;
  return createCheck(`It is ${wanted}.`, findOtherVersion(given) ?? told);
}

/** Of the shape: what is no report at all has one for each of its values (W12). */
const mostProblems = 50;

/** A report of another version is refused as a whole: its fields would all be wrong. */
function findOtherVersion(given: unknown): string[] | undefined {
  if (typeof given !== 'object' || given === null || !('schemaVersion' in given)) return undefined;
  if (!('evidence' in given))
    return ['The report holds no evidence, so nothing can be verified: the version of hepflow that made it kept none.'];
  const { schemaVersion } = given;
  if (schemaVersion === reportSchemaVersion && !('seal' in given))
    return ['The report is not sealed as a whole: the version of hepflow that made it sealed evidence only.'];
  return schemaVersion === reportSchemaVersion
    ? undefined
    : [
        `It is of schema version ${cutMessage(String(JSON.stringify(schemaVersion)), 40)}, and this version of ` +
          `hepflow verifies version ${reportSchemaVersion}: verify it with the version that made it.`,
      ];
}

function checkChain(report: Report): AuditCheck {
  const { evidence, runId } = report;
  const broken = findBreak(report);
  const links = evidence.length === 1 ? '1 link' : `${evidence.length} links`;
  return createCheck(
    `The chain of evidence is whole: ${links} from the run id ${runId} to the head.`,
    broken === undefined ? [] : [broken],
  );
}
