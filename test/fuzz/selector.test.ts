import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSelector as parseOfLab } from '../../lab/calico/felix/selector.ts';
import { parseSelector, SelectorError } from '../../src/model/selector.ts';
import { everyCase } from './cases.ts';

type Labels = Readonly<Record<string, string>>;

/** A selector as text, and what it must say of labels. */
interface Sample {
  readonly text: string;
  readonly holds: (labels: Labels) => boolean;
}

const keys = ['app', 'in', 'a.b/c-d_e', 'not', 'constructor'] as const;
const values = ['', 'x', 'xy', 'z y'] as const;
const of = (labels: Labels, key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);

const blank = fc.constantFrom('', ' ', '\t ');
const quoted = (value: string): fc.Arbitrary<string> => fc.constantFrom(`'${value}'`, `"${value}"`);

const comparison = fc
  .record({
    key: fc.constantFrom(...keys),
    value: fc.constantFrom(...values),
    gap: blank,
    quote: fc.constantFrom("'", '"'),
  })
  .chain(({ key, value, gap, quote }) => {
    const text = `${quote}${value}${quote}`;
    return fc.constantFrom<Sample>(
      { text: `${key}${gap}==${gap}${text}`, holds: (labels) => of(labels, key) === value },
      { text: `${key} !=${gap}${text}`, holds: (labels) => of(labels, key) !== value },
      { text: `${key} contains ${text}`, holds: (labels) => of(labels, key)?.includes(value) ?? false },
      { text: `${key} starts with ${text}`, holds: (labels) => of(labels, key)?.startsWith(value) ?? false },
      { text: `${key} ends with${gap}${text}`, holds: (labels) => of(labels, key)?.endsWith(value) ?? false },
      { text: `has(${gap}${key})`, holds: (labels) => of(labels, key) !== undefined },
    );
  });
const membership = fc
  .record({
    key: fc.constantFrom(...keys),
    set: fc.uniqueArray(fc.constantFrom(...values), { maxLength: 3 }),
    negated: fc.boolean(),
  })
  .chain(({ key, set, negated }) =>
    fc.tuple(...set.map(quoted)).map(
      (texts): Sample => ({
        text: `${key} ${negated ? 'not in' : 'in'} {${texts.join(', ')}}`,
        holds: (labels) => set.some((value) => value === of(labels, key)) !== negated,
      }),
    ),
  );
const { selector } = fc.letrec<{ selector: Sample }>((tie) => ({
  selector: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparison,
    membership,
    fc.constant<Sample>({ text: 'all()', holds: () => true }),
    tie('selector').map(({ text, holds }): Sample => ({ text: `!(${text})`, holds: (labels) => !holds(labels) })),
    fc.tuple(tie('selector'), tie('selector')).map(
      ([a, b]): Sample => ({
        text: `(${a.text}) && (${b.text})`,
        holds: (labels) => a.holds(labels) && b.holds(labels),
      }),
    ),
    fc.tuple(tie('selector'), tie('selector')).map(
      ([a, b]): Sample => ({
        text: `(${a.text})||(${b.text})`,
        holds: (labels) => a.holds(labels) || b.holds(labels),
      }),
    ),
  ),
}));
const labels = fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...values));

test("any selector of Calico's language means what it was made of, and the same to the lab's Calico", async (context) => {
  await everyCase(context, 1000, fc.tuple(selector, labels), ([{ text, holds }, its]) => {
    assert.equal(parseSelector(text)(its), holds(its), text);
    if (!text.includes('constructor')) assert.equal(parseOfLab(text)(its), holds(its), text);
  });
});

test('any text is a selector or a SelectorError', async (context) => {
  const piece = fc.oneof(
    fc.constantFrom(
      'app',
      "'x'",
      '==',
      '!=',
      'in',
      'not',
      '{',
      '}',
      '(',
      ')',
      'has(',
      'all()',
      '!',
      '&&',
      '||',
      ' ',
      ',',
    ),
    fc.string({ maxLength: 3 }),
  );
  await everyCase(context, 1000, fc.array(piece, { maxLength: 12 }), (pieces) => {
    try {
      assert.equal(typeof parseSelector(pieces.join(''))({ app: 'x' }), 'boolean');
    } catch (error) {
      assert.ok(error instanceof SelectorError, String(error));
    }
  });
});
