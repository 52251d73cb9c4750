import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import fc from 'fast-check';

/** HEPFLOW_FUZZ_FACTOR multiplies the number of cases for a long hunt, HEPFLOW_FUZZ_SEED repeats one. */
const factor = Number(process.env['HEPFLOW_FUZZ_FACTOR'] ?? 1);
const seed = process.env['HEPFLOW_FUZZ_SEED'];

/** Holds for every case; tells how many there were. */
export async function everyCase<T>(
  t: TestContext,
  cases: number,
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => void | Promise<void>,
): Promise<void> {
  let seen = 0;
  await fc.assert(
    fc.asyncProperty(inputs, async (input) => {
      seen += 1;
      await holds(input);
    }),
    { numRuns: Math.round(cases * factor), ...(seed === undefined ? {} : { seed: Number(seed) }) },
  );
  assert.ok(seen >= cases * factor);
  t.diagnostic(`${seen} cases`);
}

/** From 1 to `most`, each order of magnitude as likely as any other. */
const sizeUpTo = (most: number): fc.Arbitrary<number> =>
  fc.double({ min: 0, max: 1, noNaN: true }).map((part) => Math.round(most ** part));

/** Text as long, and brackets as deep, as a hostile peer can afford to send. */
const huge: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('x', '\u001b', '\ud83d\ude00', '[', '{"a":'), fc.boolean(), sizeUpTo(100_000))
  .map(([unit, isClosed, size]) => unit.repeat(size) + (isClosed ? (closers[unit]?.(size) ?? '') : ''));

const closers: Readonly<Record<string, (size: number) => string>> = {
  '[': (size) => ']'.repeat(size),
  '{"a":': (size) => `1${'}'.repeat(size)}`,
};

/** Strings that have broken programs: prototypes, separators, invisible and unpaired characters, numbers as text, lengths. */
export const nasty: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  { weight: 1, arbitrary: huge },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'null',
      'NaN',
      '1e999',
      '-0',
      '\u0000',
      '\ud800',
      '\u202e',
      '\n',
      '../..',
      "'; --",
      '$(x)',
    ),
  },
  { weight: 4, arbitrary: fc.string({ minLength: 200, maxLength: 400 }) },
);

/** JSON of one shape whose size is the point: as many items, keys or levels. */
const vast: fc.Arbitrary<unknown> = fc
  .tuple(fc.constantFrom('items', 'keys', 'levels'), sizeUpTo(1500), fc.constantFrom<unknown>(null, 1, 'x', {}))
  .map(([shape, size, value]) => {
    if (shape === 'items') return Array.from({ length: size }, () => value);
    if (shape === 'keys') return Object.fromEntries(Array.from({ length: size }, (_, n) => [`key${n}`, value]));
    return Array.from({ length: size }).reduce<unknown>((inner) => ({ error: inner }), value);
  });

/** Anything that JSON can say. */
export const json: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e300, Number.MAX_SAFE_INTEGER),
    nasty,
    fc.integer(),
    vast,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(nasty, tie('value')), { maxLength: 4 }).map(asJson),
  ),
})).value;

/** As JSON.parse would make it: `__proto__` is a key like any other. */
function asJson(entries: readonly (readonly [string, unknown])[]): unknown {
  return JSON.parse(`{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`);
}

/** The same value with a few of its parts, at any depth, removed or replaced: by anything, unless something else is given. */
export const damaged = (sound: unknown, replacement: fc.Arbitrary<unknown> = json): fc.Arbitrary<unknown> => {
  const strokes = fc.array(
    fc.tuple(
      fc.nat(),
      fc.oneof({ weight: 1, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: replacement }),
    ),
    {
      minLength: 1,
      maxLength: 3,
    },
  );
  return strokes.map(
    (all) => all.reduce((copy, [at, value]) => struck(copy, at, value), { root: structuredClone(sound) }).root,
  );
};

function struck<T extends object>(copy: T, at: number, value: unknown): T {
  const places = placesIn(copy);
  const [holder, key] = places[at % places.length] ?? [copy, ''];
  if (value !== undefined) Reflect.set(holder, key, structuredClone(value));
  else if (key !== 'root') Reflect.deleteProperty(holder, key);
  return copy;
}

function placesIn(value: object): (readonly [object, string])[] {
  return Object.entries(value).flatMap(([key, inner]) => [
    [value, key] as const,
    ...(typeof inner === 'object' && inner !== null ? placesIn(inner as object) : []),
  ]);
}
