/** A run's outcome in one sentence. Pure and free of Node: it runs in the workflow. */
import type { Report, RunOutcome } from '../../contract/report.ts';
import type { VerdictKind } from '../../contract/verdict.ts';

/** What the sentence is made of. `phase`: where a run under way stands. */
export interface Told extends Pick<Report, 'outcome' | 'verdicts' | 'findings' | 'failure' | 'leftovers'> {
  readonly phase: string;
}

const sentences: Record<RunOutcome, (told: Told) => string> = {
  RUNNING: ({ phase }) => `The run is under way: ${phase}.`,
  PASS: (told) =>
    `Host endpoints protect the nodes' ports: ${count(told, 'PASS')} of ${told.verdicts.length} expectations were met.`,
  FAIL: (told) =>
    `Host endpoints do not protect the nodes' ports as expected: ${count(told, 'FAIL')} of ${told.verdicts.length} expectations failed.`,
  INCONCLUSIVE: (told) => `Not everything was proved: ${whyUndecided(told)}.`,
  ERROR: ({ failure }) => `The run could not be carried out: ${failure?.message ?? 'unknown failure'}`,
  CANCELLED: () => 'The run was cancelled.',
};

export function summaryOf(told: Told): string {
  const left = told.leftovers.length;
  const over =
    told.outcome === 'RUNNING'
      ? ''
      : left === 0
        ? ' Nothing is left behind.'
        : ` ${left} ${left === 1 ? 'thing is' : 'things are'} left behind; the report has the commands that remove them.`;
  return sentences[told.outcome](told) + over;
}

function whyUndecided(told: Told): string {
  const { verdicts, findings } = told;
  const contradictions = findings.filter(({ result }) => result === 'CONTRADICTED').length;
  if (count(told, 'INCONCLUSIVE') > 0 || verdicts.length === 0)
    return `${count(told, 'INCONCLUSIVE')} of ${verdicts.length} verdicts are inconclusive`;
  if (contradictions > 0)
    return `${contradictions} ${contradictions === 1 ? 'finding speaks' : 'findings speak'} against the verdicts`;
  return 'whether the nodes answer again after undo was not seen';
}

const count = ({ verdicts }: Told, kind: VerdictKind): number =>
  verdicts.filter(({ verdict }) => verdict === kind).length;
