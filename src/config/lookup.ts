import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Problem } from '../contract/failures.ts';

/** How one option is given. */
export interface OptionRow {
  readonly flag: string;
  readonly variable: string;
  readonly fallback?: string;
  readonly help: string;
}

/** A value as it was found. */
export interface FoundOption {
  readonly value: string;
}

/** A rule that a value breaks: thrown by the kinds of option, turned into a problem with the option's names here. */
export class RuleError extends Error {
  readonly remedy: string;
  constructor(rule: string, remedy = '') {
    super(rule);
    this.remedy = remedy;
  }
}

/**
 * Finds options by flag, environment, file, default; collects every problem on the way. An empty value counts as not
 * given.
 */
export class Lookup<Name extends string> {
  readonly problems: Problem[] = [];
  readonly #rows: Readonly<Record<Name, OptionRow>>;
  readonly #flags: Readonly<Record<string, string | undefined>>;
  readonly #env: NodeJS.ProcessEnv;
  readonly #file: Readonly<Record<string, unknown>>;

  constructor(
    rows: Readonly<Record<Name, OptionRow>>,
    flags: Readonly<Record<string, string | undefined>>,
    env: NodeJS.ProcessEnv,
  ) {
    this.#rows = rows;
    this.#flags = flags;
    this.#env = env;
    this.#file = this.#read(flags['config'] || env['HEPFLOW_CONFIG']);
  }

  /** The value by its kind; undefined when it is not given and has no default, or when it breaks the rule. */
  get<T>(name: Name, kind: (found: FoundOption) => T): T | undefined {
    const value = this.#given(name) ?? this.#rows[name].fallback;
    if (value === undefined) return undefined;
    try {
      return kind({ value });
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      this.problem(name, error.message, error.remedy);
      return undefined;
    }
  }

  isGiven(name: Name): boolean {
    return this.#given(name) !== undefined;
  }

  problem(name: Name, message: string, remedy: string): void {
    const { flag, variable } = this.#rows[name];
    this.problems.push({ code: 'InvalidInput', field: `${variable} (${flag})`, message, remedy });
  }

  #given(name: Name): string | undefined {
    const inFile = this.#file[name];
    return (
      this.#flags[name] ||
      this.#env[this.#rows[name].variable] ||
      (inFile === undefined || inFile === null ? undefined : String(inFile))
    );
  }

  #read(path: string | undefined): Record<string, unknown> {
    if (!path) return {};
    const field = 'HEPFLOW_CONFIG (--config)';
    try {
      const content: unknown = parse(readFileSync(path, 'utf8')) ?? {};
      if (typeof content !== 'object' || Array.isArray(content) || content === null)
        throw new Error('it holds no keys');
      for (const key of Object.keys(content)) {
        if (!Object.hasOwn(this.#rows, key))
          this.problems.push({
            code: 'InvalidInput',
            field,
            message: `has an unknown key, ${key}.`,
            remedy: `Known are ${Object.keys(this.#rows).join(', ')}.`,
          });
      }
      return content as Record<string, unknown>;
    } catch (error) {
      this.problems.push({
        code: 'InvalidInput',
        field,
        message: `cannot be read: ${path}: ${(error as Error).message}.`,
        remedy: 'Name a YAML or JSON file of options.',
      });
      return {};
    }
  }
}
