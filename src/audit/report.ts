/** Whether a report is whole, and says nothing that its evidence does not. */

import type { Evidence } from '../contract/evidence.ts';
import type { Finding, Mark, MarkName, Report, Transition } from '../contract/report.ts';
import type { Verdict } from '../contract/verdict.ts';
import { breakIn, headOf } from '../evidence/chain.ts';
import { type Judgement, judgementOf } from '../judge/judgement.ts';
import { judgedOutcome } from '../judge/outcome.ts';
import { summaryOf } from '../judge/sentences/summary.ts';
import { undoMarks } from '../judge/undo-marks.ts';
import type { Nodes } from '../scenario/expectations.ts';
import { targetsOf } from '../scenario/expectations.ts';
import { compared, differences } from './compare.ts';
import { reportSchema } from './schema.ts';

/** One thing that was looked at. */
export interface Check {
  /** What holds when nothing is wrong, in a sentence. */
  readonly holds: string;
  /** What is wrong, a sentence each. */
  readonly problems: readonly string[];
}

export interface Verification {
  readonly checks: readonly Check[];
  /** The report, once it is known to be one. */
  readonly report: Report | null;
  /** The chain's last seal; null without evidence, or when the chain is broken. */
  readonly head: string | null;
}

export const isVerified = ({ checks }: Pick<Verification, 'checks'>): boolean =>
  checks.every(({ problems }) => problems.length === 0);

/** Looks at everything, and never stops at the first problem; only what is not a report at all is not looked at further. */
export function verifyReport(given: unknown): Verification {
  const shape = shapeOf(given);
  if (shape.problems.length > 0) return { checks: [shape], report: null, head: null };
  const report = given as Report;
  const { evidence, runId } = report;
  const broken = breakIn(evidence, runId);
  const chain = {
    holds: `The chain of evidence is whole: ${evidence.length} ${evidence.length === 1 ? 'link' : 'links'} from the run id ${runId} to the head.`,
    problems: broken === undefined ? [] : [broken],
  };
  return {
    checks: [shape, chain, ...consistency(report)],
    report,
    head: broken === undefined ? headOf(evidence) : null,
  };
}

function shapeOf(given: unknown): Check {
  const holds = 'It is a report of schema version 1.';
  if (typeof given === 'object' && given !== null && 'schemaVersion' in given && !('evidence' in given))
    return {
      holds,
      problems: [
        'The report holds no evidence, so nothing can be verified: the version of hepflow that made it kept none.',
      ],
    };
  const { error } = reportSchema.safeParse(given);
  return {
    holds,
    problems: (error?.issues ?? []).map(
      ({ path, message }) => `It is not a report of schema version 1: ${path.join('.') || 'it'}: ${message}`,
    ),
  };
}

function consistency(report: Report): Check[] {
  const { verdicts, transitions, findings, evidence } = report;
  const nodes = report.cluster?.nodes.map(({ name, internalIp }) => ({ name, internalIp })) as Nodes | undefined;
  if (nodes === undefined && evidence.length > 0)
    return [{ holds: '', problems: ['There is evidence, but the report names no cluster whose nodes it is about.'] }];
  const follows = nodes === undefined ? { verdicts: [], transitions: [], findings: [] } : judged(report, nodes);
  return [
    {
      holds: 'Every probe dialled the ports that the mission is about.',
      problems: nodes === undefined ? [] : wrongTargets(report, nodes),
    },
    {
      holds: `All ${verdicts.length} verdicts follow from the evidence.`,
      problems: compared(verdictKind, verdicts, follows.verdicts),
    },
    {
      holds: `All ${transitions.length} transitions follow from the evidence.`,
      problems: compared(transitionKind, transitions, follows.transitions),
    },
    {
      holds: `All ${findings.length} findings follow from the evidence.`,
      problems: compared(findingKind, findings, follows.findings),
    },
    {
      holds: `The outcome ${report.outcome}, its sentence and its counts follow from the verdicts.`,
      problems: ending(report),
    },
  ];
}

const verdictKind = {
  noun: 'verdicts',
  name: ({ phase, target }: Verdict) => `verdict on ${target.id} in phase ${phase}`,
};
const transitionKind = {
  noun: 'transitions',
  name: ({ phase, target }: Transition) => `transition of ${target.id} in phase ${phase}`,
};
const findingKind = {
  noun: 'findings',
  name: ({ phase, about, subject }: Finding) => `finding ${about} ${subject && `on ${subject} `}in phase ${phase}`,
};

/** What the pure judge says today of the evidence: the run's own code, given what the run was given. */
function judged(report: Report, nodes: Nodes): Judgement {
  return report.evidence.reduce<Judgement>(
    (before, evidence) => {
      const { phase } = evidence;
      const marks =
        phase === 'restored'
          ? undoMarks(report.steps)
          : changeMarks(report.transitions.filter((one) => one.phase === phase));
      const now = judgementOf({ phase, nodes, judged: before.verdicts, marks }, evidence);
      return {
        verdicts: [...before.verdicts, ...now.verdicts],
        transitions: [...before.transitions, ...now.transitions],
        findings: [...before.findings, ...now.findings],
      };
    },
    { verdicts: [], transitions: [], findings: [] },
  );
}

/** Marks that the steps of a change reported, in the order in which a run collects them; all others are read off the observation. */
const ofChange: readonly MarkName[] = ['labelWritten', 'labelOnHostEndpoint', 'policyAccepted'];

function changeMarks(transitions: readonly Transition[]): Mark[] {
  const marks = transitions.flatMap((one) => one.marks.filter(({ name }) => ofChange.includes(name)));
  const once = new Map(marks.map((mark) => [JSON.stringify([mark.name, mark.node, mark.from, mark.to]), mark]));
  return [...once.values()].sort((a, b) => ofChange.indexOf(a.name) - ofChange.indexOf(b.name));
}

function wrongTargets({ mission, evidence }: Report, nodes: Nodes): string[] {
  if (mission === null) return evidence.length === 0 ? [] : ['There is evidence, but the report holds no mission.'];
  const targets = targetsOf(nodes, mission.workload.nodePort, mission.probe.controlPort);
  const wrong = (one: Evidence): string[] =>
    differences(one.targets, targets, 'targets').map(
      (text) => `The probe of phase ${one.phase} dialled other ports: ${text}`,
    );
  return evidence.flatMap(wrong);
}

/** Outcome, its sentence, and the times: what the end of a report says of its middle. */
function ending(report: Report): string[] {
  const { outcome, verdicts, findings, failure, leftovers, evidence, timings, summary } = report;
  const carriedOut = judgedOutcome(verdicts, findings);
  const reached = evidence
    .filter(({ convergence }) => convergence.reached)
    .map(({ phase, convergence }) => [phase, convergence.elapsedMs]);
  const told = {
    outcome,
    verdicts,
    findings,
    failure,
    leftovers,
    phase: summary.replace(/^The run is under way: (.*)\.$/, '$1'),
  };
  const running = outcome === 'RUNNING';
  return [
    ...(isJudged(outcome) && outcome !== carriedOut
      ? [`The outcome does not follow from the verdicts and findings: it is ${outcome}, not ${carriedOut}.`]
      : []),
    ...((outcome === 'ERROR') === (failure !== null)
      ? []
      : [`The outcome is ${outcome}, but ${failure === null ? 'no failure is' : 'a failure is'} reported.`]),
    ...(running === (timings.endedAt === null)
      ? []
      : [`The outcome is ${outcome}, but the end of the run is ${timings.endedAt ?? 'not known'}.`]),
    ...(timings.endedAt === null
      ? []
      : differences(
          timings.totalMs,
          Date.parse(timings.endedAt) - Date.parse(timings.startedAt),
          'timings.totalMs',
        ).map((text) => `The length of the run is not that between its start and end: ${text}`)),
    ...differences(summary, summaryOf(told), 'summary').map(
      (text) => `The sentence of the outcome does not follow: ${text}`,
    ),
    ...differences(timings.convergenceMs, Object.fromEntries(reached), 'timings.convergenceMs').map(
      (text) => `A time does not follow from the evidence: ${text}`,
    ),
  ];
}

const isJudged = (outcome: Report['outcome']): boolean => ['PASS', 'FAIL', 'INCONCLUSIVE'].includes(outcome);
