/**
 * Calico's selector language, as its documentation describes it: `==`, `!=`, `in`, `not in`, `has()`, `all()`,
 * `global()`, `contains`, `starts with`, `ends with`, `!`, `&&`, `||` and parentheses. `&&` binds closer than `||`.
 */

export type Labels = Readonly<Record<string, string>>;
/** Whether something with these labels is selected. */
export type Selector = (labels: Labels) => boolean;

/** Carried by everything that lives in a namespace; `global()` selects what does not. */
export const namespaceLabel = 'projectcalico.org/namespace';

/** The text is no selector. */
export class SelectorError extends Error {
  constructor(text: string, at: number, expected: string) {
    super(`selector ${JSON.stringify(text)}: expected ${expected} at character ${at + 1}`);
    this.name = 'SelectorError';
  }
}

/** Parses a selector; the empty one selects everything, `all()` what `all` does. Throws SelectorError. */
export function parseSelector(text: string, all: Selector = () => true): Selector {
  if (text.trim() === '') return () => true;
  return new Parser(text, all).whole();
}

const label = /[A-Za-z0-9_./-]+/y;
const space = /\s*/y;
const quoted = /"([^"]*)"|'([^']*)'/y;

/** Recursive descent, a method per precedence. */
class Parser {
  readonly #text: string;
  readonly #all: Selector;
  #at = 0;

  constructor(text: string, all: Selector) {
    this.#text = text;
    this.#all = all;
  }

  whole(): Selector {
    const selector = this.#or();
    if (this.#at < this.#text.length) this.#fail('&&, || or the end');
    return selector;
  }

  #or(): Selector {
    const parts = [this.#and()];
    while (this.#take('||')) parts.push(this.#and());
    return (labels) => parts.some((part) => part(labels));
  }

  #and(): Selector {
    const parts = [this.#operation()];
    while (this.#take('&&')) parts.push(this.#operation());
    return (labels) => parts.every((part) => part(labels));
  }

  #operation(): Selector {
    if (this.#take('!')) {
      const negated = this.#operation();
      return (labels) => !negated(labels);
    }
    if (this.#take('(')) {
      const inner = this.#or();
      this.#need(')');
      return inner;
    }
    return this.#function() ?? this.#comparison();
  }

  #function(): Selector | undefined {
    if (this.#call('all')) return this.#closing(this.#all);
    if (this.#call('global')) return this.#closing((labels) => labels[namespaceLabel] === undefined);
    if (!this.#call('has')) return undefined;
    const key = this.#label();
    return this.#closing((labels) => labels[key] !== undefined);
  }

  #comparison(): Selector {
    const key = this.#label();
    if (this.#take('==')) return this.#with((value) => (labels) => labels[key] === value);
    if (this.#take('!=')) return this.#with((value) => (labels) => labels[key] !== value);
    if (this.#words('not', 'in')) return this.#withSet((values) => (labels) => !values.has(labels[key]));
    if (this.#words('in')) return this.#withSet((values) => (labels) => values.has(labels[key]));
    if (this.#words('contains')) return this.#with((value) => (labels) => labels[key]?.includes(value) ?? false);
    if (this.#words('starts', 'with'))
      return this.#with((value) => (labels) => labels[key]?.startsWith(value) ?? false);
    if (this.#words('ends', 'with')) return this.#with((value) => (labels) => labels[key]?.endsWith(value) ?? false);
    return this.#fail('an operator');
  }

  #with(selector: (value: string) => Selector): Selector {
    return selector(this.#string());
  }

  #withSet(selector: (values: ReadonlySet<string | undefined>) => Selector): Selector {
    const values = new Set<string>();
    this.#need('{');
    if (!this.#take('}')) {
      do values.add(this.#string());
      while (this.#take(','));
      this.#need('}');
    }
    return selector(values);
  }

  #closing(selector: Selector): Selector {
    this.#need(')');
    return selector;
  }

  #label(): string {
    return this.#match(label)?.[0] ?? this.#fail('a label');
  }

  #string(): string {
    const found = this.#match(quoted) ?? this.#fail('a quoted value');
    return found[1] ?? found[2] ?? '';
  }

  /** Words in a row, each a whole one: `in` does not begin `inside`. */
  #words(...words: readonly string[]): boolean {
    return this.#match(new RegExp(`${words.join('\\s+')}(?![A-Za-z0-9_./-])`, 'y')) !== null;
  }

  #call(name: string): boolean {
    return this.#match(new RegExp(`${name}\\s*\\(`, 'y')) !== null;
  }

  #need(symbol: string): void {
    if (!this.#take(symbol)) this.#fail(symbol);
  }

  #take(symbol: string): boolean {
    this.#match(space);
    if (!this.#text.startsWith(symbol, this.#at)) return false;
    this.#at += symbol.length;
    this.#match(space);
    return true;
  }

  /** Matches here, then skips white space. */
  #match(pattern: RegExp): RegExpExecArray | null {
    if (pattern !== space) this.#match(space);
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found !== null) this.#at = pattern.lastIndex;
    if (pattern !== space) this.#match(space);
    return found;
  }

  #fail(expected: string): never {
    throw new SelectorError(this.#text, this.#at, expected);
  }
}
