/**
 * Bounds of what the VM prints, whoever prints there. All of it is judged in the workflow, so all of it is bounded
 * where
 * it is read: beyond a bound there is no output at all.
 */
import { z } from 'zod';

/** A name, or others' words: the programs cut those to 200 code points. */
const textLength = 500;

/** The longest that anything takes on the VM, in milliseconds. */
const durationMs = 60 * 60_000;

/**
 * Of a clock in milliseconds: the last year with four digits. A moment computed from it is one that a Date can hold.
 */
const lastMs = Date.parse('9999-12-31T23:59:59.999Z');

export const bounded = {
  text: z.string().max(textLength),
  count: z.int().nonnegative(),
  durationMs: z.number().nonnegative().max(durationMs),
  clockMs: z.number().positive().max(lastMs),
  instant: z.iso.datetime({ precision: 3 }),
} as const;
