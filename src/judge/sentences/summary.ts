/** A run's outcome in one sentence. */

import { countThings } from '../../contract/brief.ts';
import type { Report, RunOutcome } from '../../contract/report.ts';
import type { VerdictKind } from '../../contract/verdict.ts';
import { hasJudgedRestored } from '../outcome.ts';

type Summarized = Pick<Report, 'outcome' | 'stage' | 'verdicts' | 'findings' | 'failure' | 'leftovers'>;

const sentences: Readonly<Record<RunOutcome, (run: Summarized) => string>> = {
  RUNNING: ({ stage }) => `The run is under way: ${stage}.`,
  PASS: (run) => `Host endpoints protect the nodes' ports: ${countOf(run, 'PASS')} expectations were met.`,
  FAIL: (run) =>
    `Host endpoints do not protect the nodes' ports as expected: ${countOf(run, 'FAIL')} expectations failed.`,
  INCONCLUSIVE: (run) => `Not everything was proved: ${explainDoubt(run)}.`,
  ERROR: ({ failure }) =>
    `The run could not be carried out: ${failure?.message.split('\n')[0] ?? 'no failure was recorded.'}`,
  CANCELLED: () => 'The run was cancelled.',
};

export function summarize(run: Summarized): string {
  const sentence = sentences[run.outcome](run);
  return run.outcome === 'RUNNING' ? sentence : `${sentence} ${describeLeftovers(run.leftovers.length)}`;
}

function describeLeftovers(count: number): string {
  if (count === 0) return 'Nothing is left behind.';
  const things = `${countThings(count, 'thing')} ${count === 1 ? 'is' : 'are'}`;
  return `${things} left behind; the report has the commands that remove them.`;
}

function explainDoubt(run: Summarized): string {
  const { verdicts, findings } = run;
  const contradictions = findings.filter(({ result }) => result === 'CONTRADICTED').length;
  const doubts = countVerdicts(run, 'INCONCLUSIVE');
  if (doubts > 0 || verdicts.length === 0) return `${countOf(run, 'INCONCLUSIVE')} verdicts are inconclusive`;
  if (contradictions > 0)
    return `${contradictions === 1 ? '1 finding speaks' : `${contradictions} findings speak`} against the verdicts`;
  return hasJudgedRestored(verdicts)
    ? 'no deny was put to the test'
    : 'whether the nodes answer again after undo was not seen';
}

/** `2 of 4`. */
const countOf = (run: Summarized, kind: VerdictKind): string => `${countVerdicts(run, kind)} of ${run.verdicts.length}`;

const countVerdicts = ({ verdicts }: Summarized, kind: VerdictKind): number =>
  verdicts.filter(({ verdict }) => verdict === kind).length;
