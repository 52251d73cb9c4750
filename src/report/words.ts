/** Words that all forms of the report share. */
import type { Phase } from '../contract/evidence.ts';
import type { Finding, FindingAbout, MarkName, Report, StepRecord } from '../contract/report.ts';

export const phaseTitles: Readonly<Record<Phase, string>> = {
  baseline: 'Baseline: before any policy',
  enforced: 'Enforced: node 1 carries the label',
  second: 'Second node: both carry the label',
  restored: 'Restored: policy and labels are gone',
};

/** `310 ms`, `4.2 s`, `3 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** How long a step took, or has taken by `now` (ISO 8601); the empty string before its start. */
export function tookOf({ startedAt, endedAt }: StepRecord, now?: string): string {
  const end = endedAt ?? now;
  return startedAt === null || end === undefined ? '' : duration(Math.max(0, Date.parse(end) - Date.parse(startedAt)));
}

/** `createVm`, or `labelNode aks-...0`. */
export const titleOf = ({ name, subject }: StepRecord): string => (subject === '' ? name : `${name} ${subject}`);

/** Lines of a failure: what, then every problem, then the way out. */
export function failureLines(report: Report): string[] {
  const { failure } = report;
  if (failure === null) return [];
  const head = `${failure.code}${failure.step && ` in ${failure.step}`}: ${failure.message}`;
  const problems = failure.problems.map(
    ({ field, message, remedy }) => `- ${[field, message, remedy].filter(Boolean).join(' ')}`,
  );
  return [head, ...problems, `Remedy: ${failure.remedy}`];
}

/** In the order of a run. */
export const phases = ['baseline', 'enforced', 'second', 'restored'] as const satisfies readonly Phase[];

/** Why a phase has no verdicts. */
export function whyNotLookedAt({ outcome, mission, verdicts }: Report, phase: Phase): string {
  if (outcome === 'RUNNING') return 'The run has not come to it yet.';
  if (phase === 'second' && mission?.secondNode.when === 'never')
    return 'The run was asked to leave the second node alone.';
  if (phase === 'second' && verdicts.some((one) => one.phase === 'restored'))
    return 'The run went on without the second node.';
  return 'The run ended before it.';
}

/** `1 connection`, `3 connections`. */
export const many = (count: number, one: string, several = `${one}s`): string =>
  `${count} ${count === 1 ? one : several}`;

/** In the order in which a report tells them. */
export const findingTitles: Readonly<Record<FindingAbout, string>> = {
  observer: 'An observer on the VM that dialled all the while',
  heldConnection: 'A connection that stood before the deny',
  backendBehindDeny: 'The pods behind the denied node',
  deniedPackets: 'The nodes’ own packet counters',
  securityRules: 'Azure’s security rules',
  routes: 'Azure’s routes',
  peerings: 'Both sides of the peering',
};

export const findingWords: Readonly<Record<Finding['result'], string>> = {
  CONFIRMED: 'agrees',
  CONTRADICTED: 'contradicts',
  UNKNOWN: 'missing',
};

/** What contradicts first, then what is missing, then what agrees. */
export function byResult(findings: readonly Finding[]): Finding[] {
  const order = { CONTRADICTED: 0, UNKNOWN: 1, CONFIRMED: 2 } as const;
  return findings.toSorted((a, b) => order[a.result] - order[b.result]);
}

export const markTitles: Readonly<Record<MarkName, string>> = {
  labelWritten: 'label sent and written',
  labelOnHostEndpoint: 'label seen on the host endpoint',
  policyAccepted: 'policy sent and accepted',
  policyDeleted: 'policy deleted',
  labelRestored: 'label taken back',
  lastOpen: 'last answer before silence',
  firstSilent: 'first silent connection',
  lastLeak: 'last connection that got through',
  lastSilent: 'last silence before answers',
  firstOpen: 'first answer',
  proofComplete: 'proof complete',
};
