/** One kind of statement: how it is told apart and named. */
export interface Kind<T> {
  /** Such as `verdict on enforced node-a:30080`; two of one kind have different names. */
  readonly name: (one: T) => string;
  readonly noun: string;
}

/** Where what a report says differs from what follows from the evidence, a sentence each. */
export function compared<T>({ name, noun }: Kind<T>, said: readonly T[], follows: readonly T[]): string[] {
  const [saidBy, followsBy] = [
    new Map(said.map((one) => [name(one), one])),
    new Map(follows.map((one) => [name(one), one])),
  ];
  const problems = [
    ...said
      .filter((one, index) => said.findIndex((other) => name(other) === name(one)) < index)
      .map((one) => `The ${name(one)} is there twice.`),
    ...[...saidBy.keys()].filter((key) => !followsBy.has(key)).map((key) => `The ${key} has no evidence behind it.`),
    ...[...followsBy]
      .filter(([key]) => !saidBy.has(key))
      .map(([key]) => `The ${key} is missing, though there is evidence for it.`),
    ...[...saidBy].flatMap(([key, one]) => {
      const other = followsBy.get(key);
      return other === undefined
        ? []
        : differences(one, other).map((difference) => `The ${key} does not follow from the evidence: ${difference}`);
    }),
  ];
  const ordered = said.every((one, index) => follows[index] !== undefined && name(one) === name(follows[index]));
  return problems.length === 0 && !ordered ? [`The ${noun} are not in the order of the evidence.`] : problems;
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Each place where two values differ as JSON, such as `sentence is "a", not "b".`; `is`: what is there, `should`: what belongs there. */
export function differences(is: unknown, should: unknown, path = ''): string[] {
  return between(asJson(is), asJson(should), path);
}

const asJson = (value: unknown): Json | undefined =>
  value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as Json);
const isObject = (value: Json | undefined): value is { readonly [key: string]: Json } | readonly Json[] =>
  typeof value === 'object' && value !== null;

function between(is: Json | undefined, should: Json | undefined, path: string): string[] {
  if (!isObject(is) || !isObject(should) || Array.isArray(is) !== Array.isArray(should)) {
    return Object.is(is, should) ? [] : [`${path || 'it'} is ${shown(is)}, not ${shown(should)}.`];
  }
  const [left, right] = [new Map(Object.entries(is)), new Map(Object.entries(should))];
  const within = (key: string): string =>
    Array.isArray(is) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((key) =>
    between(left.get(key), right.get(key), within(key)),
  );
}

function shown(value: Json | undefined): string {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
