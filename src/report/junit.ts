import type { Phase } from '../contract/evidence.ts';
import type { Finding, Report } from '../contract/report.ts';
import type { Verdict } from '../contract/verdict.ts';
import { type Markup, markup } from './markup.ts';
import { failureLines, findingTitles, phases, phaseTitles, whyNotLookedAt } from './words.ts';

/** A test case: without `bad` it passed. `skipped` is what was not looked at; what could not be decided is an `error`, so that no CI takes it for a pass. */
interface Case {
  readonly name: string;
  readonly seconds: number;
  readonly bad?: {
    readonly as: 'failure' | 'error' | 'skipped';
    readonly type: string;
    readonly message: string;
    readonly text: string;
  };
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
 * A finding is a case too: CONTRADICTED is a `failure`, what could not be had is `skipped`. How long changes took is in `system-out`.
 */
export function toJunit(report: Report): string {
  const suites = [runSuite(report), ...phases.map((phase) => phaseSuite(report, phase))];
  const all = suites.flatMap(({ cases }) => cases);
  const xml = markup`<testsuites name="hepflow ${report.runId}" ${counts(all)} time="${(report.timings.totalMs / 1000).toFixed(3)}">
${suites.map((suite) => suiteElement(suite, report))}</testsuites>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xml.text}\n`;
}

/** Could it be carried out, and is everything taken back? */
function runSuite(report: Report): Suite {
  const { outcome, summary, failure, leftovers, timings, verdicts } = report;
  const told = failureLines(report).join('\n') || summary;
  const undecided = outcome === 'INCONCLUSIVE' && verdicts.every(({ verdict }) => verdict === 'PASS');
  const broken = failure !== null || outcome === 'ERROR' || outcome === 'CANCELLED' || undecided;
  const running = { bad: { as: 'skipped', type: outcome, message: 'The run is under way.', text: summary } } as const;
  const bad = broken
    ? ({
        bad: { as: 'error', type: failure?.code ?? outcome, message: failure?.message ?? summary, text: told },
      } as const)
    : {};
  const left = leftovers.map(({ what, why, command }) => `${what}: ${why}\n${command}`).join('\n');
  const kept = {
    bad: { as: 'failure', type: 'LeftBehind', message: leftovers.map(({ what }) => what).join(', '), text: left },
  } as const;
  return {
    name: 'run',
    cases: [
      {
        name: 'the run is carried out',
        seconds: timings.totalMs / 1000,
        ...(outcome === 'RUNNING' && !broken ? running : bad),
      },
      {
        name: 'nothing is left behind',
        seconds: 0,
        ...(leftovers.length > 0 ? kept : outcome === 'RUNNING' ? running : {}),
      },
    ],
  };
}

function phaseSuite(report: Report, phase: Phase): Suite {
  const rows = report.verdicts.filter((one) => one.phase === phase);
  const findings = report.findings.filter((one) => one.phase === phase).map(findingCase);
  const told = report.transitions.filter((one) => one.phase === phase).map(({ sentence }) => sentence);
  if (rows.length > 0) return { name: phase, cases: [...rows.map(verdictCase), ...findings], told };
  const reason = whyNotLookedAt(report, phase);
  return {
    name: phase,
    cases: [
      {
        name: phaseTitles[phase],
        seconds: 0,
        bad: { as: 'skipped', type: 'NotLookedAt', message: reason, text: reason },
      },
    ],
  };
}

function verdictCase({ target, expected, observed, verdict, sentence, evidence }: Verdict): Case {
  const name = `${target.id} is ${expected === 'OPEN' ? 'open' : 'silent'}`;
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

function findingCase({ about, subject, result, sentence }: Finding): Case {
  const name = `${findingTitles[about]}${subject && `: ${subject}`}`;
  if (result === 'CONFIRMED') return { name, seconds: 0 };
  return {
    name,
    seconds: 0,
    bad: { as: result === 'CONTRADICTED' ? 'failure' : 'skipped', type: result, message: sentence, text: sentence },
  };
}

function counts(cases: readonly Case[]): Markup {
  const of = (as: string): number => cases.filter(({ bad }) => bad?.as === as).length;
  return markup`tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}" skipped="${of('skipped')}"`;
}

function suiteElement({ name, cases, told = [] }: Suite, { timings }: Report): Markup {
  const seconds = cases.reduce((sum, each) => sum + each.seconds, 0);
  return markup`<testsuite name="${name}" ${counts(cases)} time="${seconds.toFixed(3)}" timestamp="${timings.startedAt}">
${cases.map((each) => caseElement(name, each))}${told.length === 0 ? undefined : markup`<system-out>${told.join('\n')}</system-out>\n`}</testsuite>
`;
}

function caseElement(suite: string, { name, seconds, bad }: Case): Markup {
  const open = markup`<testcase classname="hepflow.${suite}" name="${name}" time="${seconds.toFixed(3)}"`;
  if (bad === undefined) return markup`${open} />\n`;
  const tag = { failure: markup`failure`, error: markup`error`, skipped: markup`skipped` }[bad.as];
  const type = bad.as === 'skipped' ? undefined : markup` type="${bad.type}"`;
  return markup`${open}><${tag} message="${bad.message}"${type}>${bad.text}</${tag}></testcase>\n`;
}
