/** Whether a run saw through a mutation: a pure function. */
import type { Finding, Report } from '../../src/contract/report.ts';
import type { Expected } from './mutation.ts';

export interface Judgement {
  readonly killed: boolean;
  /** Outcome and verdict, as `FAIL / enforced node-1:30080 FAIL`. */
  readonly got: string;
  /** Of the expected row, of its transition where its length is expected, and of the findings that speak against it. */
  readonly sentence: string;
  /** Everything that is not as expected. */
  readonly problems: readonly string[];
}

/** `nodes`: names that the report has for node-1 and node-2, in order. */
export function judge(
  report: Report | undefined,
  { outcome, row, verdict, sentence, findings = [], tookAtLeastMs, attempts }: Expected,
  nodes: readonly string[],
): Judgement {
  if (report === undefined) return { killed: false, got: 'no end', sentence: '', problems: ['the run did not end'] };
  const said = (text: string): string =>
    nodes.reduce((all, name, index) => all.replaceAll(name, `node-${index + 1}`), text);
  const seen = report.verdicts.find(({ phase, target }) => said(`${phase} ${target.id}`) === row);
  const ofPhase = report.findings.filter(({ phase }) => row.startsWith(`${phase} `));
  const transition = report.transitions.find(({ phase, target }) => said(`${phase} ${target.id}`) === row);
  const probe = report.steps.find(({ name, subject }) => name === 'probe' && row.startsWith(`${subject} `));
  const says = said(seen?.sentence ?? '');
  const checks: readonly (readonly [boolean, string])[] = [
    [report.outcome === outcome, `the outcome is ${report.outcome}, not ${outcome}: ${said(report.summary)}`],
    [seen?.verdict === verdict, `${row} is ${seen?.verdict ?? 'not judged'}, not ${verdict}`],
    [sentence.test(says), `the sentence is not ${sentence}: ${says}`],
    ...findings.map((wanted) => foundIn(ofPhase, wanted, said)),
    [
      tookAtLeastMs === undefined || (transition?.tookMs?.atLeast ?? -1) >= tookAtLeastMs,
      `the change took at least ${transition?.tookMs?.atLeast} ms, not ${tookAtLeastMs}: ${said(transition?.sentence ?? 'there is no transition')}`,
    ],
    [
      attempts === undefined || (probe?.attempts ?? 0) >= attempts,
      `the probe took ${probe?.attempts} attempts, not ${attempts}`,
    ],
    [
      report.leftovers.length === 0,
      `the report lists leftovers: ${report.leftovers.map(({ what, why }) => `${what} (${why})`).join(', ')}`,
    ],
  ];
  const problems = checks.filter(([holds]) => !holds).map(([, problem]) => problem);
  return {
    killed: problems.length === 0,
    got: `${report.outcome}; ${row} ${seen?.verdict ?? '–'}`,
    sentence: [
      says,
      said((tookAtLeastMs !== undefined && transition?.sentence) || ''),
      ...ofPhase.filter(({ result }) => result === 'CONTRADICTED').map((one) => said(one.sentence)),
    ]
      .filter(Boolean)
      .join(' '),
    problems,
  };
}

/** Whether a finding is there; if not, what is there instead. */
function foundIn(
  found: readonly Finding[],
  { about, result, sentence }: NonNullable<Expected['findings']>[number],
  said: (text: string) => string,
): readonly [boolean, string] {
  const alike = found.filter((one) => one.about === about);
  const told = alike.map((one) => `${one.result}: ${said(one.sentence)}`).join(' ') || 'there is none';
  return [
    alike.some((one) => one.result === result && sentence.test(said(one.sentence))),
    `no finding ${about} ${result} says ${sentence}: ${told}`,
  ];
}
