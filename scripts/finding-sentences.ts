/** The sentences of transitions and findings for docs/verdicts.md, told by the checks themselves from the examples. */
import type { Finding, Transition } from '../src/contract/report.ts';
import { cases, judged, reason } from './finding-examples.ts';
import { targets } from './observed-examples.ts';

export const findingPlaceholders = {
  NODE: 'the node’s name',
  PORTS: 'one or more ports',
  ASKED:
    '`the policy was sent`, `the label was sent`, `the policy’s removal was asked for`, `the label’s removal was asked for`, `the change was asked for`',
  PODS: 'one or more pods; the words around it are in the singular for one',
  SOURCE: 'the metric or counter that was read',
  'RULE, PREFIX, HOPS, PEERING, STATE': 'as Azure names them',
} as const;

const nodes = [...new Set(targets.map(({ node }) => node))];
const oneOf = (names: readonly string[]): string =>
  `(?:${names.map((name) => name.replaceAll(/[/.]/g, '\\$&')).join('|')})`;
const many = (one: string): RegExp => new RegExp(`${one}(?:(?:, | and )${one})*`, 'g');

/** The sentence with what differs from run to run replaced by its placeholder. */
export function findingTemplateOf(sentence: string): string {
  const confidence = '(95 % confidence)';
  return sentence
    .replaceAll(confidence, '(CONFIDENCE)')
    .replaceAll(new RegExp(`(?<=say nothing of )${many(oneOf(targets.map(({ id }) => id))).source}`, 'g'), 'PORTS')
    .replaceAll(new RegExp(oneOf(targets.map(({ id }) => id)), 'g'), 'PORT')
    .replaceAll(new RegExp(`\\b${oneOf(nodes)}\\b`, 'g'), 'NODE')
    .replaceAll(reason, 'REASON')
    .replaceAll(many('frontend-\\d+'), 'PODS')
    .replaceAll(/calico_denied_packets/g, 'SOURCE')
    .replace(/security rule \S+/, 'security rule RULE')
    .replace(/route [\d./]+/, 'route PREFIX')
    .replace(/(?<=all \d ports )\(.*\)/, '(HOPS)')
    .replace(/peering hepflow-\w+ is \w+, \w+/, 'peering PEERING is STATE, STATE')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'MOMENT')
    .replace(
      /the (?:policy|label) was sent|the (?:policy’s|label’s) removal was asked for|the change was asked for(?=$|[,;.])/,
      'ASKED',
    )
    .replace('a connection get through', 'connections get through')
    .replaceAll(/\d+ to \d+ ms/g, 'N to N ms')
    .replaceAll(/\b\d+ ms|\b\d+\.\d s\b/g, 'TIME')
    .replaceAll(/\b[\d.]+ %/g, 'N %')
    .replaceAll(/\b\d+\b/g, 'N')
    .replaceAll(/\bN (new connection|packet|SYN)s?\b/g, 'N $1s')
    .replace('(CONFIDENCE)', confidence);
}

const all = (): { transitions: Transition[]; findings: Finding[] } => {
  const every = cases.map(judged);
  return {
    transitions: every.flatMap(({ transitions }) => transitions),
    findings: every.flatMap(({ findings }) => findings),
  };
};

/** Rows of a table, each template once with its first example, in the order of `places`. */
function rows<T extends { readonly sentence: string }>(
  some: readonly T[],
  places: readonly string[],
  placeOf: (one: T) => string,
): string[] {
  const found = new Map<string, string>();
  for (const one of places.flatMap((place) => some.filter((each) => placeOf(each) === place))) {
    const key = `| ${placeOf(one)} | ${findingTemplateOf(one.sentence)} |`;
    if (!found.has(key)) found.set(key, one.sentence);
  }
  return [...found].map(([key, sentence]) => `${key} ${sentence} |`);
}

const places = <T>(some: readonly T[], placeOf: (one: T) => string): string[] => [...new Set(some.map(placeOf))];
const censorship = ['no', 'left', 'right', 'unobserved'] as const satisfies readonly Transition['censored'][];

export const transitionRow = ({ censored }: Transition): string => censored;
export const findingRow = ({ about, result }: Finding): string => `${about} | ${result}`;

export const transitionRows = (): string[] => rows(all().transitions, censorship, transitionRow);

export function findingRows(): string[] {
  const { findings } = all();
  return rows(
    findings,
    places(findings, ({ about }) => about).flatMap((about) =>
      ['CONFIRMED', 'CONTRADICTED', 'UNKNOWN'].map((result) => `${about} | ${result}`),
    ),
    findingRow,
  );
}
