import type { Finding, PhaseRecord, Report } from '../contract/report.ts';
import type { Verdict } from '../contract/verdict.ts';
import { type Markup, markup } from './markup.ts';
import { explainUnjudged, listFailureLines, namePort, placeSentence, tellProblemsOnce } from './words.ts';

/**
 * A test case: without `bad` it passed. `skipped` is what was not looked at; what could not be decided is an `error`,
 * so that no CI takes it for a pass.
 */
interface Case {
  readonly name: string;
  readonly seconds: number;
  readonly bad?: Bad | undefined;
}

interface Bad {
  readonly as: 'failure' | 'error' | 'skipped';
  readonly type: string;
  readonly message: string;
  readonly text: string;
}

interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
  /** What is told beside the cases, a line each. */
  readonly told?: readonly string[];
}

/**
 * The report as JUnit XML: the run itself as a suite, then one for each phase with a test case for each verdict.
 * FAIL is a `failure`, INCONCLUSIVE an `error`; a phase without verdicts is one skipped case with the reason.
 * A finding is a case too: CONTRADICTED is a `failure`, what could not be had is `skipped`. How long changes took is in
 * `system-out`.
 */
export function renderJunit(report: Report): string {
  const suites = [describeRun(report), ...report.phases.map((phase) => describePhase(report, phase))];
  const all = suites.flatMap(({ cases }) => cases);
  const seconds = formatSeconds(report.timings.totalMs / 1000);
  const xml = markup`<testsuites name="hepflow ${report.runId}" ${formCounts(all)} time="${seconds}">
${suites.map((suite) => formSuite(suite, report))}</testsuites>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xml.text}\n`;
}

const formatSeconds = (seconds: number): string => seconds.toFixed(3);

/** Could it be carried out, and is everything taken back? */
function describeRun(report: Report): Suite {
  const carriedOut = { name: 'the run is carried out', seconds: report.timings.totalMs / 1000 };
  const leftBehind = { name: 'nothing is left behind', seconds: 0 };
  return {
    name: 'run',
    cases: [
      { ...carriedOut, bad: describeBroken(report) ?? describeRunning(report) },
      { ...leftBehind, bad: describeLeftovers(report) ?? describeRunning(report) },
    ],
  };
}

const describeRunning = ({ outcome, summary }: Report): Bad | undefined =>
  outcome === 'RUNNING' ? { as: 'skipped', type: outcome, message: 'The run is under way.', text: summary } : undefined;

/** A run that could not be carried out; also one in which no verdict, but something else, takes the PASS away. */
function describeBroken(report: Report): Bad | undefined {
  const { outcome, summary, failure, verdicts } = report;
  const isUndecided = outcome === 'INCONCLUSIVE' && verdicts.every(({ verdict }) => verdict === 'PASS');
  const isBroken = failure !== null || outcome === 'ERROR' || outcome === 'CANCELLED' || isUndecided;
  if (!isBroken) return undefined;
  const text = listFailureLines(tellProblemsOnce(report)).join('\n') || summary;
  return { as: 'error', type: failure?.code ?? outcome, message: failure?.message ?? summary, text };
}

function describeLeftovers({ leftovers }: Report): Bad | undefined {
  if (leftovers.length === 0) return undefined;
  const text = leftovers.map(({ what, why, command }) => `${what}: ${why}\n${command}`).join('\n');
  return { as: 'failure', type: 'LeftBehind', message: leftovers.map(({ what }) => what).join(', '), text };
}

function describePhase(report: Report, phase: PhaseRecord): Suite {
  const { name, title } = phase;
  const belongs = (one: { readonly phase: string }): boolean => one.phase === name;
  const verdicts = report.verdicts.filter(belongs);
  if (verdicts.length === 0) {
    const reason = explainUnjudged(report, phase);
    const bad = { as: 'skipped', type: 'NotLookedAt', message: reason, text: reason } as const;
    return { name, cases: [{ name: title, seconds: 0, bad }] };
  }
  return {
    name,
    cases: [
      ...verdicts.map((one) => describeVerdict(one, report)),
      ...report.findings.filter(belongs).map((one) => describeFinding(one, report)),
    ],
    told: [
      title,
      ...report.transitions
        .filter(belongs)
        .map(({ sentence, vantage }) => placeSentence(sentence, vantage, report.vantages)),
    ],
  };
}

function describeVerdict(one: Verdict, { vantages }: Report): Case {
  const { target, vantage, expected, observed, verdict, sentence, evidence } = one;
  const name = `${namePort(target.id, vantage, vantages)} is ${expected === 'OPEN' ? 'open' : 'silent'}`;
  const seconds = evidence.windowMs / 1000;
  if (verdict === 'PASS') return { name, seconds };
  const controls = evidence.controls.map(({ control, seen }) => `control ${control}: ${seen}`);
  const text = [sentence, `expected ${expected}, observed ${observed}`, ...controls].join('\n');
  return {
    name,
    seconds,
    bad: { as: verdict === 'FAIL' ? 'failure' : 'error', type: verdict, message: sentence, text },
  };
}

function describeFinding({ title, subject, vantage, result, sentence }: Finding, { vantages }: Report): Case {
  const name = namePort(`${title}${subject && `: ${subject}`}`, vantage, vantages);
  if (result === 'CONFIRMED') return { name, seconds: 0 };
  const as = result === 'CONTRADICTED' ? 'failure' : 'skipped';
  return { name, seconds: 0, bad: { as, type: result, message: sentence, text: sentence } };
}

function formCounts(cases: readonly Case[]): Markup {
  const count = (as: string): number => cases.filter(({ bad }) => bad?.as === as).length;
  const [failures, errors, skipped] = [count('failure'), count('error'), count('skipped')];
  return markup`tests="${cases.length}" failures="${failures}" errors="${errors}" skipped="${skipped}"`;
}

function formSuite({ name, cases, told = [] }: Suite, { timings }: Report): Markup {
  const seconds = formatSeconds(cases.reduce((sum, each) => sum + each.seconds, 0));
  const out = told.length === 0 ? undefined : markup`<system-out>${told.join('\n')}</system-out>\n`;
  return markup`<testsuite name="${name}" ${formCounts(cases)} time="${seconds}" timestamp="${timings.startedAt}">
${cases.map((each) => formCase(name, each))}${out}</testsuite>
`;
}

const tags = { failure: markup`failure`, error: markup`error`, skipped: markup`skipped` } as const;

function formCase(suite: string, { name, seconds, bad }: Case): Markup {
  const open = markup`<testcase classname="hepflow.${suite}" name="${name}" time="${formatSeconds(seconds)}"`;
  if (bad === undefined) return markup`${open} />\n`;
  const tag = tags[bad.as];
  const type = bad.as === 'skipped' ? undefined : markup` type="${bad.type}"`;
  return markup`${open}><${tag} message="${bad.message}"${type}>${bad.text}</${tag}></testcase>\n`;
}
