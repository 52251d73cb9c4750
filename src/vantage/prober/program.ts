import { readFileSync } from 'node:fs';

/** Source text of a Python program, 3.8 or newer: its parts in the order in which they need one another. */
export const joinProgram = (parts: readonly string[]): string =>
  parts.map((part) => readFileSync(new URL(`./${part}.py`, import.meta.url), 'utf8')).join('\n');
