/**
 * Calico's selector language, as strictly as Calico reads it (libcalico-go/lib/selector): `key == 'v'`, `!=`, `in {…}`,
 * `not in {…}`, `contains`, `starts with`,
 * `ends with`, `has(key)`, `all()`, `global()`, `!`, `&&`, `||` and parentheses; `&&` binds closer than `||`.
 */

type Labels = Readonly<Record<string, string>>;
/** Whether something with these labels is selected. */
export type Selector = (labels: Labels) => boolean;

/** The text is no selector. */
export class SelectorError extends Error {
  constructor(expected: string, at: number) {
    super(`expected ${expected} at character ${at + 1}`);
    this.name = 'SelectorError';
  }
}

interface Token {
  readonly kind: 'call' | 'word' | 'text' | 'sign' | 'end';
  readonly value: string;
  readonly at: number;
}

/** The empty selector selects everything. `all`: what `all()` means. Throws SelectorError. */
export function parseSelector(text: string, all: Selector = () => true): Selector {
  const tokens = tokensOf(text);
  if (tokens[0]?.kind === 'end') return () => true;
  const reading = new SelectorReader(tokens, all);
  const selector = reading.either();
  reading.expect('end', '', '&&, || or the end');
  return selector;
}

/**
 * A function has its parenthesis at once; white space is blanks and tabs; a string ends with the quote that it began
 * with and knows no escapes.
 */
const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  ['call', /(has|all|global)\(/y],
  ['text', /"([^"]*)"|'([^']*)'/y],
  ['sign', /==|!=|&&|\|\||[!(){},]/y],
  ['word', /[a-zA-Z0-9_./-]{1,512}/y],
];

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === ' ' || text[at] === '\t') at += 1;
    if (at === text.length) return [...tokens, { kind: 'end', value: '', at }];
    const token = tokenAt(text, at);
    if (token === undefined) throw new SelectorError('a label, a quoted value or an operator', at);
    tokens.push({ kind: token.kind, value: token.value, at });
    at += token.length;
  }
}

function tokenAt(
  text: string,
  at: number,
): { readonly kind: Token['kind']; readonly value: string; readonly length: number } | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null)
      return {
        kind,
        value: kind === 'text' || kind === 'call' ? (found[1] ?? found[2] ?? '') : found[0],
        length: found[0].length,
      };
  }
  return undefined;
}

/** A label that is called `constructor` is no property of every object. */
const valueIn = (labels: Labels, key: string): string | undefined =>
  Object.hasOwn(labels, key) ? labels[key] : undefined;

/** On namespaced things only: `global()` selects what has it not. */
const namespaceLabel = 'projectcalico.org/namespace';

class SelectorReader {
  readonly #tokens: readonly Token[];
  readonly #all: Selector;
  #next = 0;

  constructor(tokens: readonly Token[], all: Selector) {
    this.#tokens = tokens;
    this.#all = all;
  }

  either(): Selector {
    const parts = [this.#both()];
    while (this.#takes('sign', '||')) parts.push(this.#both());
    return (labels) => parts.some((part) => part(labels));
  }

  expect(kind: Token['kind'], value: string, name = `\`${value}\``): void {
    if (!this.#takes(kind, value)) this.#fail(name);
  }

  #both(): Selector {
    const parts = [this.#one()];
    while (this.#takes('sign', '&&')) parts.push(this.#one());
    return (labels) => parts.every((part) => part(labels));
  }

  #one(): Selector {
    if (this.#takes('sign', '!')) {
      const inner = this.#one();
      return (labels) => !inner(labels);
    }
    if (this.#takes('sign', '(')) {
      const inner = this.either();
      this.expect('sign', ')');
      return inner;
    }
    const { kind, value } = this.#peek();
    if (kind === 'call') return this.#call(value);
    if (kind === 'word') return this.#comparison();
    return this.#fail('a label, has(), all(), global(), ! or (');
  }

  #call(name: string): Selector {
    this.#next += 1;
    const key = name === 'has' ? this.#take('word', 'a label') : '';
    this.expect('sign', ')');
    if (name === 'has') return (labels) => valueIn(labels, key) !== undefined;
    return name === 'all' ? this.#all : (labels) => valueIn(labels, namespaceLabel) === undefined;
  }

  /** An absent label differs from every value and is in no set. */
  #comparison(): Selector {
    const key = this.#take('word', 'a label');
    if (this.#takes('sign', '==')) return this.#against(key, (value, wanted) => value === wanted);
    if (this.#takes('sign', '!=')) return this.#against(key, (value, wanted) => value !== wanted);
    if (this.#takes('word', 'contains')) return this.#against(key, (value, wanted) => value?.includes(wanted) ?? false);
    if (this.#words('starts', 'with')) return this.#against(key, (value, wanted) => value?.startsWith(wanted) ?? false);
    if (this.#words('ends', 'with')) return this.#against(key, (value, wanted) => value?.endsWith(wanted) ?? false);
    if (this.#words('not', 'in')) return this.#amongst(key, false);
    if (this.#takes('word', 'in')) return this.#amongst(key, true);
    return this.#fail('an operator');
  }

  #against(key: string, holds: (value: string | undefined, wanted: string) => boolean): Selector {
    const wanted = this.#take('text', 'a quoted value');
    return (labels) => holds(valueIn(labels, key), wanted);
  }

  /** A comma after the last value is allowed. */
  #amongst(key: string, wanted: boolean): Selector {
    this.expect('sign', '{');
    const values = new Set<string>();
    while (this.#peek().kind === 'text') {
      values.add(this.#take('text', 'a quoted value'));
      if (!this.#takes('sign', ',')) break;
    }
    this.expect('sign', '}');
    return (labels) => {
      const value = valueIn(labels, key);
      return (value !== undefined && values.has(value)) === wanted;
    };
  }

  /** Two words, or one without the blank. */
  #words(first: string, second: string): boolean {
    if (this.#takes('word', `${first}${second}`)) return true;
    if (!this.#takes('word', first)) return false;
    this.expect('word', second);
    return true;
  }

  #take(kind: Token['kind'], name: string): string {
    const token = this.#peek();
    if (token.kind !== kind) this.#fail(name);
    this.#next += 1;
    return token.value;
  }

  #takes(kind: Token['kind'], value: string): boolean {
    const token = this.#peek();
    if (token.kind !== kind || token.value !== value) return false;
    this.#next += 1;
    return true;
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] ?? { kind: 'end', value: '', at: 0 };
  }

  #fail(expected: string): never {
    throw new SelectorError(expected, this.#peek().at);
  }
}
