/** docs/verdicts.md: every sentence that a verdict can print, given by the judge itself from the examples. */

import { listNames } from '../src/contract/brief.ts';
import type { Expected } from '../src/contract/evidence.ts';
import { countFacts, type RowFacts } from '../src/judge/facts.ts';
import { findRule, type Rule, rules } from '../src/judge/judge.ts';
import { seeTarget } from '../src/judge/sighting.ts';
import { findingPlaceholders, listFindingRows, listTransitionRows } from './finding-sentences.ts';
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
  REASON: 'why something could not be had, or the words of a witness',
  PHASE: "a phase's name: `enforced`",
  VANTAGE: "a vantage's name: `vm`",
  SERVICE: '`<namespace>/<name>`',
  MOMENT: "a moment on the worker's clock, ISO 8601",
  CAUSES: 'one or more findings of witnesses that contradict, from the list above, without their full stops',
  ...findingPlaceholders,
} as const;

/** What an example's evidence holds about its row; all other targets are steady beside it. */
export function countExample({ row, evidence }: Example): RowFacts {
  const { target, expected: to } = row;
  const steady = evidence.targets.map(({ id }) => id).filter((id) => id !== target.id);
  return countFacts(row, seeTarget({ target, to }, null, steady, evidence.observation), evidence);
}

const replaceNames = (text: string, names: readonly (string | undefined)[], placeholder: string): string =>
  names.reduce<string>((sum, name) => (name ? sum.replaceAll(name, placeholder) : sum), text);
const matchMany = (one: string): RegExp => new RegExp(`${one}(?:(?:, | and )${one})*`, 'g');
const outcomes = '(?:OPEN|DROP|RST|ICMP_REJECT|PROBE_FAULT)(?: x\\d+)?';
const someOutcomes = `${outcomes}(?: and ${outcomes})*`;
const dialled = `(?:${someOutcomes}|not dialled)`;
const icmp = 'by ICMP(?: \\(type \\d+, code \\d+\\))?';

/** The sentence with what differs from run to run replaced by its placeholder. */
export function formTemplate(sentence: string, { row, evidence, otherCauses }: RowFacts): string {
  const replacements: readonly (readonly [string, readonly (string | undefined)[]])[] = [
    ['CAUSES', otherCauses.length > 0 ? [listNames(otherCauses)] : []],
    ['REASON', [...evidence.connections.map(({ fault }) => fault), 'no reason is known']],
    ['BACKEND', evidence.connections.map(({ response }) => response)],
    ['CONTROL', row.controls],
    ['PORT', [row.target.id]],
    ['SERVICE', [row.target.service]],
  ];
  return replacements
    .reduce((text, [placeholder, names]) => replaceNames(text, names, placeholder), sentence)
    .replaceAll(new RegExp(`before ${dialled}, during ${dialled}, after ${dialled}`, 'g'), 'AROUND')
    .replaceAll(new RegExp(someOutcomes, 'g'), 'OUTCOMES')
    .replaceAll(matchMany('CONTROL \\(AROUND\\)'), 'CONTROLS (AROUND)')
    .replaceAll(matchMany('CONTROL(?!S)'), 'CONTROLS')
    .replaceAll(/, served by BACKEND(?:(?:, | and )BACKEND)*/g, '')
    .replaceAll(new RegExp(`(?:with a TCP reset|${icmp})(?: and ${icmp})?`, 'g'), 'HOW')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'MOMENT')
    .replaceAll(/less than 1 ms|\d+ ms|\d+\.\d s/g, 'TIME')
    .replaceAll(/\bphase \w+ from \w+/g, 'phase PHASE from VANTAGE')
    .replace(/(?<=The path from )\w+/, 'VANTAGE')
    .replaceAll('the only connection', 'all N connections')
    .replaceAll(/\b\d+\b/g, 'N')
    .replaceAll(/\bN (SYN|later connection|connection|ready endpoint)s?\b/g, 'N $1s')
    .replace(/the quickest in TIME\.$/, 'the quickest in TIME[, served by BACKENDS].');
}

/** Each sentence of a rule once, with the first example that gives it. */
export function listSentences(rule: Rule): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const facts of examples.map(countExample).filter((each) => findRule(each) === rule)) {
    const sentence = rule.explain(facts);
    const template = formTemplate(sentence, facts);
    if (!found.has(template)) found.set(template, sentence);
  }
  return found;
}

function listRows(expected: Expected): string[] {
  const rows = rules[expected].flatMap((rule, index) =>
    [...listSentences(rule)].map(
      ([template, sentence]) => `| ${index + 1} | ${rule.verdict} | ${template} | ${sentence} |`,
    ),
  );
  return ['| rule | verdict | sentence | for example |', '|---|---|---|---|', ...rows];
}

export function verdictsPage(): string {
  return [
    '# Verdicts',
    '',
    'Generated from the rules of `src/judge/judge.ts` and the sentences of `src/judge/sentences/` by `npm ' +
      'run docs`; a test compares them, and holds arbitrary evidence against this list.',
    '',
    'Rules are tried from the first to the last, and the first that holds decides. A PASS stands last: ' +
      'nothing speaks against it.',
    '',
    '## A port that should be silent (expected DROP)',
    '',
    ...listRows('DROP'),
    '',
    '## A port that should answer (expected OPEN)',
    '',
    ...listRows('OPEN'),
    '',
    '## How long a change took',
    '',
    'A sentence for each port that had to change (`transitions[].sentence`). Of a port that fell silent, ' +
      'each beginning goes with each end, which begins with the count of later connections.',
    '',
    '| censored | sentence | for example |',
    '|---|---|---|',
    ...listTransitionRows(),
    '',
    '## What others say',
    '',
    'Findings (`findings[].sentence`): one that is CONTRADICTED takes a PASS away. A witness that ' +
      'contradicts makes the verdict of a silent port INCONCLUSIVE too. Witnesses speak of the way to a ' +
      'port, or are counters of a node ([who they are](witnesses.md)).',
    '',
    '| about | result | sentence | for example |',
    '|---|---|---|---|',
    ...listFindingRows(),
    '',
    '## What stands for what',
    '',
    ...Object.entries(placeholders).map(([name, meaning]) => `- ${name}: ${meaning}`),
    '',
  ].join('\n');
}
