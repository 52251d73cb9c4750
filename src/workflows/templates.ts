import type { Facts } from '../contract/change.ts';

/** `${<vantage>.<fact>}`. */
const template = /\$\{([\w-]+)\.(\w+)\}/g;

/** The same value with every template in its texts filled in. Throws when a fact is not known. */
export function fillTemplates<T>(value: T, facts: ReadonlyMap<string, Facts>): T {
  if (typeof value === 'string') return fillText(value, facts) as T;
  if (Array.isArray(value)) return value.map((item) => fillTemplates(item, facts)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillTemplates(item, facts)])) as T;
}

function fillText(text: string, facts: ReadonlyMap<string, Facts>): string {
  return text.replaceAll(template, (whole, vantage: string, name: string) => {
    const fact = facts.get(vantage)?.[name as keyof Facts];
    if (typeof fact !== 'string') throw new Error(`${whole} is not known: no step of vantage ${vantage} told it.`);
    return fact;
  });
}
