/** Words that all forms of the report share. */
import type { Finding, FindingResult, PhaseRecord, Report, StepRecord } from '../contract/report.ts';
import type { VantageId } from '../contract/vantage.ts';

/** `310 ms`, `4.2 s`, `3 min 05 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** How long a step took, or has taken by `now` (ISO 8601); the empty string before its start. */
export function formatTook({ startedAt, endedAt }: StepRecord, now?: string): string {
  const end = endedAt ?? now;
  if (startedAt === null || end === undefined) return '';
  return formatDuration(Math.max(0, Date.parse(end) - Date.parse(startedAt)));
}

/** `createVm`, or `labelNode aks-...0`. */
export const nameStep = ({ name, subject }: StepRecord): string => (subject === '' ? name : `${name} ${subject}`);

/** A port by its target id; where ports are dialled from several vantages, with the one that it was dialled from. */
export const namePort = (id: string, vantage: VantageId, vantages: readonly unknown[]): string =>
  vantages.length > 1 ? `${id} from ${vantage}` : id;

/** A sentence about what was seen; where there are several vantages, with the one that it was seen from. */
export const placeSentence = (sentence: string, vantage: VantageId, vantages: readonly unknown[]): string =>
  vantages.length > 1 ? `${sentence} (from ${vantage})` : sentence;

/** A phase's title, by its name. */
export const namePhase = ({ phases }: Pick<Report, 'phases'>, phase: string): string =>
  phases.find(({ name }) => name === phase)?.title ?? phase;

/** The phases that have verdicts, in order. */
export const listJudged = ({ phases, verdicts }: Pick<Report, 'phases' | 'verdicts'>): readonly PhaseRecord[] =>
  phases.filter(({ name }) => verdicts.some(({ phase }) => phase === name));

/** A failure's message lists its problems too, for who has nothing but the message; a report has them anyway. */
export function tellProblemsOnce<T extends Pick<Report, 'failure'>>(report: T): T {
  const { failure } = report;
  if (failure === null || failure.problems.length === 0) return report;
  return { ...report, failure: { ...failure, message: failure.message.split('\n')[0] ?? '' } };
}

/** Lines of a failure: what, then every problem, then the way out. */
export function listFailureLines({ failure }: Pick<Report, 'failure'>): string[] {
  if (failure === null) return [];
  const head = `${failure.code}${failure.step && ` in ${failure.step}`}: ${failure.message}`;
  const problems = failure.problems.map(
    ({ field, message, remedy }) => `- ${[field, message, remedy].filter(Boolean).join(' ')}`,
  );
  return [head, ...problems, `Remedy: ${failure.remedy}`];
}

/** Why a phase has no verdicts. */
export function explainUnjudged(
  { outcome }: Pick<Report, 'outcome'>,
  { skipped }: Pick<PhaseRecord, 'skipped'>,
): string {
  if (skipped !== null) return skipped;
  return outcome === 'RUNNING' ? 'The run has not come to it yet.' : 'The run ended before it.';
}

/** Why there is no phase at all. */
export const explainNoPlan = ({ outcome }: Pick<Report, 'outcome'>): string =>
  outcome === 'RUNNING'
    ? 'The run is still looking at what it would depend on.'
    : 'The run ended before it had a plan, so no port was dialled.';

/** `1 connection`, `3 connections`. */
export const countThings = (count: number, one: string, several = `${one}s`): string =>
  `${count} ${count === 1 ? one : several}`;

export const findingWords: Readonly<Record<FindingResult, string>> = {
  CONFIRMED: 'agrees',
  CONTRADICTED: 'contradicts',
  UNKNOWN: 'missing',
};

/** What contradicts first, then what is missing, then what agrees. */
export const resultsByWeight = ['CONTRADICTED', 'UNKNOWN', 'CONFIRMED'] as const satisfies readonly FindingResult[];

export const sortByWeight = (findings: readonly Finding[]): Finding[] =>
  findings.toSorted((a, b) => resultsByWeight.indexOf(a.result) - resultsByWeight.indexOf(b.result));
