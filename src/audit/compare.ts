/** Comparing what a report says with what follows from a source: the evidence, or the scenario. */
import { limitText } from '../contract/printable.ts';

/** One kind of statement: how it is told apart, and what is said of a difference. */
export interface Kind<T> {
  /** Such as `verdict on node-a:30080 from vm in phase enforced`; two of one kind have different names. */
  readonly name: (one: T) => string;
  /** In the plural. */
  readonly noun: string;
  readonly source: Comparison;
}

/** Clauses after a statement's name. */
interface Comparison {
  /** It is said, but does not follow. */
  readonly groundless: string;
  /** It follows, but is not said. */
  readonly missing: string;
  /** Something else follows. */
  readonly different: string;
  /** The statements are all there, in another order. */
  readonly disordered: string;
}

export const fromEvidence: Comparison = {
  groundless: 'has no evidence behind it.',
  missing: 'is missing, though there is evidence for it.',
  different: 'does not follow from the evidence:',
  disordered: 'are not in the order of the evidence.',
};

export const fromScenario: Comparison = {
  groundless: 'is not in the scenario.',
  missing: 'is missing, though the scenario has it.',
  different: 'is not as the scenario has it:',
  disordered: 'are not in the order of the scenario.',
};

/** Where what a report says differs from what follows, a sentence each. */
export function compareStatements<T>(
  { name, noun, source }: Kind<T>,
  said: readonly T[],
  follows: readonly T[],
): string[] {
  const [saidBy, followsBy] = [said, follows].map((all) => new Map(all.map((one) => [name(one), one]))) as [
    Map<string, T>,
    Map<string, T>,
  ];
  const problems = [
    ...said
      .filter((one, index) => said.findIndex((other) => name(other) === name(one)) < index)
      .map((one) => `The ${name(one)} is there twice.`),
    ...[...saidBy.keys()].filter((key) => !followsBy.has(key)).map((key) => `The ${key} ${source.groundless}`),
    ...[...followsBy.keys()].filter((key) => !saidBy.has(key)).map((key) => `The ${key} ${source.missing}`),
    ...[...saidBy].flatMap(([key, one]) =>
      followsBy.has(key)
        ? findDifferences(one, followsBy.get(key)).map((difference) => `The ${key} ${source.different} ${difference}`)
        : [],
    ),
  ];
  const isOrdered = [...saidBy.keys()].join() === [...followsBy.keys()].join();
  return problems.length === 0 && !isOrdered ? [`The ${noun} ${source.disordered}`] : problems;
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Each place where two values differ as JSON, such as `sentence is "a", not "b".`. `is`: what is there, `should`: what
 * belongs there,
 * `path`: the place of both.
 */
export function findDifferences(is: unknown, should: unknown, path = ''): string[] {
  return compareJson(toJson(is), toJson(should), path);
}

const toJson = (value: unknown): Json | undefined =>
  value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as Json);

const hasParts = (value: Json | undefined): value is { readonly [key: string]: Json } | readonly Json[] =>
  typeof value === 'object' && value !== null;

function compareJson(is: Json | undefined, should: Json | undefined, path: string): string[] {
  if (!hasParts(is) || !hasParts(should) || Array.isArray(is) !== Array.isArray(should))
    return Object.is(is, should) ? [] : [`${path || 'it'} is ${show(is)}, not ${show(should)}.`];
  const [left, right] = [new Map(Object.entries(is)), new Map(Object.entries(should))];
  const locate = (key: string): string =>
    Array.isArray(is) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) =>
    compareJson(left.get(key), right.get(key), locate(key)),
  );
}

function show(value: Json | undefined): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return limitText(text, 200);
}
