import { z } from 'zod';
import { cutMessage } from '../contract/brief.ts';
import { failures, HepflowError, type Problem } from '../contract/failures.ts';

const generalRemedy = 'Correct it; examples/run.yaml documents every field.';

/** More would tell nobody anything, and a failure must fit into what Temporal keeps. */
const maxProblems = 50;

/** Far more than any spec has: what holds more is not looked at further, so that it takes no time (W12). */
const mostFields = 10_000;

/** Throws HepflowError `InvalidInput` for a spec with more fields than that, at all its levels together. */
export function refuseVastSpec(spec: unknown): void {
  const waiting = [spec].filter(isTree);
  for (let seen = 0; waiting.length > 0; ) {
    const tree = waiting.pop() ?? {};
    const inner = Object.values(tree).filter(isTree);
    seen += Array.isArray(tree) ? inner.length : Object.keys(tree).length;
    if (seen > mostFields) {
      const message = `It must have at most ${mostFields} fields at all levels together; it has more.`;
      const problem: Problem = { code: 'InvalidInput', field: '', message, remedy: generalRemedy };
      throw new HepflowError('InvalidInput', message, { problems: [problem] });
    }
    waiting.push(...inner);
  }
}

const isTree = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** The first problems, and how many more there are. */
export function limitProblems(problems: readonly Problem[]): readonly Problem[] {
  if (problems.length <= maxProblems) return problems;
  const more = problems.length - maxProblems + 1;
  const rest: Problem = {
    code: 'InvalidInput',
    field: '',
    message: `There are ${more} more problems.`,
    remedy: 'Correct the first ones; examples/run.yaml documents every field.',
  };
  return [...problems.slice(0, maxProblems - 1), rest];
}

/**
 * Zod's issues in the catalogue's words: the dotted field, the rule, the value got, the way out. An unknown field is a
 * problem of its own.
 */
export function listSchemaProblems(error: z.ZodError, schema: z.ZodType): Problem[] {
  return error.issues.flatMap((issue) => {
    const field = dotted(issue.path);
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownField(dotted([...issue.path, key]), key, fieldsAt(schema, issue.path)));
    const got = issue.input === undefined ? 'it is missing' : `got ${shown(issue.input)}`;
    const rule =
      issue.code === 'invalid_type' && issue.expected === 'object'
        ? `${field === '' ? 'The run spec ' : ''}must be an object with fields`
        : issue.message;
    const code =
      field === 'workload.nodePort' && typeof issue.input === 'number' ? 'NodePortOutOfRange' : 'InvalidInput';
    const remedy = issue.code === 'custom' ? (issue.params?.['remedy'] as string | undefined) : undefined;
    return [
      {
        code,
        field,
        message: `${rule}; ${got}.`,
        remedy: remedy ?? (code === 'InvalidInput' ? generalRemedy : failures[code].remedy),
      },
    ];
  });
}

function unknownField(field: string, key: string, known: readonly string[]): Problem {
  const meant = known.find((name) => name.toLowerCase() === key.toLowerCase());
  const remedy = meant === undefined ? `Remove it; known here: ${known.join(', ')}.` : `Write ${meant}.`;
  return { code: 'InvalidInput', field, message: 'is not a field of the run spec.', remedy };
}

/** Names of the fields that the schema knows at a path. */
function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let inner = schema;
  while (inner instanceof z.ZodPrefault) inner = inner.unwrap() as z.ZodType;
  if (!(inner instanceof z.ZodObject)) return [];
  const [next, ...rest] = path;
  return next === undefined ? Object.keys(inner.shape) : fieldsAt(inner.shape[String(next)] as z.ZodType, rest);
}

const dotted = (path: readonly PropertyKey[]): string =>
  path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${cutMessage(String(key), 80)}`))
    .join('')
    .replace(/^\./, '');

function shown(value: unknown): string {
  return cutMessage(JSON.stringify(value) ?? String(value), 80);
}
