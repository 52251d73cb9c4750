/** What the judge says today of the report's evidence: the run's own code, given what the run was given. */
import type { Finding, Report, Transition } from '../contract/report.ts';
import type { VantageId } from '../contract/vantage.ts';
import type { Expectation, Verdict } from '../contract/verdict.ts';
import { type Judgement, judgePhase, listHeld } from '../judge/judgement.ts';
import { listMoments } from '../judge/moments.ts';
import { listExpectations } from '../scenario/outline.ts';
import { type AuditCheck, createCheck } from './check.ts';
import { compareStatements, fromEvidence } from './compare.ts';
import { isAt, isOfDropped } from './dropped.ts';

/** Evidence may come from anybody (W12): what the judge cannot work with is refused. */
export function checkJudgement(report: Report): AuditCheck[] {
  try {
    return compareJudgement(omitDropped(report), judgeAgain(report));
  } catch (error) {
    const problem = `The evidence cannot be judged: ${(error as Error).message}`;
    return [createCheck('Verdicts, transitions and findings follow from the evidence.', [problem])];
  }
}

/** What is said of evidence that is there. */
function omitDropped(report: Report): Judgement {
  const isGone = isOfDropped(report);
  const { verdicts, transitions, findings } = report;
  return {
    verdicts: verdicts.filter((one) => !isGone(one)),
    transitions: transitions.filter((one) => !isGone(one)),
    findings: findings.filter((one) => !isGone(one)),
  };
}

function compareJudgement({ verdicts, transitions, findings }: Judgement, follows: Judgement): AuditCheck[] {
  return [
    createCheck(
      `All ${verdicts.length} verdicts follow from the evidence.`,
      compareStatements(verdictKind, verdicts, follows.verdicts),
    ),
    createCheck(
      `All ${transitions.length} transitions follow from the evidence.`,
      compareStatements(transitionKind, transitions, follows.transitions),
    ),
    createCheck(
      `All ${findings.length} findings follow from the evidence.`,
      compareStatements(findingKind, findings, follows.findings),
    ),
  ];
}

const verdictKind = {
  ...{ noun: 'verdicts', source: fromEvidence },
  name: ({ phase, vantage, target }: Verdict) => `verdict on ${target.id} from ${vantage} in phase ${phase}`,
};
const transitionKind = {
  ...{ noun: 'transitions', source: fromEvidence },
  name: ({ phase, vantage, target }: Transition) => `transition of ${target.id} from ${vantage} in phase ${phase}`,
};
const findingKind = {
  ...{ noun: 'findings', source: fromEvidence },
  name: ({ phase, vantage, about, subject }: Finding) =>
    `finding ${about} ${subject && `on ${subject} `}from ${vantage} in phase ${phase}`,
};

/**
 * Phase by phase and vantage by vantage in the order of the evidence; that of no phase gives nothing, and breaks the
 * chain.
 */
function judgeAgain({ phases, targets, changes, evidence, verdicts }: Report): Judgement {
  const judged = new Map<VantageId, readonly Expectation[]>();
  const judgements = evidence.map((one): Judgement => {
    const outline = phases.find(({ name }) => name === one.phase);
    const rows = outline === undefined ? [] : listExpectations(outline, one.vantage, targets);
    const before = judged.get(one.vantage) ?? null;
    if (one.dropped) {
      judged.set(one.vantage, listHeld(rows, verdicts.filter(isAt(one))));
      return { verdicts: [], transitions: [], findings: [] };
    }
    const judgement = judgePhase({ rows, before, moments: listMoments(changes, one.phase) }, one);
    judged.set(one.vantage, listHeld(rows, judgement.verdicts));
    return judgement;
  });
  return {
    verdicts: judgements.flatMap(({ verdicts }) => verdicts),
    transitions: judgements.flatMap(({ transitions }) => transitions),
    findings: judgements.flatMap(({ findings }) => findings),
  };
}
