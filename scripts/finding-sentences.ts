/** The sentences of transitions and findings for docs/verdicts.md, given by the judge itself from the examples. */
import { type Finding, findingResults, type Transition } from '../src/contract/report.ts';
import { targets } from '../test/support/evidence.ts';
import { agreeing, cases, judgeCase, reason } from './finding-examples.ts';

export const findingPlaceholders = {
  NODE: "the node's name",
  ASKED:
    'what was asked for, in the words of its change: `the policy was sent`, `the label was sent`, ' +
    "`the policy's removal was asked for`, `the label's removal was asked for`; else `the change was asked for`",
  PODS: 'one or more pods; the words around it are in the singular for one',
  SOURCE: "a witness by its title: `Azure's effective security rules`, `The peering`",
  PORTS: 'one or more ports, or a node',
} as const;

const nodes = [...new Set(targets.map(({ node }) => node))];
const matchOne = (names: readonly string[]): string =>
  `(?:${names.map((name) => name.replaceAll(/[/.]/g, '\\$&')).join('|')})`;
const matchMany = (one: string): string => `${one}(?:(?:, | and )${one})*`;
const port = matchOne(targets.map(({ id }) => id));
const asked = "the (?:policy|label) was sent|the (?:policy|label)'s removal was asked for|the change was asked for";
const because = [...new Set(agreeing.map((one) => one.because)), 'rule DenyAll', 'hepflow-back is Disconnected'];

/** The sentence with what differs from run to run replaced by its placeholder. */
export function formFindingTemplate(sentence: string): string {
  const confidence = '(95 % confidence)';
  return agreeing
    .reduce((text, { title }) => text.replace(title, 'SOURCE'), sentence)
    .replaceAll(confidence, '(CONFIDENCE)')
    .replaceAll(new RegExp(`(?<=\\()${matchMany(matchOne(because))}(?=\\))`, 'g'), 'REASON')
    .replaceAll(
      new RegExp(`(?<=no answer about )${matchMany(matchOne([...targets.map(({ id }) => id), ...nodes]))}`, 'g'),
      'PORTS',
    )
    .replaceAll(new RegExp(port, 'g'), 'PORT')
    .replaceAll(new RegExp(`\\b${matchOne(nodes)}\\b`, 'g'), 'NODE')
    .replace(/(?<=^No observer saw .*: ).*(?=\.$)/, 'REASON')
    .replaceAll(reason, 'REASON')
    .replaceAll(new RegExp(matchMany('frontend-\\d+'), 'g'), 'PODS')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'MOMENT')
    .replace(new RegExp(`(?<=after |before )(?:${asked})(?=[,;.])`), 'ASKED')
    .replaceAll(/\d+ to \d+ ms/g, 'N to N ms')
    .replaceAll(/\b\d+ ms|\b\d+\.\d s\b/g, 'TIME')
    .replaceAll(/\b[\d.]+ %/g, 'N %')
    .replaceAll(/\b\d+\b/g, 'N')
    .replaceAll(/\bN (later connection|connection|packet|SYN)s?\b/g, 'N $1s')
    .replace('(CONFIDENCE)', confidence);
}

const all = (): { transitions: Transition[]; findings: Finding[] } => {
  const every = cases.map(judgeCase);
  return {
    transitions: every.flatMap(({ transitions }) => transitions),
    findings: every.flatMap(({ findings }) => findings),
  };
};

/** Rows of a table, each template once with its first example, in the order of `places`. */
function formRows<T extends { readonly sentence: string }>(
  some: readonly T[],
  places: readonly string[],
  place: (one: T) => string,
): string[] {
  const found = new Map<string, string>();
  for (const one of places.flatMap((each) => some.filter((candidate) => place(candidate) === each))) {
    const key = `| ${place(one)} | ${formFindingTemplate(one.sentence)} |`;
    if (!found.has(key)) found.set(key, one.sentence);
  }
  return [...found].map(([key, sentence]) => `${key} ${sentence} |`);
}

/** Witnesses of the examples share their sentences, so the page names them by what they speak of. */
const sources: Readonly<Record<string, string>> = {
  deniedPackets: 'a node counter',
  securityRules: 'a way',
  peerings: 'a way',
};

export const placeFinding = ({ about, result }: Pick<Finding, 'about' | 'result'>): string =>
  `${sources[about] ?? about} | ${result}`;

export const listTransitionRows = (): string[] =>
  formRows(all().transitions, ['no', 'left', 'right', 'unobserved'], ({ censored }) => censored);

export function listFindingRows(): string[] {
  const { findings } = all();
  const places = findings.flatMap(({ about }) => findingResults.map((result) => placeFinding({ about, result })));
  return formRows(findings, [...new Set(places)], placeFinding);
}
