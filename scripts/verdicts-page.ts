/** docs/verdicts.md: every sentence that a verdict can print, told by the judge itself from the examples. */

import type { Expectation } from '../src/contract/verdict.ts';
import { factsOf } from '../src/judge/facts.ts';
import { judge, type Rule, rules } from '../src/judge/judge.ts';
import { listed } from '../src/judge/witnesses.ts';
import { findingPlaceholders, findingRows, transitionRows } from './finding-sentences.ts';
import { type Example, examples } from './verdict-examples.ts';

/** What stands in a sentence's place for what differs from run to run. */
const placeholders = {
  PORT: 'the judged port, `<node>:<port>`',
  N: 'a number; the noun after it may be in the singular, and `all N connections` may read `the only connection`',
  TIME: '`11 ms`, `3.0 s`, `less than 1 ms`',
  OUTCOMES: 'what connections showed, each kind with its count: `DROP x3`, `OPEN x2 and RST`',
  CONTROLS: 'one or more controls, `<node>:<port>`',
  AROUND: 'what dials before, during and after the proof showed: `before OPEN, during OPEN x4, after not dialled`',
  BACKENDS:
    'first lines of up to three backends that answered; left out with the words in brackets when none said who it is',
  HOW: '`with a TCP reset`, `by ICMP (type 3, code 13)`, `by ICMP`, or two of them',
  REASON: 'why the probe could not run',
  PHASE: '`baseline`, `enforced`, `second`, `restored`',
  MOMENT: 'a moment on the worker’s clock, ISO 8601',
  CAUSES: 'one or more findings that contradict, from the list above, without their full stops',
  ...findingPlaceholders,
} as const;

/** The sentence with what differs from run to run replaced by its placeholder. */
export function templateOf(sentence: string, { row, evidence }: Example): string {
  const outcomes = '(?:OPEN|DROP|RST|ICMP_REJECT|PROBE_FAULT)(?: x\\d+)?';
  const some = `${outcomes}(?: and ${outcomes})*`;
  const list = (one: string): RegExp => new RegExp(`${one}(?:(?:, | and )${one})*`, 'g');
  const named = (text: string, names: readonly (string | undefined)[], placeholder: string): string =>
    names.reduce<string>((sum, name) => (name ? sum.replaceAll(name, placeholder) : sum), text);
  const faults = evidence.connections.map(({ fault }) => fault);
  const backends = evidence.connections.map(({ response }) => response);
  const causes = factsOf(row, evidence).otherCauses;
  return named(
    named(
      named(
        named(named(sentence, causes.length > 0 ? [listed(causes)] : [], 'CAUSES'), faults, 'REASON'),
        backends,
        'BACKEND',
      ),
      row.controls,
      'CONTROL',
    ),
    [row.target.id],
    'PORT',
  )
    .replace('no reason is known', 'REASON')
    .replaceAll(
      new RegExp(`before (?:${some}|not dialled), during (?:${some}|not dialled), after (?:${some}|not dialled)`, 'g'),
      'AROUND',
    )
    .replaceAll(new RegExp(some, 'g'), 'OUTCOMES')
    .replaceAll(list('CONTROL \\(AROUND\\)'), 'CONTROLS (AROUND)')
    .replaceAll(list('CONTROL(?!S)'), 'CONTROLS')
    .replaceAll(/, served by BACKEND(?:(?:, | and )BACKEND)*/g, '')
    .replaceAll(
      /(?:with a TCP reset|by ICMP(?: \(type \d+, code \d+\))?)(?: and by ICMP(?: \(type \d+, code \d+\))?)?/g,
      'HOW',
    )
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'MOMENT')
    .replaceAll(/less than 1 ms|\d+ ms|\d+\.\d s/g, 'TIME')
    .replaceAll(/\bphase (?:baseline|enforced|second|restored)/g, 'phase PHASE')
    .replaceAll('the only connection', 'all N connections')
    .replaceAll(/\b\d+\b/g, 'N')
    .replaceAll(/\bN (SYN|connection)s?\b/g, 'N $1s')
    .replace(/the quickest in TIME\.$/, 'the quickest in TIME[, served by BACKENDS].');
}

/** The rule that decides an example. */
export const ruleOf = ({ row, evidence }: Example): Rule | undefined =>
  rules[row.expected].find(({ when }) => when(factsOf(row, evidence)));

/** Each sentence of a rule once, with the first example that gives it. */
export function sentencesOf(rule: Rule): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const example of examples.filter((each) => ruleOf(each) === rule)) {
    const sentence = judge([example.row], example.evidence)[0]?.sentence ?? '';
    const template = templateOf(sentence, example);
    if (!found.has(template)) found.set(template, sentence);
  }
  return found;
}

function table(expected: Expectation['expected']): string[] {
  const rows = rules[expected].flatMap((rule, index) =>
    [...sentencesOf(rule)].map(
      ([template, sentence]) => `| ${index + 1} | ${rule.verdict} | ${template} | ${sentence} |`,
    ),
  );
  return ['| rule | verdict | sentence | for example |', '|---|---|---|---|', ...rows];
}

export function verdictsPage(): string {
  return [
    '# Verdicts',
    '',
    'Generated from the rules of `src/judge/judge.ts` and the sentences of `src/judge/sentences/verdict.ts` by `npm run docs`; a test compares them, and holds arbitrary evidence against this list.',
    '',
    'Rules are tried from the first to the last, and the first that holds decides. A PASS stands last: nothing speaks against it.',
    '',
    '## A port that should be silent (expected DROP)',
    '',
    ...table('DROP'),
    '',
    '## A port that should answer (expected OPEN)',
    '',
    ...table('OPEN'),
    '',
    '## How long a change took',
    '',
    'A sentence for each port that changed (`transitions[].sentence`, `src/judge/sentences/transition.ts`). Of a port that fell silent, each beginning goes with each end after the last semicolon.',
    '',
    '| censored | sentence | for example |',
    '|---|---|---|',
    ...transitionRows(),
    '',
    '## What others say',
    '',
    'Findings (`findings[].sentence`): one that is CONTRADICTED takes a PASS away. Those of Azure and of the counters that contradict make the verdict of a silent port INCONCLUSIVE too.',
    '',
    '| about | result | sentence | for example |',
    '|---|---|---|---|',
    ...findingRows(),
    '',
    '## What stands for what',
    '',
    ...Object.entries(placeholders).map(([name, meaning]) => `- ${name}: ${meaning}`),
    '',
  ].join('\n');
}
